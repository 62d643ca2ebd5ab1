/** @file Ribs over dark lungs: arcs to both sides of a middle that cross each other in projection. */
import type { PointXy, Size } from '../../../base/geometry.ts';
import type { Rng } from '../../../base/rng.ts';
import { chance, wholeBetween } from '../draws.ts';
import type { Figure } from '../figure.ts';
import { cell } from '../figures/cell.ts';
import { longBone } from '../figures/long-bone.ts';
import { rib } from '../figures/rib.ts';
import { boneMaterial, cavityOf, softMaterial } from '../materials.ts';
import { type Arrangement, bent, place, turned } from './arrangement.ts';

export function cage(rng: Rng, size: Size): Arrangement {
  const short = Math.min(size.height, size.width);
  const middle: PointXy = [size.width * rng.between(0.35, 0.65), size.height * rng.between(0.4, 0.6)];
  const tall = short * rng.between(0.7, 1.5);
  const wide = tall * rng.between(0.32, 0.45);
  const bone = boneMaterial(rng, rng.between(0.4, 0.9));
  const air = cavityOf({ ...softMaterial(rng), softness: rng.between(1, 3) });
  const pairs = wholeBetween(rng, 4, 11);
  const half = rng.between(0.018, 0.045);
  const bend = rng.between(1.2, 2.6);
  const ribs: Figure[] = [];
  const lungs: Figure[] = [];
  for (const side of [-1, 1] as const) {
    for (let i = 0; i < pairs; i++) {
      const down = (i / pairs - 0.45) * tall;
      const chord =
        wide * (0.9 + 0.5 * Math.sin((Math.PI * (i + 1)) / (pairs + 1))) * rng.between(0.95, 1.05);
      const lean = side * (-Math.PI / 2 + rng.between(0.15, 0.35));
      const at: PointXy = [middle[0] + side * wide * 0.55, middle[1] + down];
      const form = { bend: bend * rng.between(0.9, 1.1), half: [half, half * 0.8] as const, flat: 0.7 };
      ribs.push(...place([rib(rng, form, bone)], { at, length: chord, turn: lean, squash: side }));
    }
    const at: PointXy = [middle[0] + side * wide * 0.55, middle[1]];
    lungs.push(...place(cell(rng, air), { at, length: tall * 0.85, turn: side * 0.12, squash: 0.75 }));
  }
  const heart = place(cell(rng, softMaterial(rng)), {
    at: [middle[0] + wide * 0.2, middle[1] + tall * 0.2],
    length: tall * 0.4,
    turn: rng.between(-0.8, 0.8),
  });
  const collar = chance(rng, 0.5)
    ? ([-1, 1] as const).flatMap((side) =>
        place(longBone(rng, bone), {
          at: [middle[0] + side * wide * 0.5, middle[1] - tall * 0.45],
          length: wide * 0.9,
          turn: side * rng.between(1.2, 1.6),
        }),
      )
    : [];
  const labelled = chance(rng, 0.5);
  const arrangement = {
    behind: labelled ? [] : [...lungs, ...heart],
    objects: [...(labelled ? [...lungs, ...heart] : []), ...ribs, ...collar],
  };
  return bent(rng, turned(arrangement, size, 0.2 * rng.normal(), [0, 0]), size, rng.between(0, 0.02));
}
