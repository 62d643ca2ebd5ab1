/** @file Implants: screws, plates with holes, wires and clips, of metal. */
import type { PointXy } from '../../../base/geometry.ts';
import type { Rng } from '../../../base/rng.ts';
import { chance, pick, wholeBetween } from '../draws.ts';
import type { Figure, Material } from '../figure.ts';
import { metalMaterial, mostly } from '../materials.ts';
import { band, ellipse, openCurve, rounded, sharp } from '../shapes.ts';

export function implant(rng: Rng, given?: Material): Figure[] {
  const { outlines, holes } = pick(rng, [screw, screw, plate, wire])(rng);
  const material = given ?? mostly(rng, metalMaterial, 0.2);
  return [{ family: 'implant', outlines, holes, inlays: [], material, turn: 0 }];
}

interface Form {
  readonly outlines: readonly Float64Array[];
  readonly holes: readonly Float64Array[];
}

/** A tapered shaft with threads, its head at the near end. */
function screw(rng: Rng): Form {
  const half = rng.between(0.06, 0.17);
  const [taper, thread] = [rng.between(0.4, 0.95), rng.between(0.06, 0.22)];
  const turns = wholeBetween(rng, 5, 13);
  const [from, to] = [-0.5 + rng.between(0.05, 0.2), 0.5];
  const right: PointXy[] = [];
  for (let i = 0; i <= 2 * turns; i++) {
    const t = i / (2 * turns);
    const width = half * (1 + (taper - 1) * t) * (i % 2 === 0 ? 1 : 1 - thread);
    right.push([width, from + (to - from) * 0.96 * t]);
  }
  const tip = half * taper * rng.between(0.1, 0.7);
  const left = right.map(([x, y]): PointXy => [-x, y + (to - from) / (4 * turns)]).reverse();
  const shaft = sharp([...right, [tip, to], [-tip, to], ...left]);
  const head = half * rng.between(0.7, 1.9);
  const cap = rounded(
    [
      [-head, -0.5],
      [head, -0.5],
      [head * rng.between(0.6, 1), from + 0.03],
      [-head * rng.between(0.6, 1), from + 0.03],
    ],
    0.15,
    2,
  );
  return { outlines: [shaft, cap], holes: [] };
}

function plate(rng: Rng): Form {
  const half = rng.between(0.06, 0.14);
  const count = wholeBetween(rng, 2, 7);
  const curve = openCurve(
    [
      [0.03 * rng.normal(), -0.5 + half],
      [0.05 * rng.normal(), 0],
      [0.03 * rng.normal(), 0.5 - half],
    ],
    8,
  );
  const radius = half * rng.between(0.3, 0.6);
  const holes = Array.from({ length: count }, (_, i) => {
    const [x, y] = curve[Math.round(((i + 0.5) / count) * (curve.length - 1))]!;
    return ellipse([x, y], radius, radius * rng.between(1, 1.5), 0, 18);
  });
  return { outlines: [band(curve, () => half)], holes: chance(rng, 0.8) ? holes : [] };
}

function wire(rng: Rng): Form {
  const half = rng.between(0.014, 0.035);
  const hook = chance(rng, 0.4);
  const curve = openCurve(
    [
      ...(hook ? ([[0.12, -0.4]] as const) : []),
      [0.02 * rng.normal(), -0.5],
      [0.03 * rng.normal(), 0],
      [0.02 * rng.normal(), 0.5],
    ],
    8,
  );
  return { outlines: [band(curve, () => half)], holes: [] };
}
