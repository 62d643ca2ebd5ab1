/** @file Teeth in rows: one arch or two that face each other, with the jaw behind, gaps, implants and buds. */
import type { PointXy, Size } from '../../../base/geometry.ts';
import type { Rng } from '../../../base/rng.ts';
import { chance, logBetween } from '../draws.ts';
import type { Figure, Material } from '../figure.ts';
import { implant } from '../figures/implant.ts';
import { drawToothForm, type ToothForm, tooth, toothMaterial } from '../figures/tooth.ts';
import { boneMaterial } from '../materials.ts';
import { band, openCurve } from '../shapes.ts';
import { type Arrangement, bent, place, turned } from './arrangement.ts';

/** A row: the line on which crowns meet is y = rise x^2 around `origin`, roots point to `side` (1 down, -1 up). */
interface Row {
  readonly origin: PointXy;
  readonly rise: number;
  readonly side: 1 | -1;
  /** Usual length of a tooth, px. */
  readonly length: number;
  /** Teeth to each side of the middle. */
  readonly half: number;
}

export function arch(rng: Rng, size: Size): Arrangement {
  const short = Math.min(size.height, size.width);
  const length = logBetween(rng, 0.11, 0.5) * short;
  const half = Math.max(2, Math.min(8, Math.round((size.width / length) * rng.between(0.9, 2.4))));
  const rise = (rng.normal() * 0.35 + 0.25) / size.width;
  const origin: PointXy = [size.width * rng.between(0.35, 0.65), size.height * rng.between(0.35, 0.65)];
  const gap = length * rng.between(-0.06, 0.15);
  const rows: Row[] = ([1, -1] as const).map((side) => ({
    origin: [origin[0], origin[1] + (side * gap) / 2],
    rise,
    side,
    length: length * rng.between(0.9, 1.1),
    half,
  }));
  const chosen = chance(rng, 0.72) ? rows : [rows[rng.below(2)]!];
  const shared = toothMaterial(rng);
  const behind = chosen.flatMap((row) => (chance(rng, 0.85) ? jaw(rng, row, size) : []));
  const objects = chosen.flatMap((row) => teeth(rng, row, shared));
  const turn = chance(rng, 0.7) ? 0.12 * rng.normal() : rng.between(0, 2 * Math.PI);
  return bent(rng, turned({ behind, objects }, size, turn, [0, 0]), size, rng.between(0, 0.02));
}

/** The teeth of a row, drawn from the middle outwards. */
function teeth(rng: Rng, row: Row, shared: Material): Figure[] {
  const crowding = rng.between(0.82, 1.08);
  const [missing, odd] = [rng.between(0, 0.25), rng.between(0, 0.12)];
  const sides = ([-1, 1] as const).flatMap((direction) => {
    const figures: Figure[] = [];
    let along = 0;
    for (let i = 0; i < row.half; i++) {
      const form = drawToothForm(rng, (i + 0.5) / row.half);
      const stretch = rng.between(0.82, 1.12) * (form.cusps === 1 ? 1.15 : 1);
      const width = 2 * form.half * row.length * stretch * crowding;
      const middle = direction * (along + width / 2);
      along += width;
      if (chance(rng, missing)) continue;
      const where = rowPlace(row, middle, row.length * stretch, 0.08 * rng.normal());
      figures.push(...oneTooth(rng, row, form, where, shared, odd));
    }
    return figures;
  });
  return rng.shuffled(sides);
}

interface RowPlace {
  readonly at: PointXy;
  readonly length: number;
  readonly turn: number;
}

/** The place of a tooth whose crown stands on the row's line `along` px from the middle. */
function rowPlace({ origin, rise, side }: Row, along: number, length: number, lean: number): RowPlace {
  // Along the parabola, not along x: dx = ds / sqrt(1 + (2 rise x)^2), one step of it is near enough.
  const x = along / Math.sqrt(1 + (rise * along) ** 2);
  const slope = 2 * rise * x;
  const turn = Math.atan(slope) * 0.7 + lean + (side === 1 ? 0 : Math.PI);
  const sink = length * 0.5;
  return {
    at: [origin[0] + x - sink * Math.sin(turn), origin[1] + rise * x * x + sink * Math.cos(turn)],
    length,
    turn,
  };
}

/** Usually the tooth itself; else an implant, one that lies across, or one with a bud beyond its root. */
function oneTooth(
  rng: Rng,
  row: Row,
  form: ToothForm,
  where: RowPlace,
  shared: Material,
  odd: number,
): Figure[] {
  const material = { ...shared, density: shared.density * rng.between(0.8, 1.2) };
  const squash = chance(rng, 0.5) ? 1 : -1;
  if (!chance(rng, odd)) return place([tooth(rng, form, material)], { ...where, squash });
  const kind = rng.uniform();
  if (kind < 0.35) return place(implant(rng), { ...where, length: where.length * rng.between(0.5, 0.9) });
  if (kind < 0.65) {
    return place([tooth(rng, form, material)], { ...where, turn: where.turn + rng.between(-1.6, 1.6) });
  }
  const bud = tooth(rng, { ...form, grown: rng.between(0.3, 0.7) }, material);
  const away = row.length * rng.between(0.5, 0.85);
  const at: PointXy = [where.at[0] - away * Math.sin(where.turn), where.at[1] + away * Math.cos(where.turn)];
  return [
    ...place([bud], { ...where, at, length: where.length * 0.8 }),
    ...place([tooth(rng, form, material)], { ...where, squash }),
  ];
}

/** A band of spongy bone around the roots and a dark canal in it. */
function jaw(rng: Rng, row: Row, size: Size): Figure[] {
  const span = size.width * rng.between(0.55, 0.9);
  const lift = row.length * rng.between(0.7, 1.2);
  const line = (offset: number): PointXy[] =>
    Array.from({ length: 13 }, (_, i): PointXy => {
      const x = span * (i / 6 - 1);
      return [row.origin[0] + x, row.origin[1] + row.rise * x * x + row.side * offset];
    });
  const half = lift * rng.between(0.6, 0.9);
  const material = boneMaterial(rng, rng.between(0.5, 1.3));
  const figure = (outline: Float64Array, of: Material): Figure => ({
    family: 'rib',
    outlines: [outline],
    holes: [],
    inlays: [],
    material: of,
    turn: Math.PI / 2,
  });
  const body = figure(
    band(line(lift), () => half),
    material,
  );
  if (chance(rng, 0.5)) return [body];
  const canal = band(openCurve(line(lift * 1.3).slice(1, 6), 4), () => row.length * rng.between(0.05, 0.09));
  return [body, figure(canal, { ...material, density: -material.density * 0.5, softness: 1.5 })];
}
