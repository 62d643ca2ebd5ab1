import { describe, expect, it } from 'vitest';
import { createRng } from '../../src/base/rng.ts';
import { buildModel } from '../../src/graph/build.ts';
import { input } from '../../src/graph/tensor.ts';
import { openSession } from '../../src/runtime/session.ts';
import { float32 } from '../../src/tensor/array.ts';
import {
  type AugmentationSettings,
  augment,
  augmentationInputs,
  drawAugmentation,
  makeNoiseBank,
} from '../../src/training/augment.ts';

const SIZE = { height: 24, width: 40 };
const BATCH = 2;
const OFF: AugmentationSettings = {
  affine: { kind: 'uniform', rotation: 0, scale: 0, aspect: 0, shear: 0, shift: 0 },
  elastic: 0,
  gamma: 0,
  contrast: 0,
  brightness: 0,
  blur: 0,
  noise: 0,
};

/** A batch whose target is where the image is bright. */
function batch() {
  const pixels = SIZE.height * SIZE.width;
  const image = new Float32Array(BATCH * pixels).fill(0.2);
  const target = new Float32Array(BATCH * pixels);
  for (let n = 0; n < BATCH; n++) {
    for (let y = 6; y < 16; y++) {
      for (let x = 8; x < 20; x++) {
        image[n * pixels + y * SIZE.width + x] = 0.9;
        target[n * pixels + y * SIZE.width + x] = 3;
      }
    }
  }
  const shape = [BATCH, 1, SIZE.height, SIZE.width];
  return { image: float32(shape, image), target: float32(shape, target) };
}

async function run(settings: AugmentationSettings, seed: number, flipped = [false, false]) {
  const shape = [BATCH, 1, SIZE.height, SIZE.width];
  const outputs = augment(input('image', shape), input('target', shape), augmentationInputs(BATCH, SIZE));
  const model = buildModel({ warped: outputs.image, labels: outputs.target });
  const session = await openSession(model, { threads: 1 });
  const rng = createRng(seed);
  const bank = makeNoiseBank(rng.child('noise'), BATCH, SIZE);
  const result = await session.run({ ...batch(), ...drawAugmentation(rng, settings, flipped, SIZE, bank) });
  await session.close();
  return { image: result.warped!.data as Float32Array, target: result.labels!.data as Float32Array };
}

describe('augment', () => {
  it('leaves image and target alone when everything is off', async () => {
    const { image, target } = await run(OFF, 1);
    const original = batch();
    expect(target).toEqual(original.target.data);
    for (const [i, value] of image.entries()) expect(value).toBeCloseTo(original.image.data[i]!, 5);
  });

  it('warps image and target alike', async () => {
    const warp: AugmentationSettings = {
      ...OFF,
      affine: { kind: 'uniform', rotation: 0.4, scale: 0.3, aspect: 0.2, shear: 0.2, shift: 0.1 },
      elastic: 0.05,
    };
    const { image, target } = await run(warp, 3);
    expect(target).not.toEqual(batch().target.data);
    let disagreements = 0;
    target.forEach((label, i) => {
      expect([0, 3]).toContain(label);
      if ((label === 3) !== image[i]! > 0.55) disagreements++;
    });
    // Bilinear and nearest sampling part ways on edges only.
    expect(disagreements).toBeLessThan(0.02 * target.length);
  });

  it('flips exactly the images it is told to flip', async () => {
    const { target } = await run(OFF, 1, [true, false]);
    const pixels = SIZE.height * SIZE.width;
    const original = batch().target.data;
    for (let i = 0; i < pixels; i++) {
      const mirrored = i - (i % SIZE.width) + SIZE.width - 1 - (i % SIZE.width);
      expect(target[i]).toBe(original[mirrored]);
      expect(target[pixels + i]).toBe(original[i]);
    }
  });

  it('rotates without shear on images that are not square', async () => {
    const rotation: AugmentationSettings = {
      ...OFF,
      affine: { ...OFF.affine, kind: 'uniform', rotation: 0.5, scale: 0, aspect: 0, shear: 0, shift: 0 },
    };
    const rng = createRng(9);
    const bank = makeNoiseBank(createRng(1), BATCH, SIZE);
    const map = drawAugmentation(rng, rotation, [false, false], SIZE, bank)['augment.affine']!
      .data as Float32Array;
    // In px (x scaled by the width, y by the height) the map is a rotation: orthogonal columns of length 1.
    const [a, b, , c, d] = map;
    const [bx, cy] = [(b! * SIZE.width) / SIZE.height, (c! * SIZE.height) / SIZE.width];
    expect(a! * a! + cy * cy).toBeCloseTo(1, 5);
    expect(bx * bx + d! * d!).toBeCloseTo(1, 5);
    expect(a! * bx + cy * d!).toBeCloseTo(0, 5);
  });

  it('changes tones within [0, 1], and is the same for the same seed', async () => {
    const tones = { ...OFF, gamma: 0.5, contrast: 0.4, brightness: 0.2, blur: 1.5, noise: 0.1 };
    const first = await run(tones, 4);
    expect(first.target).toEqual(batch().target.data);
    expect(first.image).not.toEqual(batch().image.data);
    for (const value of first.image) expect(value >= 0 && value <= 1).toBe(true);
    expect((await run(tones, 4)).image).toEqual(first.image);
    expect((await run(tones, 5)).image).not.toEqual(first.image);
  });
});
