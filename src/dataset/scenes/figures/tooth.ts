/** @file Teeth: a crown with enamel, pulp, one to three roots, restorations; the crown is at the near end. */
import type { PointXy } from '../../../base/geometry.ts';
import type { Rng } from '../../../base/rng.ts';
import { closedSpline } from '../../drawing/outline.ts';
import { chance, lerp, logBetween, wholeBetween } from '../draws.ts';
import type { Figure, Inlay, Material } from '../figure.ts';
import { anyMaterial } from '../materials.ts';
import { band, bending, openCurve, radial, wobble } from '../shapes.ts';

/** Widths and depths in lengths of the tooth. */
export interface ToothForm {
  /** Half the width of the crown, at its widest. */
  readonly half: number;
  /** Share of the length that is crown. */
  readonly crown: number;
  readonly roots: number;
  /** Number of cusps; 1 is a canine, 0 the straight edge of an incisor. */
  readonly cusps: number;
  /** 1 is a grown tooth, less a bud whose roots are yet short. */
  readonly grown: number;
}

/** A tooth `place` from the middle of its row, 0 to 1: narrow ones with one root there, broad ones at the end. */
export function drawToothForm(rng: Rng, place = rng.uniform()): ToothForm {
  const molar = place > 0.58;
  const cusps = molar ? wholeBetween(rng, 2, 4) : place > 0.36 ? 2 : place > 0.25 ? 1 : 0;
  return {
    half: molar ? rng.between(0.2, 0.31) : rng.between(0.11, 0.2),
    crown: rng.between(0.27, 0.42),
    roots: molar ? wholeBetween(rng, 1, 3) : chance(rng, 0.12) ? 2 : 1,
    cusps,
    grown: chance(rng, 0.08) ? rng.between(0.45, 0.9) : 1,
  };
}

/** How teeth of one picture look alike: the material of each is drawn around this. */
export function toothMaterial(rng: Rng): Material {
  return {
    density: logBetween(rng, 0.16, 0.5),
    dome: rng.between(0.3, 1),
    rim: { width: rng.between(0.1, 0.4), gain: chance(rng, 0.5) ? rng.between(0, 0.6) : 0 },
    texture: { name: 'clouds', gain: rng.between(0, 0.25), px: [rng.between(0.8, 3), rng.between(0.8, 3)] },
    tilt: [-rng.between(0, 0.7), 0.1 * rng.normal()],
    softness: chance(rng, 0.5) ? rng.between(0, 1) : 0,
    halo: chance(rng, 0.6)
      ? { width: rng.between(1, 3), gain: -rng.between(0.08, 0.45) }
      : { width: 0, gain: 0 },
  };
}

export function tooth(
  rng: Rng,
  form: ToothForm = drawToothForm(rng),
  material: Material = chance(rng, 0.85) ? toothMaterial(rng) : anyMaterial(rng),
): Figure {
  const parts = drawRoots(rng, form);
  const outline = closedSpline([...crownPoints(rng, form), ...rootPoints(form, parts)], 5);
  const bend = bending(rng, 0.02);
  return {
    family: 'tooth',
    outlines: [outline.map((_, i) => bendAt(outline, i, bend))],
    holes: [],
    inlays: [...enamel(rng, form), ...pulp(rng, form, parts), ...restorations(rng, form)],
    material,
    turn: 0,
  };
}

function bendAt(outline: Float64Array, i: number, bend: (point: PointXy) => PointXy): number {
  return bend([outline[i & ~1]!, outline[i | 1]!])[(i & 1) as 0 | 1];
}

interface Roots {
  readonly neckY: number;
  readonly neckHalf: number;
  /** Where the roots part. */
  readonly forkY: number;
  readonly apexes: readonly PointXy[];
  /** Half width of an apex. */
  readonly tip: number;
}

function drawRoots(rng: Rng, { half, crown, roots, grown }: ToothForm): Roots {
  const neckY = -0.5 + crown;
  const neckHalf = half * rng.between(0.72, 0.95);
  const spread = roots === 1 ? 0 : rng.between(0.35, 0.95);
  const lean = 0.05 * rng.normal();
  const apexes = Array.from({ length: roots }, (_, i): PointXy => {
    const aside = roots === 1 ? 0 : (2 * i) / (roots - 1) - 1;
    const short = rng.between(0, 0.1);
    return [
      lean + aside * neckHalf * spread + 0.02 * rng.normal(),
      neckY + (0.5 - neckY) * grown * (1 - short),
    ];
  });
  const forkY = neckY + (0.5 - neckY) * grown * rng.between(0.15, 0.7);
  return {
    neckY,
    neckHalf,
    forkY,
    apexes,
    tip: neckHalf * rng.between(0.12, 0.34) * (2 - grown) * (roots === 1 ? 1 : 0.75),
  };
}

/** From the left side of the neck over the cusps to the right side. */
function crownPoints(rng: Rng, { half, crown, cusps }: ToothForm): PointXy[] {
  const [top, bulge] = [-0.5, -0.5 + crown * rng.between(0.35, 0.65)];
  const [left, right] = [half * rng.between(0.93, 1.03), half * rng.between(0.93, 1.03)];
  const shoulder = crown * rng.between(0.1, 0.25);
  const wear = chance(rng, 0.3) ? 0.3 : 1;
  const cuspDepth = crown * rng.between(0.06, 0.2) * wear;
  const points: PointXy[] = [
    [-left, bulge],
    [-left * 0.9, top + shoulder],
  ];
  if (cusps === 0) {
    points.push([-left * 0.6, top + 0.01], [left * 0.1, top], [right * 0.6, top + 0.01]);
  } else if (cusps === 1) {
    points.push(
      [-left * 0.45, top + shoulder * 0.4],
      [0, top - cuspDepth * 0.3],
      [right * 0.45, top + shoulder * 0.4],
    );
  } else {
    for (let i = 0; i < cusps; i++) {
      const at = lerp(-0.72, 0.72, i / (cusps - 1));
      if (i > 0) points.push([half * (at - 0.72 / (cusps - 1)), top + cuspDepth]);
      points.push([half * at, top + 0.012 * Math.abs(rng.normal())]);
    }
  }
  points.push([right * 0.9, top + shoulder], [right, bulge]);
  return points;
}

/** From the right side of the neck around each apex to the left side. */
function rootPoints({ crown }: ToothForm, { neckY, neckHalf, forkY, apexes, tip }: Roots): PointXy[] {
  const count = apexes.length;
  const points: PointXy[] = [[neckHalf, neckY + crown * 0.1]];
  for (let i = count - 1; i >= 0; i--) {
    const [x, y] = apexes[i]!;
    const [from, to] = [lerp(-neckHalf, neckHalf, i / count), lerp(-neckHalf, neckHalf, (i + 1) / count)];
    const middle = (from + to) / 2;
    const halfRoot = (to - from) / 2;
    const halfway = (forkY + y) / 2;
    const centre = lerp(middle, x, 0.55);
    points.push([centre + halfRoot * 0.82, halfway], [x + tip, y - tip], [x, y], [x - tip, y - tip]);
    points.push([centre - halfRoot * 0.82, halfway]);
    if (i > 0) points.push([from, forkY]);
  }
  points.push([-neckHalf, neckY + crown * 0.1]);
  return points;
}

/** A cap over the crown, thick on top and running out at the neck. */
function enamel(rng: Rng, { half, crown }: ToothForm): Inlay[] {
  if (chance(rng, 0.15)) return [];
  const neck = -0.5 + crown * rng.between(0.9, 1.05);
  const depth = rng.between(0.25, 0.45);
  const points: PointXy[] = [
    [-2 * half, neck],
    [-half * 1.05, neck],
    [-half * rng.between(0.6, 0.8), -0.5 + crown * 0.55],
    [0, -0.5 + crown * depth],
    [half * rng.between(0.6, 0.8), -0.5 + crown * 0.55],
    [half * 1.05, neck],
    [2 * half, neck],
    [2 * half, -0.8],
    [-2 * half, -0.8],
  ];
  const gain = rng.between(0.15, 0.9);
  return [{ outline: closedSpline(points, 3), gain, softness: rng.between(0.5, 1.5) }];
}

/** A chamber and a canal to each apex; dark, or bright where the canals were filled. */
function pulp(rng: Rng, { half, crown }: ToothForm, { neckY, apexes }: Roots): Inlay[] {
  if (chance(rng, 0.12)) return [];
  const filled = chance(rng, 0.12);
  const gain = filled ? rng.between(0.6, 1.6) : -rng.between(0.15, 0.65);
  const softness = filled ? 0.5 : rng.between(0.5, 1.5);
  const width = half * rng.between(0.08, 0.2);
  const start = neckY + 0.02;
  const canals = apexes.map((apex): Inlay => {
    const through: PointXy = [apex[0] * 0.6, lerp(start, apex[1], 0.5)];
    const curve = openCurve([[apex[0] * 0.35, start - crown * 0.2], through, [apex[0], apex[1] - 0.015]], 5);
    return { outline: band(curve, (t) => width * (1 - 0.75 * t)), gain, softness };
  });
  const form = wobble(rng, 0.15, 4);
  const [rx, ry] = [half * rng.between(0.25, 0.5), crown * rng.between(0.15, 0.32)];
  const chamber = radial((angle) => form(angle), 24).map((value, i) =>
    i % 2 === 0 ? value * rx : neckY - crown * 0.12 + value * ry,
  );
  return [...canals, { outline: chamber, gain, softness }];
}

/** Fillings and crowns of metal, and now and then decay. */
function restorations(rng: Rng, { half, crown }: ToothForm): Inlay[] {
  if (chance(rng, 0.65)) return [];
  if (chance(rng, 0.25)) {
    const y = -0.5 + crown * rng.between(0.75, 1);
    const whole = [-1, y, 1, y + 0.02 * rng.normal(), 1, -1, -1, -1];
    return [{ outline: Float64Array.from(whole), gain: rng.between(0.6, 2.2), softness: 0.4 }];
  }
  return Array.from({ length: wholeBetween(rng, 1, 2) }, (): Inlay => {
    const form = wobble(rng, 0.3, 5);
    const centre: PointXy = [half * rng.between(-0.9, 0.9), -0.5 + crown * rng.between(0.05, 0.7)];
    const radius = half * rng.between(0.2, 0.55);
    const gain = chance(rng, 0.75) ? rng.between(0.6, 2.2) : -rng.between(0.3, 0.8);
    return { outline: radial((angle) => radius * form(angle), 28, centre), gain, softness: 0.5 };
  });
}
