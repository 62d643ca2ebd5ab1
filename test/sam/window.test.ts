/** Decoding on a part of an image: the part that a prompt is about, and what is seen and answered there. */
import fc from 'fast-check';
import { expect, test } from 'vitest';
import type { Image } from '../../src/imaging/image.ts';
import { SamPredictor } from '../../src/sam/predictor.ts';
import type { ImageFeatures } from '../../src/sam/store.ts';
import { cropFeatures, cropPrompt, placeLogits, windowOf } from '../../src/sam/window.ts';
import { tinyFoal, tinyFoalCheckpoint } from '../foal/tiny.ts';

const config = tinyFoal(1024);
const NOTHING = { points: [], box: undefined, mask: undefined };

test('a window holds the whole box, wherever it is', () => {
  const edge = fc.integer({ min: 0, max: 723 });
  const length = fc.integer({ min: 1, max: 300 });
  fc.assert(
    fc.property(edge, edge, length, length, (x, y, width, height) => {
      const box = [x, y, x + width, y + height] as const;
      const window = windowOf(config, { ...NOTHING, box });
      expect(window.side).toBe(32);
      const [x0, y0, x1, y1] = cropPrompt(config, { ...NOTHING, box }, window).box!;
      expect(Math.min(x0, y0)).toBeGreaterThanOrEqual(0);
      expect(Math.max(x1, y1)).toBeLessThan(512);
      expect(window.x + window.side).toBeLessThanOrEqual(64);
      expect(window.y + window.side).toBeLessThanOrEqual(64);
    }),
  );
});

test('what is large, or may be, is looked for in the whole image', () => {
  const whole = { x: 0, y: 0, side: 64 };
  expect(windowOf(config, { ...NOTHING, box: [0, 0, 400, 40] })).toEqual(whole);
  expect(windowOf(config, { ...NOTHING, points: [{ xy: [500, 500], positive: true }] })).toEqual(whole);
  const far = [{ xy: [900, 900], positive: true }] as const;
  expect(windowOf(config, { ...NOTHING, box: [10, 10, 50, 50], points: far })).toEqual(whole);
  const other = [{ xy: [900, 900], positive: false }] as const;
  expect(windowOf(config, { ...NOTHING, box: [10, 10, 50, 50], points: other }).side).toBe(32);
  expect(windowOf(tinyFoal(512), { ...NOTHING, box: [10, 10, 50, 50] }).side).toBe(32);
});

test('an earlier mask tells where the object is', () => {
  const mask = new Float32Array(256 * 256).fill(-1);
  mask[200 * 256 + 220] = 1;
  const window = windowOf(config, { ...NOTHING, mask });
  expect(window).toEqual({ x: 32, y: 32, side: 32 });
  const cropped = cropPrompt(config, { ...NOTHING, mask }, window).mask!;
  expect(cropped.indexOf(1)).toBe((200 - 128) * 128 + 220 - 128);
  const placed = placeLogits(config, cropped, window);
  expect(placed.indexOf(1)).toBe(mask.indexOf(1));
  expect(placed.filter((logit) => logit < -1).length).toBe(256 ** 2 - 128 ** 2);
});

test('points outside of the window are left out', () => {
  const points = [
    { xy: [600, 600], positive: true },
    { xy: [40, 600], positive: false },
  ] as const;
  const window = { x: 20, y: 20, side: 32 };
  expect(cropPrompt(config, { ...NOTHING, points }, window).points).toEqual([
    { xy: [280, 280], positive: true },
  ]);
});

test('no point of the whole image is left out, not on its edge either', () => {
  const points = [{ xy: [1024, 512], positive: true }] as const;
  const whole = { x: 0, y: 0, side: config.gridSize };
  expect(cropPrompt(config, { ...NOTHING, points }, whole).points).toEqual(points);
});

test('the answer is that of a model whose image is the window', async () => {
  const { name, weights } = tinyFoalCheckpoint();
  const large = new SamPredictor({ name, weights, config }, { threads: 1 });
  const small = new SamPredictor({ name, weights, config: tinyFoal(512) }, { threads: 1 });
  const bytes = Uint8Array.from({ length: 1024 * 1024 }, (_, i) => 120 + 100 * Math.sin(i * 0.01 + i / 9000));
  const image: Image = { height: 1024, width: 1024, bits: 8, data: bytes };
  const encoded = await large.encode(image, 'image');
  const box = [600, 480, 700, 610] as const;
  const window = windowOf(config, { ...NOTHING, box });
  expect(window).toEqual({ x: 24, y: 16, side: 32 });
  const [[answer]] = (await large.decode(encoded, [{ box }], { multimask: false })) as [[Answer]];

  const { features } = encoded.data as { features: ImageFeatures };
  const size = { height: 512, width: 512 };
  const part = { size, data: { features: cropFeatures(config, features, window), resized: size } };
  const shifted = [600 - 384, 480 - 256, 700 - 384, 610 - 256] as const;
  const [[expected]] = (await small.decode(part, [{ box: shifted }], { multimask: false })) as [[Answer]];
  expect(answer.predictedIou).toBe(expected.predictedIou);
  expect(answer.lowResLogits).toEqual(placeLogits(config, expected.lowResLogits, window));
  await large.close();
  await small.close();
});

type Answer = Awaited<ReturnType<SamPredictor['decode']>>[number][number];
