/** @file Marks that are nobody's object: writing, rulers, scratches, crosses. */
import type { PointXy, Size } from '../../base/geometry.ts';
import type { Rng } from '../../base/rng.ts';
import { chance, pick, wholeBetween } from './draws.ts';
import { somewhere } from './layouts/arrangement.ts';

type Stroke = readonly [from: PointXy, to: PointXy];

/** Draws some marks into the values: towards `value` where a stroke covers a pixel. */
export function addMarks(rng: Rng, values: Float32Array, size: Size, value: () => number): void {
  for (let n = wholeBetween(rng, 1, 3); n > 0; n--) {
    const strokes = pick(rng, [writing, writing, ruler, scratches, cross])(rng, size);
    const half = rng.between(0.4, 1.6);
    const tone = value();
    for (const stroke of strokes) addStroke(values, size, stroke, half, tone);
  }
}

/** Letters and digits in general: a few bars of a box each, side by side. */
function writing(rng: Rng, size: Size): Stroke[] {
  const height = rng.between(6, 22);
  const width = height * rng.between(0.45, 0.7);
  const [x0, y0] = somewhere(rng, size, 0.02);
  const turned = chance(rng, 0.15);
  const bars: readonly Stroke[] = [
    [
      [0, 0],
      [1, 0],
    ],
    [
      [0, 0.5],
      [1, 0.5],
    ],
    [
      [0, 1],
      [1, 1],
    ],
    [
      [0, 0],
      [0, 1],
    ],
    [
      [1, 0],
      [1, 0.5],
    ],
    [
      [1, 0.5],
      [1, 1],
    ],
    [
      [0, 1],
      [1, 0],
    ],
  ];
  return Array.from({ length: wholeBetween(rng, 1, 12) }, (_, letter) =>
    rng
      .shuffled(bars)
      .slice(0, wholeBetween(rng, 2, 5))
      .map((bar): Stroke => {
        const at = ([u, v]: PointXy): PointXy => {
          const [along, down] = [letter * width * 1.4 + u * width, v * height];
          return turned ? [x0 + down, y0 + along] : [x0 + along, y0 + down];
        };
        return [at(bar[0]), at(bar[1])];
      }),
  ).flat();
}

function ruler(rng: Rng, size: Size): Stroke[] {
  const [x, y] = somewhere(rng, size, 0.02);
  const [step, count] = [rng.between(4, 14), wholeBetween(rng, 5, 24)];
  const upright = chance(rng, 0.5);
  const at = (along: number, across: number): PointXy =>
    upright ? [x + across, y + along] : [x + along, y + across];
  const ticks = Array.from(
    { length: count + 1 },
    (_, i): Stroke => [at(i * step, 0), at(i * step, i % 5 === 0 ? 9 : 5)],
  );
  return [[at(0, 0), at(count * step, 0)], ...ticks];
}

function scratches(rng: Rng, size: Size): Stroke[] {
  return Array.from(
    { length: wholeBetween(rng, 1, 3) },
    (): Stroke => [somewhere(rng, size, -0.1), somewhere(rng, size, -0.1)],
  );
}

function cross(rng: Rng, size: Size): Stroke[] {
  const [x, y] = somewhere(rng, size);
  const arm = rng.between(4, 14);
  return [
    [
      [x - arm, y],
      [x + arm, y],
    ],
    [
      [x, y - arm],
      [x, y + arm],
    ],
  ];
}

function addStroke(values: Float32Array, size: Size, [from, to]: Stroke, half: number, tone: number): void {
  const [dx, dy] = [to[0] - from[0], to[1] - from[1]];
  const perLength = 1 / Math.max(dx * dx + dy * dy, 1e-9);
  const steep = Math.abs(dy) > Math.abs(dx);
  const reach = half + 1;
  const y0 = Math.max(0, Math.floor(Math.min(from[1], to[1]) - reach));
  const y1 = Math.min(size.height - 1, Math.ceil(Math.max(from[1], to[1]) + reach));
  for (let y = y0; y <= y1; y++) {
    let [xa, xb] = [Math.min(from[0], to[0]) - reach, Math.max(from[0], to[0]) + reach];
    if (steep) {
      const x = from[0] + ((y - from[1]) / dy) * dx;
      [xa, xb] = [x - 2 * reach, x + 2 * reach];
    }
    const end = Math.min(size.width - 1, Math.ceil(xb));
    for (let x = Math.max(0, Math.floor(xa)); x <= end; x++) {
      const [px, py] = [x - from[0], y - from[1]];
      const t = Math.min(Math.max((px * dx + py * dy) * perLength, 0), 1);
      const cover = Math.min(Math.max(half + 0.5 - Math.hypot(px - t * dx, py - t * dy), 0), 1);
      const i = y * size.width + x;
      values[i]! += cover * (tone - values[i]!);
    }
  }
}
