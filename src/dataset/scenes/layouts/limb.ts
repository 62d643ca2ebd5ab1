/** @file One or two large joints: long bones end to end, side by side, with a kneecap and metalwork. */
import type { PointXy, Size } from '../../../base/geometry.ts';
import type { Rng } from '../../../base/rng.ts';
import { chance, wholeBetween } from '../draws.ts';
import type { Figure } from '../figure.ts';
import { implant } from '../figures/implant.ts';
import { longBone } from '../figures/long-bone.ts';
import { pebble } from '../figures/pebble.ts';
import { boneMaterial, softMaterial } from '../materials.ts';
import { band } from '../shapes.ts';
import { type Arrangement, bent, place, somewhere } from './arrangement.ts';

export function limb(rng: Rng, size: Size): Arrangement {
  const long = Math.max(size.height, size.width);
  const length = long * rng.between(0.3, 0.9);
  const [jx, jy] = somewhere(rng, size, 0.3);
  const heading = rng.between(0, 2 * Math.PI);
  const knee = 0.35 * rng.normal();
  const material = boneMaterial(rng);
  const [stout, gap] = [rng.between(0.9, 1.9), rng.between(-0.01, 0.04)];
  const arm = (turn: number, pair: boolean): Figure[] => {
    const [dx, dy] = [-Math.sin(turn), Math.cos(turn)];
    const middle = length * (0.5 + gap);
    const apart = pair ? length * rng.between(0.05, 0.11) : 0;
    return (pair ? [-1, 1] : [0]).flatMap((side) => {
      const at: PointXy = [jx + dx * middle - dy * apart * side, jy + dy * middle + dx * apart * side];
      const squash = (pair ? 0.75 : 1) * stout * rng.between(0.8, 1.1);
      return place(longBone(rng, material), { at, length: length * rng.between(0.92, 1), turn, squash });
    });
  };
  const objects = [
    ...arm(heading, chance(rng, 0.3)),
    ...(chance(rng, 0.8) ? arm(heading + Math.PI + knee, chance(rng, 0.5)) : []),
  ];
  if (chance(rng, 0.4)) {
    const at: PointXy = [jx + 0.05 * length * rng.normal(), jy + 0.05 * length * rng.normal()];
    objects.push(
      ...place(pebble(rng, material), { at, length: length * rng.between(0.12, 0.22), turn: heading }),
    );
  }
  if (chance(rng, 0.4)) objects.push(...metalwork(rng, [jx, jy], length, heading));
  const flesh = band(
    [
      [jx + Math.sin(heading) * length, jy - Math.cos(heading) * length],
      [jx, jy],
      [jx - Math.sin(heading) * length, jy + Math.cos(heading) * length],
    ],
    () => length * rng.between(0.25, 0.4),
  );
  const around: Figure = {
    family: 'rib',
    outlines: [flesh],
    holes: [],
    inlays: [],
    material: { ...softMaterial(rng), density: rng.between(0.08, 0.3) },
    turn: 0,
  };
  return bent(rng, { behind: [around], objects }, size, rng.between(0, 0.03));
}

function metalwork(rng: Rng, [jx, jy]: PointXy, length: number, heading: number): Figure[] {
  return Array.from({ length: wholeBetween(rng, 1, 5) }, () => {
    const along = length * rng.between(-0.7, 0.7);
    const at: PointXy = [jx - Math.sin(heading) * along, jy + Math.cos(heading) * along];
    const turn = heading + (chance(rng, 0.5) ? 0.1 : 1.3) * rng.normal();
    return place(implant(rng), { at, length: length * rng.between(0.1, 0.4), turn });
  }).flat();
}
