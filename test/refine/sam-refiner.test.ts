import { describe, expect, it } from 'vitest';
import { maskAgreement } from '../../src/masks/overlap.ts';
import { createSamRefiner } from '../../src/refine/sam-refiner.ts';
import { type RefineSettingsInput, refineSettingsSchema } from '../../src/refine/settings.ts';
import { type FakeModel, fakeModel } from './fake-model.ts';
import { contextOf, disk, imageOf, initialMask } from './scenes.ts';

const masks = [disk(20, 20, 6), disk(60, 40, 8), disk(61, 40, 2)];
const initial = masks.map((mask, k) => initialMask(k, mask, 0.9));

function refine(model: FakeModel, settings: RefineSettingsInput = {}) {
  const parsed = refineSettingsSchema.parse({
    refiner: 'sam',
    morphology: { operation: 'none' },
    ensemble: { jitters: 0 },
    ...settings,
  });
  return createSamRefiner(parsed, model).refine(imageOf(masks), initial, contextOf(3));
}

describe('two passes', () => {
  it('asks with boxes, then with points and the logits of the first pass', async () => {
    const model = fakeModel();
    await refine(model);
    expect(model.encoded).toEqual(['image-hash']);
    // The third class lies wholly in the second, so two are asked about.
    expect(model.decoded).toEqual([
      { prompts: [{ box: [14, 14, 26, 26] }, { box: [52, 32, 68, 48] }], options: { multimask: false } },
      {
        prompts: [
          {
            points: [
              { xy: [20, 20], positive: true },
              { xy: [60, 40], positive: false },
            ],
            lowResLogits: Float32Array.of(1, 0, 0),
          },
          {
            points: [
              { xy: [60, 40], positive: true },
              { xy: [20, 20], positive: false },
            ],
            lowResLogits: Float32Array.of(1, 1, 0),
          },
        ],
        options: { multimask: true, withSingle: true },
      },
    ]);
  });

  it('shows Foal each mask with its box, once', async () => {
    const model = fakeModel();
    const [refined] = await refine(model, { refiner: 'foal' });
    expect(model.decoded).toEqual([
      {
        prompts: [
          { box: [14, 14, 26, 26], mask: masks[0] },
          { box: [52, 32, 68, 48], mask: masks[1] },
          // It lies wholly in the second, so no pixel could be its seed; none is asked for.
          { box: [59, 38, 63, 42], mask: masks[2] },
        ],
        options: { multimask: true, withSingle: true },
      },
    ]);
    expect(refined!.provenance).toMatchObject({ refiner: 'foal' });
  });

  it('scores by the Dice that the predicted IoU stands for, and records what it did', async () => {
    const [first] = await refine(fakeModel([0.6]));
    expect(first!.score).toBeCloseTo(0.75);
    expect(first!.mask).toEqual(disk(20, 20, 7));
    expect(first!.provenance).toMatchObject({
      refiner: 'sam',
      model: 'fake',
      predictedIou: 0.6,
      prompt: { box: [14, 14, 26, 26], positive: [20, 20], negatives: [[60, 40]], seedInside: true },
      passes: [
        { box: true, points: 'none', mask: false, predictedIou: 0.6 },
        { box: false, points: 'all', mask: true, predictedIou: 0.6 },
      ],
      agreement: maskAgreement(masks[0]!, disk(20, 20, 7)),
    });
  });

  it('keeps the single mask, and says how far the candidates agree with it', async () => {
    const model = fakeModel([0.2, 0.8, 0.5]);
    const [first] = await refine(model, { ensemble: { jitters: 2 } });
    const single = disk(20, 20, 7);
    expect(first!.mask).toEqual(single);
    expect(first!.evidence.predictedIou).toBe(0.2);
    const [a, b, c] = [8, 9, 10].map((radius) => maskAgreement(single, disk(20, 20, radius))) as [
      number,
      number,
      number,
    ];
    expect(first!.evidence.candidateAgreement).toBeCloseTo((a + b + c) / 3, 12);
    // Disturbed prompts are answered by a single mask each.
    expect(model.decoded.map(({ options }) => options.withSingle ?? false)).toEqual([
      false,
      true,
      false,
      false,
    ]);
  });

  it('bounds a predicted IoU above 1', async () => {
    expect((await refine(fakeModel([1.04])))[0]!.score).toBe(1);
  });

  it('keeps a covered class as it was, with the reason', async () => {
    const covered = (await refine(fakeModel()))[2]!;
    expect(covered.mask).toBe(masks[2]);
    expect(covered.score).toBe(0.9);
    expect(covered.provenance).toMatchObject({ agreement: 1 });
    expect(covered.provenance.keptInitial).toMatch(/other classes cover/);
    expect(covered.evidence).toEqual({ agreement: 0 });
  });

  it('keeps the initial mask where the model answers with nothing', async () => {
    const [first] = await refine(fakeModel([0.6], 0));
    expect(first!.mask).toBe(masks[0]);
    expect(first!.provenance).toMatchObject({ agreement: 1, model: 'fake' });
    expect(first!.provenance.keptInitial).toMatch(/empty/);
  });
});

describe('other prompts', () => {
  it('takes box and positive point at once, in a single pass', async () => {
    const model = fakeModel();
    await refine(model, { passes: [{ box: true, points: 'positive' }] });
    expect(model.decoded.map(({ prompts }) => prompts[0])).toEqual([
      { box: [14, 14, 26, 26], points: [{ xy: [20, 20], positive: true }] },
    ]);
  });

  it('takes the best candidate by predicted IoU, and its logits on', async () => {
    const model = fakeModel([0.2, 0.8, 0.5]);
    const [first] = await refine(model, { candidates: 'best-of-three' });
    expect(model.decoded[1]!.prompts[0]!.lowResLogits).toEqual(Float32Array.of(1, 0, 1));
    expect(model.decoded[0]!.options).toEqual({ multimask: true });
    expect(first!.mask).toEqual(disk(20, 20, 8));
    expect(first!.provenance.predictedIou).toBe(0.8);
  });

  it('does not encode an image without a prompt', async () => {
    const model = fakeModel();
    const settings = refineSettingsSchema.parse({ refiner: 'sam', morphology: { operation: 'none' } });
    const empty = initialMask(0, disk(-9, -9, 1));
    await createSamRefiner(settings, model).refine(imageOf(masks), [empty], contextOf(1));
    expect(model.encoded).toEqual([]);
  });
});
