/** @file Vertebrae, from the side (a box with hollow sides and a process) or from the front (with pedicles). */
import type { PointXy } from '../../../base/geometry.ts';
import type { Rng } from '../../../base/rng.ts';
import { closedSpline } from '../../drawing/outline.ts';
import { chance } from '../draws.ts';
import type { Figure, Inlay, Material } from '../figure.ts';
import { boneMaterial, mostly } from '../materials.ts';
import { band, ellipse, openCurve } from '../shapes.ts';

/** Height and width in units of its frame, in which the spine runs along y. */
export interface VertebraForm {
  readonly height: number;
  readonly width: number;
  readonly view: 'side' | 'front';
  /** Length of processes; 0 shows the body alone. */
  readonly process: number;
}

export function drawVertebraForm(rng: Rng): VertebraForm {
  return {
    height: rng.between(0.4, 0.9),
    width: 1,
    view: chance(rng, 0.5) ? 'side' : 'front',
    process: chance(rng, 0.45) ? rng.between(0.15, 0.6) : 0,
  };
}

export function vertebra(
  rng: Rng,
  form: VertebraForm = drawVertebraForm(rng),
  material: Material = mostly(rng, boneMaterial),
): Figure {
  const body = bodyOutline(rng, form);
  return {
    family: 'vertebra',
    outlines: form.process > 0 ? [body, ...processes(rng, form)] : [body],
    holes: [],
    inlays: form.view === 'front' ? frontParts(rng, form) : [],
    material,
    turn: 0,
  };
}

function bodyOutline(rng: Rng, { height, width }: VertebraForm): Float64Array {
  const [w, h] = [width / 2, height / 2];
  const waist = rng.between(0.78, 1);
  const sag = h * rng.between(-0.1, 0.25);
  const wedge = 0.06 * rng.normal();
  const jitter = (): number => 0.02 * rng.normal();
  const points: PointXy[] = [
    [-w * 0.96, -h * (1 + wedge)],
    [-w * 0.5, -h + sag * 0.7],
    [0, -h + sag],
    [w * 0.5, -h + sag * 0.7],
    [w * 0.96, -h * (1 - wedge)],
    [w, -h * 0.72],
    [w * waist, 0],
    [w, h * 0.72],
    [w * 0.96, h * (1 - wedge)],
    [w * 0.5, h - sag * 0.7],
    [0, h - sag],
    [-w * 0.5, h - sag * 0.7],
    [-w * 0.96, h * (1 + wedge)],
    [-w, h * 0.72],
    [-w * waist, 0],
    [-w, -h * 0.72],
  ];
  return closedSpline(
    points.map(([x, y]): PointXy => [x + jitter(), y + jitter()]),
    4,
  );
}

/** To the back in the side view, to both sides in the front view. */
function processes(rng: Rng, { height, width, view, process }: VertebraForm): Float64Array[] {
  const one = (side: number): Float64Array => {
    const slope = view === 'side' ? rng.between(0.1, 0.5) : rng.between(-0.25, 0.15);
    const start: PointXy = [side * width * 0.4, -height * rng.between(0.05, 0.3)];
    const end: PointXy = [side * (width / 2 + process), start[1] + process * slope];
    const middle: PointXy = [(start[0] + end[0]) / 2, (start[1] + end[1]) / 2 + 0.05 * rng.normal()];
    const half = height * rng.between(0.1, 0.2);
    const flare = rng.between(0.7, 1.4);
    return band(openCurve([start, middle, end], 4), (t) => half * (1 + (flare - 1) * t));
  };
  return view === 'side' ? [one(1)] : [one(1), one(-1)];
}

/** Pedicles as bright rings seen end on, and the spinous process as a drop between them. */
function frontParts(rng: Rng, { height, width }: VertebraForm): Inlay[] {
  const radius = height * rng.between(0.12, 0.2);
  const y = -height * rng.between(0.05, 0.2);
  const x = width * rng.between(0.28, 0.36);
  const gain = rng.between(0.2, 0.7);
  const drop = ellipse([0.02 * rng.normal(), height * rng.between(0.05, 0.3)], width * 0.06, height * 0.25);
  return [
    ...[-x, x].flatMap((centre): Inlay[] => [
      { outline: ellipse([centre, y], radius * 0.75, radius), gain, softness: 1 },
      { outline: ellipse([centre, y], radius * 0.45, radius * 0.65), gain: -gain * 0.8, softness: 1 },
    ]),
    { outline: drop, gain: gain * 0.8, softness: 1 },
  ];
}
