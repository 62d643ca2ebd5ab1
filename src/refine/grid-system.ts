/**
 * @file Conjugate gradients for the symmetric M-matrices of a pixel grid, preconditioned by the modified
 * incomplete Cholesky factorisation without fill (Gustafsson, 'A class of first order factorization methods',
 * 1978): what the factorisation drops is added to the diagonal, so that row sums, and with them slowly varying
 * errors, are kept exactly.
 */

/**
 * A x = b with A[i][i] = diagonal[i] and -leftWeight[i], -upWeight[i] as the couplings of unknown i with the
 * unknowns left[i] and up[i], both before i. A missing neighbour has weight 0 and the index n, one past the end.
 * Weights are >= 0 and each diagonal exceeds the sum of its row's weights, so A is positive definite.
 */
export interface GridSystem {
  /** Length n, as are the arrays below. */
  readonly diagonal: Float64Array;
  readonly left: Int32Array;
  readonly leftWeight: Float64Array;
  readonly up: Int32Array;
  readonly upWeight: Float64Array;
}

/** Inverse pivots, length n and a 0 for the missing neighbour: the preconditioner is (D - L) D^-1 (D - L^T) with D = 1 / inversePivots. */
export function factorize(system: GridSystem): Float64Array {
  const { diagonal, left, leftWeight, up, upWeight } = system;
  const n = diagonal.length;
  const rightWeight = new Float64Array(n + 1);
  const downWeight = new Float64Array(n + 1);
  for (let i = 0; i < n; i++) {
    rightWeight[left[i]!] = leftWeight[i]!;
    downWeight[up[i]!] = upWeight[i]!;
  }
  const inversePivots = new Float64Array(n + 1);
  for (let i = 0; i < n; i++) {
    const l = left[i]!;
    const u = up[i]!;
    const fromLeft = leftWeight[i]! * inversePivots[l]! * (leftWeight[i]! + downWeight[l]!);
    const fromUp = upWeight[i]! * inversePivots[u]! * (upWeight[i]! + rightWeight[u]!);
    inversePivots[i] = 1 / (diagonal[i]! - fromLeft - fromUp);
  }
  return inversePivots;
}

/**
 * Solves A x = b. Stops when the preconditioned residual, an estimate of the error of each unknown, is nowhere
 * above `tolerance`: a plain residual would be blind to regions that hang on the rest by weak couplings only.
 */
export function solveGridSystem(
  system: GridSystem,
  inversePivots: Float64Array,
  b: Float64Array,
  tolerance: number,
): Float64Array {
  const n = b.length;
  const x = new Float64Array(n);
  const residual = b.slice();
  // One slot more, into which missing neighbours write zeros.
  const z = new Float64Array(n + 1);
  const direction = new Float64Array(n + 1);
  const image = new Float64Array(n + 1);

  let error = precondition(system, inversePivots, residual, z);
  let rho = dot(residual, z);
  const maxIterations = 100 + 4 * n;
  for (let iteration = 0; error > tolerance; iteration++) {
    if (iteration === maxIterations) {
      throw new Error(`Conjugate gradients stood at an error of ${error} after ${iteration} iterations`);
    }
    if (iteration === 0) direction.set(z);
    multiply(system, direction, image);
    const step = rho / dot(direction, image, n);
    for (let i = 0; i < n; i++) {
      x[i]! += step * direction[i]!;
      residual[i]! -= step * image[i]!;
    }
    error = precondition(system, inversePivots, residual, z);
    const next = dot(residual, z);
    const beta = next / rho;
    rho = next;
    for (let i = 0; i < n; i++) direction[i] = z[i]! + beta * direction[i]!;
  }
  return x;
}

/** image = A direction. */
function multiply(system: GridSystem, direction: Float64Array, image: Float64Array): void {
  const { diagonal, left, leftWeight, up, upWeight } = system;
  const n = diagonal.length;
  for (let i = 0; i < n; i++) {
    const value = direction[i]!;
    const l = left[i]!;
    const u = up[i]!;
    const wl = leftWeight[i]!;
    const wu = upWeight[i]!;
    image[i] = diagonal[i]! * value - wl * direction[l]! - wu * direction[u]!;
    image[l]! -= wl * value;
    image[u]! -= wu * value;
  }
}

/** z = M^-1 residual; returns the largest magnitude in z. */
function precondition(
  system: GridSystem,
  inversePivots: Float64Array,
  residual: Float64Array,
  z: Float64Array,
): number {
  const { left, leftWeight, up, upWeight } = system;
  const n = residual.length;
  for (let i = 0; i < n; i++) {
    z[i] = (residual[i]! + leftWeight[i]! * z[left[i]!]! + upWeight[i]! * z[up[i]!]!) * inversePivots[i]!;
  }
  let largest = 0;
  for (let i = n - 1; i >= 0; i--) {
    const value = z[i]!;
    const l = left[i]!;
    const u = up[i]!;
    z[l]! += leftWeight[i]! * value * inversePivots[l]!;
    z[u]! += upWeight[i]! * value * inversePivots[u]!;
    if (value > largest) largest = value;
    else if (-value > largest) largest = -value;
  }
  return largest;
}

function dot(a: Float64Array, b: Float64Array, n = a.length): number {
  let sum = 0;
  for (let i = 0; i < n; i++) sum += a[i]! * b[i]!;
  return sum;
}
