import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { createRng } from '../../src/base/rng.ts';
import { maskArea } from '../../src/masks/mask.ts';
import { maskAgreement } from '../../src/masks/overlap.ts';
import { disturbPrompt, levelIou, majority, meanAgreement } from '../../src/refine/ensemble.ts';
import { createRefiner } from '../../src/refine/index.ts';
import type { ClassPrompt } from '../../src/refine/prompts.ts';
import { type RefineSettingsInput, refineSettingsSchema } from '../../src/refine/settings.ts';
import { drawn, picture } from '../masks/grids.ts';
import { fakeModel } from './fake-model.ts';
import { contextOf, disk, imageOf, initialMask } from './scenes.ts';

describe('disturbPrompt', () => {
  const size = { height: 60, width: 90 };

  it('shifts edges and seed within the spread and the image, and leaves the negatives', () => {
    const corner = (most: number) =>
      fc.tuple(fc.nat(most), fc.nat(most)).map(([a, b]) => [a, b].sort((p, q) => p - q));
    fc.assert(
      fc.property(corner(89), corner(59), fc.integer(), (xs, ys, seed) => {
        const [x0, x1] = xs as [number, number];
        const [y0, y1] = ys as [number, number];
        const prompt: ClassPrompt = {
          box: [x0, y0, x1, y1],
          positive: [x0, y1],
          negatives: [[3, 4]],
          seedInside: true,
        };
        const moved = disturbPrompt(prompt, 0.1, size, createRng(seed));
        for (const [edge, value] of moved.box.entries()) {
          const side = edge % 2 === 0 ? x1 - x0 + 1 : y1 - y0 + 1;
          expect(Math.abs(value - prompt.box[edge]!)).toBeLessThanOrEqual(0.1 * side + 1e-9);
          expect(value).toBeGreaterThanOrEqual(0);
          expect(value).toBeLessThanOrEqual(edge % 2 === 0 ? 89 : 59);
        }
        expect(moved.box[0]).toBeLessThanOrEqual(moved.box[2]);
        expect(moved.box[1]).toBeLessThanOrEqual(moved.box[3]);
        expect(moved.negatives).toEqual([[3, 4]]);
        expect(disturbPrompt(prompt, 0.1, size, createRng(seed))).toEqual(moved);
      }),
    );
  });
});

describe('what answers have in common', () => {
  const masks = [drawn('##..'), drawn('.##.'), drawn('.#.#')] as const;

  it('is the pixels that more than half of them hold', () => {
    expect(picture(majority([...masks]))).toEqual(['.#..']);
    expect(picture(majority([masks[0], masks[1]]))).toEqual(['.#..']);
  });

  it('is measured as the mean Dice with the others', () => {
    expect(meanAgreement(masks[0], [masks[1], masks[0]])).toBeCloseTo(0.75);
    expect(meanAgreement(masks[0], [])).toBeUndefined();
  });

  it('is between two levels the IoU of what lies above them', () => {
    expect(levelIou(Float32Array.of(-2, -0.5, 0.5, 2), -1, 1)).toBeCloseTo(1 / 3);
    expect(levelIou(Float32Array.of(-2, -3), -1, 1)).toBeUndefined();
  });
});

const masks = [disk(20, 20, 6), disk(60, 40, 8)];
const initial = masks.map((mask, k) => initialMask(k, mask, 0.9));

async function refineBySam(model: ReturnType<typeof fakeModel>, input: RefineSettingsInput, imageKey = 'a') {
  const settings = refineSettingsSchema.parse({
    refiner: 'sam',
    morphology: { operation: 'none' },
    ...input,
  });
  return createRefiner(settings, { model }).refine(imageOf(masks), initial, { ...contextOf(2), imageKey });
}

describe('a promptable model that is asked more than once', () => {
  it('answers disturbed boxes in the first pass, other ones for another image', async () => {
    const model = fakeModel();
    const [first] = await refineBySam(model, { ensemble: { jitters: 2 } });
    expect(model.decoded).toHaveLength(4);
    const boxes = model.decoded.map(({ prompts }) => prompts[0]!.box);
    expect(boxes[1]).toBeUndefined();
    expect(boxes[2]).not.toEqual(boxes[0]);
    expect(boxes[3]).not.toEqual(boxes[2]);
    const answers = [2, 3].map((at) => {
      const [x0, y0, x1, y1] = boxes[at]!;
      return disk((x0 + x1) / 2, (y0 + y1) / 2, 7);
    });
    const plain = disk(20, 20, 7);
    expect(first!.evidence.stability).toBeCloseTo(
      (maskAgreement(plain, answers[0]!) + maskAgreement(plain, answers[1]!)) / 2,
    );
    expect(first!.mask).toEqual(plain);
    const other = fakeModel();
    await refineBySam(other, { ensemble: { jitters: 2 } }, 'b');
    expect(other.decoded[2]!.prompts[0]!.box).not.toEqual(boxes[2]);
  });

  it('lets the answers of all passes vote where asked to', async () => {
    const model = fakeModel();
    const [first] = await refineBySam(model, {
      passes: [{ box: true }],
      ensemble: { jitters: 4, vote: true, spread: 0.3 },
    });
    const answers = model.decoded.map(({ prompts }) => {
      const [x0, y0, x1, y1] = prompts[0]!.box!;
      return disk((x0 + x1) / 2, (y0 + y1) / 2, 7);
    });
    expect(first!.mask).toEqual(majority(answers as [(typeof answers)[0]]));
    const two = fakeModel();
    await refineBySam(two, { ensemble: { jitters: 1, vote: true } });
    expect(two.decoded).toHaveLength(4);
    expect(two.decoded[3]!.prompts[0]!.lowResLogits).toEqual(Float32Array.of(3, 0, 0));
  });

  it('chooses by predicted IoU or by the initial mask, and tells how far the candidates agree', async () => {
    const [best] = await refineBySam(fakeModel([0.2, 0.8, 0.5], 6), { candidates: 'best-of-three' });
    const [closest] = await refineBySam(fakeModel([0.2, 0.8, 0.5], 6), { candidates: 'closest-of-three' });
    const [six, seven, eight] = [6, 7, 8].map((radius) => disk(20, 20, radius));
    expect(best!.mask).toEqual(seven);
    expect(closest!.mask).toEqual(six);
    expect(best!.evidence.candidateAgreement).toBeCloseTo(
      (maskAgreement(seven!, six!) + maskAgreement(seven!, eight!)) / 2,
    );
  });
});

describe('a random walk from disturbed masks', () => {
  const walk = (truth: ReturnType<typeof disk>, input: RefineSettingsInput['ensemble']) =>
    createRefiner(refineSettingsSchema.parse({ refiner: 'random-walker', ensemble: input })).refine(
      imageOf([truth]),
      [initialMask(0, disk(46, 36, 15), 0.9)],
      contextOf(1),
    );

  it('is stable where the image shows an edge, and less so where it shows none', async () => {
    const [edge] = await walk(disk(46, 36, 17), { jitters: 2, spread: 0.1 });
    const [none] = await walk(disk(-50, -50, 1), { jitters: 2, spread: 0.1 });
    expect(edge!.evidence.stability).toBeGreaterThan(0.97);
    expect(none!.evidence.stability).toBeLessThan(edge!.evidence.stability! - 0.05);
    expect(none!.evidence.thresholdStability).toBeLessThan(edge!.evidence.thresholdStability!);
  });

  it('leaves the mask as it is unless the answers vote', async () => {
    const truth = disk(50, 36, 17);
    const [plain] = await walk(truth, { jitters: 0 });
    const [asked] = await walk(truth, { jitters: 2, spread: 0.2 });
    const [voted] = await walk(truth, { jitters: 2, spread: 0.2, vote: true });
    expect(asked!.mask).toEqual(plain!.mask);
    expect(plain!.evidence).not.toHaveProperty('stability');
    expect(maskArea(voted!.mask)).toBeGreaterThan(0);
    expect(voted!.provenance.agreement).toBeCloseTo(maskAgreement(disk(46, 36, 15), voted!.mask));
  });
});
