import { describe, expect, it } from 'vitest';
import { createRng } from '../../src/base/rng.ts';
import { emptyMask, type Mask, maskArea } from '../../src/masks/mask.ts';
import { maskAgreement } from '../../src/masks/overlap.ts';
import { createRandomWalkerRefiner } from '../../src/refine/random-walker.ts';
import type { InitialMask, RefinedMask } from '../../src/refine/refiner.ts';
import { type RefineSettingsInput, refineSettingsSchema } from '../../src/refine/settings.ts';
import { BACKGROUND, dropUnseededRegions, FOREGROUND } from '../../src/refine/walker-window.ts';
import { cpuMs } from '../cpu.ts';
import { drawn, picture } from '../masks/grids.ts';
import { contextOf, disk, imageOf, initialMask, SIZE } from './scenes.ts';

const refine = (
  image: ReturnType<typeof imageOf>,
  initial: readonly InitialMask[],
  input: RefineSettingsInput = {},
) => {
  const { randomWalker, ensemble } = refineSettingsSchema.parse(input);
  return createRandomWalkerRefiner(randomWalker, ensemble).refine(image, initial, contextOf(32));
};

describe('random-walker refiner', () => {
  const truth = disk(46, 36, 17);

  it('finds the edges of an object from a mask that is shifted and too small', async () => {
    const coarse = disk(49, 34, 14);
    const [refined] = await refine(imageOf([truth]), [initialMask(0, coarse)]);
    expect(maskAgreement(truth, coarse)).toBeLessThan(0.83);
    expect(maskAgreement(truth, refined!.mask)).toBeGreaterThan(0.97);
  });

  it('sees the same in 16 bits as in 8', async () => {
    const initial = [initialMask(0, disk(49, 34, 14))];
    const [narrow] = await refine(imageOf([truth]), initial);
    const [wide] = await refine(imageOf([truth], 16), initial);
    expect(maskAgreement(narrow!.mask, wide!.mask)).toBeGreaterThan(0.99);
  });

  it('neither shrinks nor grows a mask where the image tells nothing', async () => {
    const flat = imageOf([emptyMask(SIZE)]);
    flat.data.fill(100);
    const initial = [initialMask(0, truth)];
    const [neutral] = await refine(flat, initial);
    const [half] = await refine(flat, initial, { randomWalker: { threshold: 0.5 } });
    expect(maskArea(neutral!.mask) / maskArea(truth)).toBeGreaterThan(0.97);
    expect(maskArea(neutral!.mask) / maskArea(truth)).toBeLessThan(1.03);
    expect(maskArea(half!.mask)).toBeLessThan(maskArea(neutral!.mask));
  });

  it('lets overlapping masks overlap', async () => {
    const other = disk(66, 36, 14);
    const [a, b] = await refine(imageOf([truth, other]), [initialMask(0, truth), initialMask(1, other)]);
    let before = 0;
    let after = 0;
    for (let i = 0; i < truth.data.length; i++) {
      before += truth.data[i]! & other.data[i]!;
      after += a!.mask.data[i]! & b!.mask.data[i]!;
    }
    expect(before).toBeGreaterThan(80);
    expect(after).toBeGreaterThan(before / 2);
  });

  it('takes the inside of a neighbour as background', async () => {
    // One bright bar of two structures: no edge parts them, only the seeds of the neighbour do.
    const part = (from: number, to: number): Mask => {
      const mask = emptyMask(SIZE);
      for (let y = 20; y < 50; y++) mask.data.fill(1, y * SIZE.width + from, y * SIZE.width + to);
      return mask;
    };
    const initial = [initialMask(0, part(10, 44)), initialMask(1, part(48, 86))];
    const [a] = await refine(imageOf([part(10, 86)]), initial);
    const intruding = part(54, 86).data.reduce((sum, value, i) => sum + (value & a!.mask.data[i]!), 0);
    expect(intruding).toBe(0);
  });

  it('returns the initial masks as the published code does', async () => {
    const coarse = [initialMask(0, disk(49, 34, 14)), initialMask(1, disk(60, 34, 9))];
    const refined = await refine(imageOf([truth]), coarse, { preset: 'as-coded' });
    for (const [k, { mask, provenance }] of refined.entries()) {
      expect(mask).toEqual(coarse[k]!.mask);
      expect(provenance).toMatchObject({ unseededPixels: 0, agreement: 1 });
    }
  });

  it.each([
    ['a single pixel', disk(40, 30, 0)],
    ['a thin line', disk(48, 36, 40).data.map((value, i) => (Math.floor(i / SIZE.width) === 36 ? value : 0))],
    ['the whole image', disk(48, 36, 999)],
    ['a mask at the corner', disk(0, 0, 12)],
  ])('takes %s', async (_, mask) => {
    const initial: Mask = mask instanceof Uint8Array ? { ...SIZE, data: mask } : mask;
    const [refined] = await refine(imageOf([truth]), [initialMask(0, initial)]);
    expect(maskArea(refined!.mask)).toBeGreaterThan(0);
    expect(Number.isFinite(refined!.provenance.threshold)).toBe(true);
  });

  it('fills holes and drops islands that hold no seed', () => {
    const mask = drawn('........', '.###..#.', '.#.#....', '.###.##.', '.....##.', '........');
    const seeds = new Uint8Array(mask.data.length);
    seeds[8 + 1] = FOREGROUND;
    seeds[3 * 8 + 6] = FOREGROUND;
    seeds[0] = BACKGROUND;
    dropUnseededRegions(mask, seeds);
    expect(picture(mask)).toEqual(['........', '.###....', '.###....', '.###.##.', '.....##.', '........']);
    seeds[2 * 8 + 2] = BACKGROUND;
    mask.data[2 * 8 + 2] = 0;
    dropUnseededRegions(mask, seeds);
    expect(mask.data[2 * 8 + 2]).toBe(0);
  });

  it('keeps every component of a mask of several', async () => {
    const small = disk(80, 60, 4);
    const both: Mask = { ...SIZE, data: truth.data.map((value, i) => value | small.data[i]!) };
    const [refined] = await refine(imageOf([both]), [initialMask(0, both)]);
    expect(refined!.mask.data[60 * SIZE.width + 80]).toBe(1);
  });

  it('refines 904 x 512 px with 32 classes in three seconds', async () => {
    const size = { height: 512, width: 904 };
    const rng = createRng(5);
    const teeth = Array.from({ length: 32 }, (_, k) => ({ x: 60 + 52 * (k % 16), y: k < 16 ? 190 : 320 }));
    const truths = teeth.map(({ x, y }) => disk(x, y, 28, size));
    const image = imageOf(truths, 8, size);
    for (let i = 0; i < image.data.length; i++) image.data[i]! += Math.round(4 * rng.normal());
    const initial = teeth.map(({ x, y }, k) =>
      initialMask(k, disk(x + rng.between(-5, 5), y + rng.between(-5, 5), 27, size)),
    );
    let refined: readonly RefinedMask[] = [];
    const spent = await cpuMs(async () => {
      refined = await refine(image, initial);
    });
    expect(spent).toBeLessThan(3000);
    const dice = (masks: readonly { mask: Mask }[]): number =>
      masks.reduce((sum, { mask }, k) => sum + maskAgreement(truths[k]!, mask), 0) / masks.length;
    expect(dice(refined)).toBeGreaterThan(dice(initial) + 0.05);
  });
});
