import { describe, expect, it } from 'vitest';
import { renderOverlay, toRgb } from '../../src/imaging/overlay.ts';
import { classColour, PALETTE_SIZE, type Rgb } from '../../src/imaging/palette.ts';

const image = { height: 40, width: 60, bits: 8, data: new Uint8Array(2400).fill(100) } as const;

function pixel(picture: { width: number; data: Uint8Array }, x: number, y: number): number[] {
  return [...picture.data.subarray((y * picture.width + x) * 3, (y * picture.width + x) * 3 + 3)];
}

describe('toRgb', () => {
  it('keeps bytes', () => {
    const rgb = toRgb({ height: 1, width: 2, bits: 8, data: Uint8Array.of(3, 250) });
    expect([...rgb.data]).toEqual([3, 3, 3, 250, 250, 250]);
  });

  it('windows 16 bits past outliers', () => {
    const data = Uint16Array.from({ length: 1000 }, (_, i) => 2000 + i);
    data[0] = 65535;
    data[1] = 0;
    const rgb = toRgb({ height: 1, width: 1000, bits: 16, data });
    expect(rgb.data[3 * 500]).toBeGreaterThan(115);
    expect(rgb.data[3 * 500]).toBeLessThan(140);
    expect(rgb.data[0]).toBe(255);
    expect(rgb.data[3]).toBe(0);
  });

  it('does not divide by zero on a constant picture', () => {
    const rgb = toRgb({ height: 1, width: 2, bits: 16, data: Uint16Array.of(700, 700) });
    expect([...rgb.data]).toEqual([0, 0, 0, 0, 0, 0]);
  });
});

describe('renderOverlay', () => {
  const mask = { height: 40, width: 60, data: new Uint8Array(2400) };
  for (let y = 10; y < 20; y++) mask.data.fill(1, y * 60 + 10, y * 60 + 30);

  it('draws outline, translucent inside and leaves the rest', () => {
    const picture = renderOverlay(image, { masks: [{ classIndex: 3, mask }], opacity: 0.5, lineWidth: 1 });
    const colour = classColour(3);
    expect(pixel(picture, 10, 10)).toEqual(colour);
    expect(pixel(picture, 29, 15)).toEqual(colour);
    expect(pixel(picture, 15, 15)).toEqual(colour.map((channel) => Math.floor(100 + (channel - 100) * 0.5)));
    expect(pixel(picture, 9, 10)).toEqual([100, 100, 100]);
  });

  it('draws boxes and signed points, also over the edge of the image', () => {
    const prompts = [
      {
        classIndex: 0,
        box: [5, 5, 70, 30] as const,
        points: [
          { xy: [20, 20] as const, positive: true },
          { xy: [59, 39] as const, positive: false },
        ],
      },
    ];
    const picture = renderOverlay(image, { prompts, lineWidth: 1 });
    expect(pixel(picture, 5, 5)).toEqual(classColour(0));
    expect(pixel(picture, 20, 20)).toEqual([0, 0, 0]);
    expect(pixel(picture, 18, 18)).toEqual([255, 255, 255]);
    expect(pixel(picture, 59, 39)).toEqual([255, 255, 255]);
    expect(pixel(picture, 58, 37)).toEqual([0, 0, 0]);
    expect(image.data[0]).toBe(100);
  });
});

describe('classColour', () => {
  const colours = Array.from({ length: PALETTE_SIZE }, (_, i) => classColour(i));

  /** What eyes without red (protan) or green (deutan) cones see: Vienot, Brettel and Mollon 1999, in linear RGB. */
  function seen([r, g, b]: Rgb, kind: 'protan' | 'deutan'): number[] {
    const [lr, lg, lb] = [r, g, b].map((v) => (v / 255) ** 2.2) as [number, number, number];
    const rg = kind === 'protan' ? 0.11238 * lr + 0.88762 * lg : 0.29275 * lr + 0.70725 * lg;
    const blue = (kind === 'protan' ? 0.00401 : -0.02234) * (lr - lg) + lb;
    return [rg, rg, Math.max(0, blue)].map((v) => 255 * v ** (1 / 2.2));
  }
  const apart = (a: readonly number[], b: readonly number[]): number =>
    Math.hypot(...a.map((channel, i) => channel - b[i]!));

  it('has 40 colours, all different', () => {
    expect(PALETTE_SIZE).toBe(40);
    expect(new Set(colours.map(String)).size).toBe(40);
    expect(classColour(40)).toEqual(classColour(0));
  });

  it.each(['protan', 'deutan'] as const)('neighbours in the list stay apart for %s eyes', (kind) => {
    for (let i = 1; i < colours.length; i++) {
      const distance = apart(seen(colours[i - 1]!, kind), seen(colours[i]!, kind));
      expect(distance, `classes ${i - 1} and ${i}`).toBeGreaterThan(40);
    }
  });
});
