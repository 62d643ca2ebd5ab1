/** @file Vertebrae along a curve, from the side or from the front, with ribs in some pictures. */
import type { PointXy, Size } from '../../../base/geometry.ts';
import type { Rng } from '../../../base/rng.ts';
import { chance, logBetween } from '../draws.ts';
import type { Figure } from '../figure.ts';
import { drawRibForm, rib } from '../figures/rib.ts';
import { drawVertebraForm, vertebra } from '../figures/vertebra.ts';
import { boneMaterial } from '../materials.ts';
import { openCurve } from '../shapes.ts';
import { type Arrangement, bent, place, turned } from './arrangement.ts';

export function spine(rng: Rng, size: Size): Arrangement {
  const form = drawVertebraForm(rng);
  const width = logBetween(rng, 0.1, 0.4) * Math.min(size.height, size.width);
  const pitch = width * form.height * rng.between(1.02, 1.25);
  const material = boneMaterial(rng);
  const wave = size.width * rng.between(0, 0.16);
  const control = [-0.2, 0.15, 0.5, 0.85, 1.2].map(
    (t): PointXy => [size.width / 2 + wave * rng.normal(), t * size.height],
  );
  const curve = openCurve(control, 40);
  const ribs = chance(rng, 0.35) ? drawRibForm(rng) : undefined;
  const objects: Figure[] = [];
  let travelled = pitch;
  for (let i = 1; i < curve.length && objects.length < 50; i++) {
    const [[x0, y0], [x1, y1]] = [curve[i - 1]!, curve[i]!];
    travelled += Math.hypot(x1 - x0, y1 - y0);
    if (travelled < pitch) continue;
    travelled -= pitch;
    const turn = Math.atan2(x0 - x1, y1 - y0) + 0.04 * rng.normal();
    const length = width * rng.between(0.93, 1.07);
    if (ribs !== undefined) {
      for (const side of [-1, 1]) {
        const away = width * rng.between(0.5, 0.8);
        const chord = width * rng.between(2, 3.2);
        const lean = turn + side * (Math.PI / 2 + rng.between(0.1, 0.5));
        const at: PointXy = [x1 + side * (away + chord * 0.35), y1 + chord * 0.12];
        objects.push(...place([rib(rng, ribs, material)], { at, length: chord, turn: lean, squash: side }));
      }
    }
    objects.push(...place([vertebra(rng, form, material)], { at: [x1, y1], length, turn }));
  }
  const shift: PointXy = [size.width * 0.2 * rng.normal(), 0];
  const turn = chance(rng, 0.6) ? 0.15 * rng.normal() : rng.between(0, 2 * Math.PI);
  return bent(rng, turned({ behind: [], objects }, size, turn, shift), size, rng.between(0, 0.02));
}
