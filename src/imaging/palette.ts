/**
 * @file Colours of classes that stay apart for colour-blind eyes and on grey images.
 *
 * Eight hues, seven of them Okabe and Ito's (Color Universal Design, 2008) and one wine red of Paul Tol's, each in
 * five shades: 40 colours. The hue changes with every class and the shade with every eighth, so that classes next to
 * each other in the list, which often lie next to each other in the body, differ most.
 */

export type Rgb = readonly [red: number, green: number, blue: number];

/** In the order that keeps neighbours, in all shades and also for red- and green-blind eyes, farthest apart. */
const HUES: readonly Rgb[] = [
  [230, 159, 0],
  [86, 180, 233],
  [136, 34, 85],
  [204, 121, 167],
  [213, 94, 0],
  [0, 114, 178],
  [240, 228, 66],
  [0, 158, 115],
];

/** How far each round of hues goes towards white (positive) or black (negative). */
const SHADES = [0, 0.4, -0.3, 0.65, -0.5] as const;

/** Number of different colours; class indices beyond it start again. */
export const PALETTE_SIZE = HUES.length * SHADES.length;

/** The colour of a class, 0..255 per channel. */
export function classColour(classIndex: number): Rgb {
  const index = classIndex % PALETTE_SIZE;
  const shade = SHADES[Math.floor(index / HUES.length)]!;
  const target = shade > 0 ? 255 : 0;
  const [red, green, blue] = HUES[index % HUES.length]!;
  const mixed = (channel: number): number => Math.round(channel + (target - channel) * Math.abs(shade));
  return [mixed(red), mixed(green), mixed(blue)];
}
