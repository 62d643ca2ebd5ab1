/** @file Cells and nuclei: soft round things with spots inside. */
import type { Rng } from '../../../base/rng.ts';
import { chance, wholeBetween } from '../draws.ts';
import { type Figure, type Inlay, type Material, mapOutline } from '../figure.ts';
import { mostly, softMaterial } from '../materials.ts';
import { ellipse, radial, wobble } from '../shapes.ts';

export function cell(rng: Rng, given?: Material): Figure[] {
  const aspect = rng.between(0.45, 1);
  const form = wobble(rng, rng.between(0.02, 0.12), 4);
  const outline = mapOutline(
    radial((angle) => 0.48 * form(angle), 40),
    ([x, y]) => [aspect * x, y],
  );
  const spots = chance(rng, 0.4) ? wholeBetween(rng, 1, 4) : 0;
  const gain = chance(rng, 0.6) ? rng.between(0.2, 0.8) : -rng.between(0.2, 0.6);
  const inlays = Array.from({ length: spots }, (): Inlay => {
    const radius = rng.between(0.04, 0.13);
    const centre = [0.4 * aspect * rng.between(-0.6, 0.6), 0.4 * rng.between(-0.6, 0.6)] as const;
    return { outline: ellipse(centre, radius, radius * rng.between(0.7, 1), 0, 16), gain, softness: 1 };
  });
  const material = given ?? mostly(rng, softMaterial, 0.3);
  return [{ family: 'cell', outlines: [outline], holes: [], inlays, material, turn: 0 }];
}
