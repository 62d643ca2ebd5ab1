/** @file Linear scales with round tick values, and the few text measures that charts need. */

export interface Scale {
  /** Position in px of a value. */
  (value: number): number;
  readonly domain: readonly [low: number, high: number];
}

/** Maps `domain` linearly onto `range` (px); an empty domain maps to the start of the range. */
export function linearScale(
  domain: readonly [low: number, high: number],
  range: readonly [start: number, end: number],
): Scale {
  const span = domain[1] - domain[0];
  const toPx = (value: number): number =>
    span === 0 ? range[0] : range[0] + ((value - domain[0]) / span) * (range[1] - range[0]);
  return Object.assign(toPx, { domain });
}

/** Round values (1, 2 or 5 times a power of ten apart) inside the domain, about `count` of them. */
export function ticks([low, high]: readonly [number, number], count: number): number[] {
  if (!(high > low)) return [low];
  const rough = (high - low) / count;
  const power = 10 ** Math.floor(Math.log10(rough));
  const step = power * ([1, 2, 5, 10].find((factor) => factor * power >= rough) ?? 10);
  const first = Math.ceil(low / step - 1e-9);
  const last = Math.floor(high / step + 1e-9);
  return Array.from({ length: last - first + 1 }, (_, i) => Number(((first + i) * step).toPrecision(12)));
}

/** The domain widened to round values. */
export function niceDomain([low, high]: readonly [number, number], count: number): [number, number] {
  const values = ticks([low, high], count);
  const step = values.length > 1 ? values[1]! - values[0]! : 1;
  return [
    Number((Math.floor(low / step + 1e-9) * step).toPrecision(12)),
    Number((Math.ceil(high / step - 1e-9) * step).toPrecision(12)),
  ];
}

/** A coordinate with one decimal, which is finer than any screen shows. */
export function px(value: number): number {
  return Math.round(value * 10) / 10;
}

/** Width in px that a text takes at most in a system font of `size` px, near enough to leave room for it. */
export function textWidth(text: string, size: number): number {
  return text.length * size * 0.58;
}

/** The text, cut with an ellipsis where it would be wider than `width` px. */
export function fitted(text: string, size: number, width: number): string {
  const fits = Math.floor(width / (size * 0.58));
  return text.length <= fits ? text : `${text.slice(0, Math.max(1, fits - 1))}…`;
}
