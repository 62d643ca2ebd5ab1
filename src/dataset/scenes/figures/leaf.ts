/** @file Leaf-like lesions: pointed lenses, lobed masses, spiked stars, mostly with soft edges. */
import type { PointXy } from '../../../base/geometry.ts';
import type { Rng } from '../../../base/rng.ts';
import { closedSpline } from '../../drawing/outline.ts';
import { pick, wholeBetween } from '../draws.ts';
import { type Figure, mapOutline } from '../figure.ts';
import { mostly, softMaterial } from '../materials.ts';
import { bending, radial } from '../shapes.ts';

export function leaf(rng: Rng): Figure[] {
  const outline = mapOutline(pick(rng, [lens, lobed, spiked])(rng), bending(rng, rng.between(0, 0.12)));
  const material = mostly(rng, softMaterial, 0.4);
  return [{ family: 'leaf', outlines: [outline], holes: [], inlays: [], material, turn: 0 }];
}

function lens(rng: Rng): Float64Array {
  const half = rng.between(0.1, 0.3);
  const [left, right] = [half * rng.between(0.6, 1.2), half * rng.between(0.6, 1.2)];
  const widest = rng.between(-0.15, 0.15);
  const points: PointXy[] = [
    [0, -0.5],
    [right * 0.65, widest - 0.26],
    [right, widest],
    [right * 0.65, widest + 0.26],
    [0, 0.5],
    [-left * 0.65, widest + 0.26],
    [-left, widest],
    [-left * 0.65, widest - 0.26],
  ];
  return closedSpline(points, 6);
}

function lobed(rng: Rng): Float64Array {
  const lobes = wholeBetween(rng, 3, 7);
  const depth = rng.between(0.06, 0.2);
  const [phase, aspect] = [rng.between(0, 6), rng.between(0.6, 1)];
  const outline = radial(
    (a) => 0.42 * (1 + depth * Math.cos(lobes * a + phase) + 0.4 * depth * Math.cos(2 * a - phase)),
    64,
  );
  return mapOutline(outline, ([x, y]) => [aspect * x, y]);
}

function spiked(rng: Rng): Float64Array {
  const spikes = wholeBetween(rng, 5, 14);
  const reach = Array.from({ length: spikes }, () => rng.between(0.1, 0.9));
  const [core, sharpness] = [rng.between(0.2, 0.33), rng.between(2, 6)];
  return radial((a) => {
    const at = (a / (2 * Math.PI)) * spikes;
    const bump = Math.abs(Math.cos(Math.PI * at)) ** sharpness;
    return core + (0.5 - core) * bump * reach[Math.round(at) % spikes]!;
  }, 96);
}
