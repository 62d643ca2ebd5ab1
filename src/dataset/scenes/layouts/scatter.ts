/** @file Anything anywhere: figures of a few families, large and small, apart or over each other; and vessels. */
import type { PointXy, Size } from '../../../base/geometry.ts';
import type { Rng } from '../../../base/rng.ts';
import { chance, logBetween, wholeBetween } from '../draws.ts';
import type { Figure } from '../figure.ts';
import { cell } from '../figures/cell.ts';
import { implant } from '../figures/implant.ts';
import { leaf } from '../figures/leaf.ts';
import { longBone } from '../figures/long-bone.ts';
import { pebble } from '../figures/pebble.ts';
import { polygon } from '../figures/polygon.ts';
import { rib } from '../figures/rib.ts';
import { ring } from '../figures/ring.ts';
import { tooth } from '../figures/tooth.ts';
import { tube } from '../figures/tube.ts';
import { vertebra } from '../figures/vertebra.ts';
import { type Arrangement, bent, place, somewhere } from './arrangement.ts';

const DRAW: readonly ((rng: Rng) => Figure[])[] = [
  longBone,
  pebble,
  (rng) => [vertebra(rng)],
  (rng) => [rib(rng)],
  (rng) => [tooth(rng)],
  ring,
  tube,
  cell,
  polygon,
  leaf,
  implant,
];

export function scatter(rng: Rng, size: Size): Arrangement {
  const families = rng.shuffled(DRAW).slice(0, wholeBetween(rng, 1, 6));
  return bent(
    rng,
    strew(rng, size, families, Math.round(logBetween(rng, 7, 40))),
    size,
    rng.between(0, 0.03),
  );
}

export function vessels(rng: Rng, size: Size): Arrangement {
  return bent(rng, strew(rng, size, [tube, tube, ring, tube], wholeBetween(rng, 4, 12), 0.2), size, 0.03);
}

/** A few figures of any family, to be laid over another layout. */
export function strays(rng: Rng, size: Size): Arrangement {
  return strew(rng, size, rng.shuffled(DRAW).slice(0, 3), wholeBetween(rng, 1, 6));
}

function strew(
  rng: Rng,
  size: Size,
  families: readonly ((rng: Rng) => Figure[])[],
  count: number,
  smallest = 0.04,
): Arrangement {
  const short = Math.min(size.height, size.width);
  const largest = Math.max(0.1, Math.min(0.95, 2.2 / Math.sqrt(count))) * rng.between(0.6, 1);
  const apart = chance(rng, 0.6) ? rng.between(0.2, 0.5) : 0;
  const taken: { at: PointXy; length: number }[] = [];
  const objects: Figure[] = [];
  for (let tries = 0; tries < 4 * count && taken.length < count; tries++) {
    const length = Math.max(14, logBetween(rng, smallest, Math.max(largest, smallest * 1.5)) * short);
    const at = somewhere(rng, size);
    const hit = taken.some(
      (other) => Math.hypot(other.at[0] - at[0], other.at[1] - at[1]) < apart * (other.length + length),
    );
    if (hit) continue;
    taken.push({ at, length });
    const draw = families[rng.below(families.length)]!;
    const squash = (chance(rng, 0.5) ? 1 : -1) * rng.between(0.8, 1.3);
    objects.push(...place(draw(rng), { at, length, turn: rng.between(0, 2 * Math.PI), squash }));
  }
  return { behind: [], objects };
}
