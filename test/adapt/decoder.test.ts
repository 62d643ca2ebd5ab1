/** The decoder of a tiny Segment Anything learns to mend masks; its encoder stays as it was. */
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { beforeEach, describe, expect, it } from 'vitest';
import { type AdaptCase, adaptModel } from '../../src/adapt/adapt.ts';
import { DECODER_FILE, decoderLearner } from '../../src/adapt/decoder.ts';
import { cellShares } from '../../src/adapt/decoder-episodes.ts';
import { createRng } from '../../src/base/rng.ts';
import type { Mask } from '../../src/masks/mask.ts';
import { maskAgreement } from '../../src/masks/overlap.ts';
import { type PromptedLog, trainPrompted } from '../../src/prompted/train.ts';
import { createSamRefiner } from '../../src/refine/sam-refiner.ts';
import { refineSettingsSchema } from '../../src/refine/settings.ts';
import { encoderHash, type SamCheckpoint } from '../../src/sam/checkpoint.ts';
import { withDecoder } from '../../src/sam/decoder-file.ts';
import { SamPredictor } from '../../src/sam/predictor.ts';
import type { PromptableModel } from '../../src/sam/promptable.ts';
import { openEmbeddingStore } from '../../src/sam/store.ts';
import { drawScene } from '../foal/scenes.ts';
import { tinyCheckpoint } from '../sam/tiny-model.ts';
import { temporaryFolder } from '../temporary.ts';

let folder: string;
beforeEach(async () => {
  folder = await temporaryFolder();
});

const base = tinyCheckpoint();
const refine = refineSettingsSchema.parse({ refiner: 'sam' });

/** Scenes of two objects, of which a network has drawn the masks a few px to the right. */
const scene = (i: number) => {
  const { image, objects } = drawScene(createRng(i), 64, 64);
  return { image, objects, roughs: objects.map((mask) => shifted(mask, 4)) };
};
const cases: readonly AdaptCase[] = Array.from({ length: 6 }, (_, i) => ({
  id: String(i),
  imageKey: `scene-${i}`,
  read: async () => scene(i),
}));

function openAt(folder: string, embedded: string[] = []): (checkpoint: SamCheckpoint) => SamPredictor {
  const store = openEmbeddingStore(folder);
  return (checkpoint) =>
    new SamPredictor(checkpoint, {
      threads: 1,
      store: {
        ...store,
        put: (model, image, features) => {
          embedded.push(image);
          return store.put(model, image, features);
        },
      },
    });
}

const learnerOf = (open: (checkpoint: SamCheckpoint) => SamPredictor, encoder: SamPredictor) =>
  decoderLearner({ base, open, preprocessing: 'sam', refine, classes: 2, seed: 1, data: 'scenes' }, encoder);

/** Mean Dice of what the refiner makes of the masks of a scene. */
async function refinedDice(model: PromptableModel, i: number): Promise<number> {
  const { image, objects, roughs } = scene(i);
  const refiner = createSamRefiner({ ...refine, ensemble: { ...refine.ensemble, jitters: 0 } }, model);
  const initial = roughs.map((mask, classIndex) => ({ classIndex, mask, score: 1 }));
  const refined = await refiner.refine(image, initial, { classes: ['a', 'b'], imageKey: `scene-${i}` });
  const dice = refined.map(({ mask }, k) => maskAgreement(mask, objects[k]!));
  return dice.reduce((a, b) => a + b, 0) / dice.length;
}

/** Trainings take seconds, or minutes where other work takes the processor. */
describe('an adapted decoder', { timeout: 600_000 }, () => {
  it('mends masks of images held out, with the embeddings of the model that it was made from', async () => {
    const embedded: string[] = [];
    const open = openAt(join(folder, 'embeddings'), embedded);
    const encoder = open(base);
    const held = [0, 1];
    const result = await adaptModel({
      learner: { ...learnerOf(open, encoder), learningRate: 3e-3 },
      cases,
      folds: [
        {
          learns: cases.slice(2),
          measure: async (model) => {
            const dice: Record<string, number> = {};
            for (const i of held) dice[i] = await refinedDice(model, i);
            return dice;
          },
        },
      ],
      steps: 240,
      directory: folder,
      threads: 1,
    });
    await encoder.close();
    expect(result).toMatchObject({ kept: true, file: DECODER_FILE });
    expect(result.heldOut!.after).toBeGreaterThan(result.heldOut!.before + 0.1);

    // Whatever was asked of whichever copy, each image was encoded once.
    expect(embedded.sort()).toEqual(cases.map(({ imageKey }) => imageKey));
    const adapted = await withDecoder(base, join(folder, DECODER_FILE));
    expect(adapted.name).toBe(`${base.name}-adapted`);
    expect(encoderHash(adapted.weights)).toBe(encoderHash(base.weights));
    const changed = [...base.weights.keys()].filter((name) => {
      const [own, other] = [base.weights.get(name)!.data, adapted.weights.get(name)!.data];
      return own.some((value, i) => value !== other[i]);
    });
    expect(changed.every((name) => /^(mask_decoder|prompt_encoder)\./.test(name))).toBe(true);
    expect(changed.some((name) => name.startsWith('mask_decoder.transformer.'))).toBe(true);
    expect(changed.some((name) => name.startsWith('prompt_encoder.mask_downscaling.'))).toBe(true);
    expect(changed).toContain('prompt_encoder.no_mask_embed.weight');

    const model = openAt(join(folder, 'embeddings'))(adapted);
    expect(await refinedDice(model, 5)).toBeGreaterThan(0.5);
    await model.close();
  });

  it('is the same when its training is stopped between the passes of a prompt and goes on', async () => {
    const open = openAt(join(folder, 'embeddings'));
    const encoder = open(base);
    const task = learnerOf(open, encoder).task(cases);
    const options = {
      task,
      length: { steps: 6 },
      learningRate: 1e-3,
      schedule: 'warm-up',
      threads: 1,
    } as const;
    const [whole, parts] = [join(folder, 'whole'), join(folder, 'parts')];
    await trainPrompted({ ...options, directory: whole });
    const stop = new AbortController();
    const onLog = ({ step }: PromptedLog): void => {
      if (step === 3) stop.abort(new Error('stopped'));
    };
    const stopped = trainPrompted({ ...options, directory: parts, onLog, signal: stop.signal });
    await expect(stopped).rejects.toThrow('stopped');
    await trainPrompted({ ...options, directory: parts });
    await encoder.close();
    const [a, b] = await Promise.all(
      [whole, parts].map((directory) => readFile(join(directory, DECODER_FILE))),
    );
    expect(a!.equals(b!)).toBe(true);
  });

  it('is refused by a model with another encoder', async () => {
    const open = openAt(join(folder, 'embeddings'));
    const encoder = open(base);
    const task = learnerOf(open, encoder).task(cases);
    await trainPrompted({
      ...{ task, length: { steps: 1 }, learningRate: 1e-3, schedule: 'warm-up' },
      directory: folder,
      threads: 1,
    });
    await encoder.close();
    const other = withDecoder(tinyCheckpoint(2), join(folder, DECODER_FILE));
    await expect(other).rejects.toThrow(/no decoder that was adapted for this sam-vit-24x2/);
  });
});

describe('the cells that an object covers', () => {
  const half: Mask = { height: 2, width: 4, data: Uint8Array.from([1, 1, 0, 0, 1, 1, 0, 0]) };

  it('are those of the padded input', () => {
    expect([...cellShares(half, 'sam', 2)]).toEqual([255, 0, 0, 0]);
  });

  it('are those of the stretched input of MedSAM', () => {
    expect([...cellShares(half, 'medsam', 2)]).toEqual([255, 0, 255, 0]);
  });
});

function shifted({ height, width, data }: Mask, by: number): Mask {
  const out = new Uint8Array(data.length);
  for (let y = 0; y < height; y++) {
    out.set(data.subarray(y * width, (y + 1) * width - by), y * width + by);
  }
  return { height, width, data: out };
}
