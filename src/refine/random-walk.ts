/**
 * @file The random walker (Grady, 'Random Walks for Image Segmentation', 2006; with priors: Grady, 'Multilabel
 * Random Walker Image Segmentation Using Prior Models', 2005).
 *
 * Pixels are nodes, 4-neighbours are joined by edges of weight w = exp(-(dI)^2 / sigma^2). The probability that a
 * walker who starts at an unseeded pixel meets a seed of label s first solves the Dirichlet problem
 *   (L_U + eps 1 + g 1) x_s = W_US m_s + g p_s
 * with the Laplacian L = D - W, seeds m_s in {0, 1}, and, where given, a prior p_s of strength g. Only unseeded
 * pixels are unknowns; each 4-connected region of them is a system of its own, shared by all labels.
 */
import type { Size } from '../base/geometry.ts';
import { labelComponents } from '../masks/components.ts';
import { factorize, type GridSystem, solveGridSystem } from './grid-system.ts';

export interface RandomWalkProblem extends Size {
  /** Row-major, on the scale 0..255. */
  readonly intensities: ArrayLike<number>;
  /** Row-major; 0 is unseeded, k >= 1 a seed of label k. */
  readonly seeds: ArrayLike<number>;
  /** In units of intensity: a step of sigma has the weight 1/e. */
  readonly sigma: number;
  readonly prior?: RandomWalkPrior;
}

export interface RandomWalkPrior {
  /** g: the weight of the prior, where an edge without contrast has weight 1. */
  readonly strength: number;
  /** Probability map of each label, row-major; labels are counted from 1. */
  readonly probabilities: (label: number) => ArrayLike<number>;
}

/** Added to the diagonal, so that regions no walker leaves have a solution (0, or the prior). */
const DIAGONAL_EPSILON = 1e-5;
/** Estimated error of a probability at which the solver stops. */
const TOLERANCE = 1e-5;

/**
 * The probability maps of `labels`, each row-major, length height x width, in [0, 1]: 1 and 0 at seeds, the
 * solution of the Dirichlet problem elsewhere.
 */
export function randomWalk(problem: RandomWalkProblem, labels: readonly number[]): Float32Array[] {
  const { seeds } = problem;
  const regions = findRegions(problem);
  const systems = regions.map((pixels) => assemble(problem, pixels));
  return labels.map((label) => {
    const probability = Float32Array.from(seeds, (seed) => (seed === label ? 1 : 0));
    const prior = problem.prior?.probabilities(label);
    for (const region of systems) {
      const b = rightHandSide(region, label, problem.prior?.strength ?? 0, prior);
      if (b === undefined) continue;
      const x = solveGridSystem(region.system, region.inversePivots, b, TOLERANCE);
      for (let i = 0; i < x.length; i++) {
        probability[region.pixels[i]!] = Math.min(1, Math.max(0, x[i]!));
      }
    }
    return probability;
  });
}

/** The unknowns of one region of unseeded pixels. */
interface Region {
  /** Row-major pixel indices, ascending. */
  readonly pixels: Int32Array;
  readonly system: GridSystem;
  readonly inversePivots: Float64Array;
  /** Edges from unknowns to seeds: unknown, label of the seed, weight. */
  readonly boundary: readonly BoundaryEdge[];
}

interface BoundaryEdge {
  readonly unknown: number;
  readonly label: number;
  readonly weight: number;
}

/** The pixel indices of each 4-connected region of unseeded pixels, ascending. */
function findRegions({ height, width, seeds }: RandomWalkProblem): Int32Array[] {
  const unseeded = Uint8Array.from(seeds, (seed) => (seed === 0 ? 1 : 0));
  const { labels, areas, count } = labelComponents({ height, width, data: unseeded }, 4);
  const regions = Array.from({ length: count }, (_, region) => new Int32Array(areas[region + 1]!));
  const filled = new Int32Array(count);
  for (let pixel = 0; pixel < labels.length; pixel++) {
    const region = labels[pixel]! - 1;
    if (region >= 0) regions[region]![filled[region]!++] = pixel;
  }
  return regions;
}

function assemble(problem: RandomWalkProblem, pixels: Int32Array): Region {
  const { height, width, intensities, seeds } = problem;
  const n = pixels.length;
  const shift = DIAGONAL_EPSILON + (problem.prior?.strength ?? 0);
  const system: GridSystem = {
    diagonal: new Float64Array(n).fill(shift),
    left: new Int32Array(n).fill(n),
    leftWeight: new Float64Array(n),
    up: new Int32Array(n).fill(n),
    upWeight: new Float64Array(n),
  };
  const boundary: BoundaryEdge[] = [];
  const scale = -1 / (problem.sigma * problem.sigma);
  const weightBetween = (a: number, b: number): number => {
    const step = intensities[a]! - intensities[b]!;
    return Math.exp(step * step * scale);
  };
  /** An edge to a pixel after this one is met again from there, unless that pixel is a seed. */
  const addSeed = (unknown: number, pixel: number): void => {
    const label = seeds[pixel]!;
    if (label === 0) return;
    const weight = weightBetween(pixels[unknown]!, pixel);
    system.diagonal[unknown]! += weight;
    boundary.push({ unknown, label, weight });
  };

  // Pixels ascend, so the unknown above lies between the last one found and this one.
  let above = 0;
  for (let i = 0; i < n; i++) {
    const pixel = pixels[i]!;
    const x = pixel % width;
    if (x > 0) {
      if (i > 0 && pixels[i - 1] === pixel - 1) {
        const weight = weightBetween(pixel, pixel - 1);
        system.left[i] = i - 1;
        system.leftWeight[i] = weight;
        system.diagonal[i]! += weight;
        system.diagonal[i - 1]! += weight;
      } else addSeed(i, pixel - 1);
    }
    if (pixel >= width) {
      while (pixels[above]! < pixel - width) above++;
      if (pixels[above] === pixel - width) {
        const weight = weightBetween(pixel, pixel - width);
        system.up[i] = above;
        system.upWeight[i] = weight;
        system.diagonal[i]! += weight;
        system.diagonal[above]! += weight;
      } else addSeed(i, pixel - width);
    }
    if (x < width - 1) addSeed(i, pixel + 1);
    if (pixel < width * (height - 1)) addSeed(i, pixel + width);
  }
  return { pixels, system, inversePivots: factorize(system), boundary };
}

/** b for one label; undefined where it is zero, and the solution with it. */
function rightHandSide(
  region: Region,
  label: number,
  strength: number,
  prior: ArrayLike<number> | undefined,
): Float64Array | undefined {
  const b = new Float64Array(region.pixels.length);
  let nonZero = false;
  for (const edge of region.boundary) {
    if (edge.label !== label) continue;
    b[edge.unknown]! += edge.weight;
    nonZero = true;
  }
  if (prior !== undefined && strength > 0) {
    for (let i = 0; i < b.length; i++) b[i]! += strength * prior[region.pixels[i]!]!;
    nonZero = true;
  }
  return nonZero ? b : undefined;
}
