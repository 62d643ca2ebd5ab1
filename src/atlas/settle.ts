/**
 * @file Which class a pixel belongs to, settled for all classes of an image together: networks that have seen few
 * annotated images know a structure when they see one and mistake which of its neighbours it is. Expectation
 * maximisation with an atlas as the prior (Van Leemput et al. 1999; Pohl et al. 2006):
 *
 *   E  q_k(x) proportional to w_k p_k(x)^a exp(-d_k(x)^2 / 2), d_k the Mahalanobis distance of x from the centre of k
 *   M  w_k is how much of the area of k has been found; the centres c are what is likeliest given the means of the q_k
 *      and the atlas: c - m is Gaussian, and the nearer two classes lie to each other, the more they move alike
 *
 * Only how likely the classes are changes, not how likely some class is: foreground stays foreground.
 */
import type { PointXy, Size } from '../base/geometry.ts';
import { solvePositive } from '../base/linear.ts';
import type { Spread } from '../masks/moments.ts';
import type { ProbabilityMaps } from '../training/types.ts';
import { type Atlas, fromBehind, type Place, unitOf } from './atlas.ts';

/** What the log probability of a network counts: neighbouring pixels repeat each other. */
const EVIDENCE = 0.25;
/** Below, a network has not made a difference between unlikely and impossible. */
const LEAST_PROBABILITY = 1e-6;

// How an image differs from the atlas; lengths in mean radii of the structures.
/** Standard deviation of the shift of the whole image, of single classes, and of where a found class really is. */
const SHIFT = 3;
const MOVEMENT = 2;
const NOISE = 0.8;
/** Distance at which the movements of two classes have a correlation of exp(-1/2). */
const TOGETHER = 10;
/** Standard deviation of the scale. */
const SCALE = 0.1;

/** Least part of its area that a class is taken to have. */
const LEAST_FOUND = 1e-3;
const ITERATIONS = 20;
/** The centres are found from the pixels of a grid, of which the smallest class usually has so many. */
const GRID_PIXELS = 64;
/** Pixels that are settled at once: what is known of them stays in the processor's cache. */
const BLOCK = 4096;

/** What is believed of the classes of one image. */
interface Belief {
  readonly centres: readonly PointXy[];
  /** Part of its usual area that each class has, (0, 1]. */
  readonly found: readonly number[];
}

/** What a network says of some pixels of an image: the value of class k and pixel i is at [i * classes + k]. */
interface Said {
  readonly size: Size;
  readonly pixels: Int32Array;
  /** How many pixels each of them stands for. */
  readonly weight: number;
  /** Probabilities. */
  readonly shares: Float32Array;
  /** What they count as evidence: parts of their logarithms. */
  readonly evidence: Float32Array;
}

/** The maps with each pixel that is foreground settled by the atlas; classes that it does not know stay as they are. */
export function settle(maps: ProbabilityMaps, atlas: Atlas): ProbabilityMaps {
  const known = atlas.places.flatMap((place, index) => (place === null ? [] : [{ ...place, index }]));
  const all = foregroundOf(maps);
  if (known.length < 2 || all.length === 0) return maps;
  const step = gridStep(maps, known);
  const said = saidOf(maps, known, onGrid(all, maps, step), step * step);
  const sides = atlas.turns ? [known, known.map((place) => ({ ...place, ...fromBehind(place) }))] : [known];
  const [{ places, belief }] = sides
    .map((places) => explain(said, places))
    .toSorted((a, b) => b.evidence - a.evidence) as [Fitted];
  const data = maps.data.slice();
  for (let from = 0; from < all.length; from += BLOCK) {
    const block = all.subarray(from, from + BLOCK);
    const settled = expect(saidOf(maps, known, block, 1), places, belief).shares;
    for (const [k, { index }] of known.entries()) {
      const plane = index * maps.height * maps.width;
      for (let i = 0; i < block.length; i++) data[plane + block[i]!] = settled[i * known.length + k]!;
    }
  }
  return { ...maps, data };
}

interface Fitted {
  readonly places: readonly Known[];
  readonly belief: Belief;
  /** How well it explains what the network says, by the last E step: a log likelihood but for a constant. */
  readonly evidence: number;
}

/** Alternates E and M steps. */
function explain(said: Said, places: readonly Known[]): Fitted {
  const pose = poseOf(places);
  let belief = believe(said, said.shares, places, pose);
  let evidence = 0;
  for (let i = 0; i < ITERATIONS; i++) {
    const expected = expect(said, places, belief);
    belief = believe(said, expected.shares, places, pose);
    evidence = expected.evidence;
  }
  return { places, belief, evidence };
}

/** Distance of the pixels of a grid on which even the smallest class is seen, px. */
function gridStep(size: Size, known: readonly Known[]): number {
  const smallest = Math.min(...known.map(usualArea)) * unitOf(size) ** 2;
  return Math.max(1, Math.floor(Math.sqrt(smallest / GRID_PIXELS)));
}

function onGrid(pixels: Int32Array, { width }: Size, step: number): Int32Array {
  return pixels.filter((i) => (i % width) % step === 0 && Math.floor(i / width) % step === 0);
}

/** Of an ellipse of such a spread, in parts of the image's area. */
const usualArea = ({ spread }: Place): number => 4 * Math.PI * Math.sqrt(determinantOf(spread));

type Known = Place & { readonly index: number };

/** Pixels that are likelier to belong to some class than to none. */
function foregroundOf({ classes, height, width, data }: ProbabilityMaps): Int32Array {
  const pixels = height * width;
  const total = new Float32Array(pixels);
  for (let k = 0; k < classes; k++) {
    for (let i = 0; i < pixels; i++) total[i]! += data[k * pixels + i]!;
  }
  const found = new Int32Array(pixels);
  let count = 0;
  for (let i = 0; i < pixels; i++) if (total[i]! > 0.5) found[count++] = i;
  return found.subarray(0, count);
}

function saidOf(maps: ProbabilityMaps, known: readonly Known[], pixels: Int32Array, weight: number): Said {
  const { height, width } = maps;
  const shares = new Float32Array(known.length * pixels.length);
  for (const [k, { index }] of known.entries()) {
    const plane = index * height * width;
    for (let i = 0; i < pixels.length; i++) shares[i * known.length + k] = maps.data[plane + pixels[i]!]!;
  }
  const evidence = new Float32Array(shares.length);
  for (let i = 0; i < shares.length; i++)
    evidence[i] = EVIDENCE * Math.log(Math.max(shares[i]!, LEAST_PROBABILITY));
  return { size: { height, width }, pixels, weight, shares, evidence };
}

/** The E step. All that the network gives the known classes of a pixel is divided anew. */
function expect(
  { size, pixels, shares, evidence }: Said,
  known: readonly Known[],
  { centres, found }: Belief,
): { readonly shares: Float32Array; readonly evidence: number } {
  const { height, width } = size;
  const divided = new Float32Array(shares.length);
  const unit = unitOf(size);
  const inverses = known.map(({ spread }) => {
    const { xx, xy, yy } = spread;
    const determinant = determinantOf(spread);
    return { xx: yy / determinant, xy: -xy / determinant, yy: xx / determinant };
  });
  const weights = found.map(Math.log);
  const energy = new Float64Array(known.length);
  let likelihood = 0;
  for (let i = 0; i < pixels.length; i++) {
    const x = ((pixels[i]! % width) + 0.5 - width / 2) / unit;
    const y = (Math.floor(pixels[i]! / width) + 0.5 - height / 2) / unit;
    const first = i * known.length;
    let [given, best] = [0, Number.NEGATIVE_INFINITY];
    for (let k = 0; k < known.length; k++) {
      const [dx, dy] = [x - centres[k]![0], y - centres[k]![1]];
      const { xx, xy, yy } = inverses[k]!;
      const distance = xx * dx * dx + 2 * xy * dx * dy + yy * dy * dy;
      given += shares[first + k]!;
      energy[k] = weights[k]! + evidence[first + k]! - distance / 2;
      best = Math.max(best, energy[k]!);
    }
    let total = 0;
    for (let k = 0; k < known.length; k++) {
      energy[k] = Math.exp(energy[k]! - best);
      total += energy[k]!;
    }
    for (let k = 0; k < known.length; k++) divided[first + k] = (given * energy[k]!) / total;
    likelihood += best + Math.log(total);
  }
  return { shares: divided, evidence: likelihood };
}

/** The M step: what follows from the shares of the classes in the pixels. */
function believe(
  { size, pixels, weight }: Said,
  shares: Float32Array,
  known: readonly Known[],
  pose: Pose,
): Belief {
  const { height, width } = size;
  const unit = unitOf(size);
  const seen = known.map((place, k) => {
    let [sum, sumX, sumY] = [0, 0, 0];
    for (let i = 0; i < pixels.length; i++) {
      const share = shares[i * known.length + k]!;
      sum += share;
      sumX += share * ((pixels[i]! % width) + 0.5 - width / 2);
      sumY += share * (Math.floor(pixels[i]! / width) + 0.5 - height / 2);
    }
    const found = Math.min(1, Math.max(LEAST_FOUND, (sum * weight) / unit ** 2 / usualArea(place)));
    const mean: PointXy = sum === 0 ? place.centre : [sumX / sum / unit, sumY / sum / unit];
    return { found, mean };
  });
  const noise = seen.map(({ found }) => (pose.noise / found) ** 2);
  const moved = ([0, 1] as const).map((axis) => {
    const away = seen.map(({ mean }, k) => mean[axis] - known[k]!.centre[axis]);
    const covariance = pose.covariance[axis];
    const solved = solvePositive(
      covariance.map((row, k) => row.map((value, l) => (k === l ? value + noise[k]! : value))),
      away,
    );
    return covariance.map((row) => row.reduce((sum, value, l) => sum + value * solved[l]!, 0));
  }) as [number[], number[]];
  return {
    found: seen.map(({ found }) => found),
    centres: known.map(({ centre: [x, y] }, k) => [x + moved[0][k]!, y + moved[1][k]!]),
  };
}

/** How the centres of an image differ from those of the atlas: a Gaussian for each axis. */
interface Pose {
  readonly covariance: readonly [x: number[][], y: number[][]];
  /** Standard deviation of the mean of a class's pixels where all of it is found. */
  readonly noise: number;
}

function poseOf(known: readonly Known[]): Pose {
  const count = known.length;
  const radius = known.reduce((sum, { spread }) => sum + determinantOf(spread) ** (1 / 4), 0) / count;
  const mean = ([0, 1] as const).map(
    (axis) => known.reduce((sum, { centre }) => sum + centre[axis], 0) / count,
  ) as [number, number];
  const covariance = ([0, 1] as const).map((axis) =>
    known.map(({ centre: a }) =>
      known.map(({ centre: b }) => {
        const apart = ((a[0] - b[0]) ** 2 + (a[1] - b[1]) ** 2) / (TOGETHER * radius) ** 2;
        const together = (MOVEMENT * radius) ** 2 * Math.exp(-apart / 2);
        return (
          (SHIFT * radius) ** 2 + together + SCALE ** 2 * (a[axis] - mean[axis]) * (b[axis] - mean[axis])
        );
      }),
    ),
  ) as [number[][], number[][]];
  return { covariance, noise: NOISE * radius };
}

const determinantOf = ({ xx, xy, yy }: Spread): number => xx * yy - xy * xy;
