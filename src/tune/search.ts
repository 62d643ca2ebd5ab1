/**
 * @file The search over settings by successive halving (Jamieson & Talwalkar 2016): all candidates are measured on a
 * few images, the better third of them on three times as many, until the rest has seen all images. Candidates are
 * compared on the same images throughout. The settings as they are stay to the end, whatever their rank.
 */
import { meanOf } from '../base/mean.ts';
import type { ValuesPerImage } from '../evaluate/bootstrap.ts';
import type { Candidate } from './candidates.ts';

/** So many candidates are measured on so many images, the first ones. */
export interface Rung {
  readonly candidates: number;
  readonly images: number;
}

/** Images of the first rung: fewer would not tell how much images differ. */
const FIRST_IMAGES = 4;
/** Of so many candidates one goes on, on so many times the images. */
const FACTOR = 3;

/** All candidates on all images. */
export function fullRungs(candidates: number, images: number): Rung[] {
  return [{ candidates, images }];
}

/** One rung after the other until all images are seen. */
export function halvingRungs(candidates: number, images: number): Rung[] {
  const rungs = [{ candidates, images: Math.min(images, FIRST_IMAGES) }];
  for (let last = rungs[0]!; last.images < images; last = rungs.at(-1)!) {
    rungs.push({
      candidates: Math.ceil(last.candidates / FACTOR),
      images: Math.min(images, last.images * FACTOR),
    });
  }
  return rungs;
}

/** How many times an image is refined; `others` are candidates beyond those of the rungs, which see all images. */
export function refinements(rungs: readonly Rung[], others: number): number {
  const ladder = rungs.reduce(
    (sum, { candidates, images }, r) => sum + candidates * (images - (rungs[r - 1]?.images ?? 0)),
    0,
  );
  return ladder + others * (rungs.at(-1)?.images ?? 0);
}

/** A candidate with the Dice of each structure, of as many images as its rung has. */
export interface Measured {
  readonly candidate: Candidate;
  readonly values: ValuesPerImage;
}

export interface Searched {
  /** All candidates, on the images of the first rung. */
  readonly first: readonly Measured[];
  /** Those that were measured on all images, the best one first. */
  readonly last: readonly Measured[];
}

/**
 * Measures image by image, so that what a model computed for an image is there for all candidates.
 * @param measure the Dice of the structures of an image (by its number) under a candidate's settings
 */
export async function search(
  current: Candidate,
  others: readonly Candidate[],
  rungs: readonly Rung[],
  measure: (candidate: Candidate, image: number) => Promise<readonly number[]>,
): Promise<Searched> {
  const seen = new Map<Candidate, (readonly number[])[]>();
  let alive: readonly Candidate[] = [current, ...others];
  let first: Measured[] | undefined;
  let ranked: Measured[] = [];
  for (const [r, rung] of rungs.entries()) {
    for (let image = rungs[r - 1]?.images ?? 0; image < rung.images; image++) {
      for (const candidate of alive) {
        const values = seen.get(candidate) ?? [];
        seen.set(candidate, values);
        values.push(await measure(candidate, image));
      }
    }
    const measured = alive.map((candidate) => ({ candidate, values: [...seen.get(candidate)!] }));
    first ??= measured;
    ranked = measured.toSorted((a, b) => meanValue(b.values) - meanValue(a.values));
    const next = rungs[r + 1]?.candidates ?? 0;
    const best = ranked.map(({ candidate }) => candidate).filter((candidate) => candidate !== current);
    alive = [current, ...best.slice(0, next)];
  }
  return { first: first ?? [], last: ranked };
}

/** Mean over all structures of all images; 0 where there is none. */
export function meanValue(values: ValuesPerImage): number {
  return meanOf(values.flat()) ?? 0;
}
