/** @file The golden check of the U-Net: it passes on the reference, and notices each thing that could be wrong. */
import { cp, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { beforeEach, describe, expect, it } from 'vitest';
import { CheckpointError, ConfigError } from '../../src/base/errors.ts';
import type { Float32NdArray } from '../../src/tensor/array.ts';
import { encodeSafetensors, readSafetensors } from '../../src/tensor/safetensors.ts';
import { relativeError } from '../../tools/golden/row.ts';
import { goldenUnet } from '../../tools/golden/unet.ts';
import { sharedPath } from '../shared.ts';
import { temporaryFolder } from '../temporary.ts';

const reference = sharedPath('golden', 'unet-tiny');

describe.skipIf(reference === undefined)('the golden U-Net (needs ../shared/golden/unet-tiny)', () => {
  let dir: string;
  beforeEach(async () => {
    dir = await temporaryFolder();
    await cp(reference!, dir, { recursive: true });
  });

  const setConfig = async (change: Record<string, unknown>): Promise<void> => {
    const path = join(dir, 'config.json');
    const config = JSON.parse(await readFile(path, 'utf8')) as Record<string, unknown>;
    await writeFile(path, JSON.stringify({ ...config, ...change }));
  };
  const changeTensor = async (
    file: string,
    name: string,
    change: (data: Float32Array) => void,
  ): Promise<void> => {
    const path = join(dir, file);
    const tensors = await readSafetensors(path);
    change((tensors.get(name) as Float32NdArray).data);
    await writeFile(path, encodeSafetensors(tensors));
  };
  const failures = async (): Promise<string[]> =>
    (await goldenUnet(dir)).filter((row) => !row.ok).map((row) => row.quantity);

  it('agrees in every quantity, with room to spare where a tolerance is ours', async () => {
    const rows = await goldenUnet(dir);
    expect(rows.filter((row) => !row.ok)).toEqual([]);
    // 64 tensors, each with its gradient and its value after the steps.
    expect(rows.filter(({ quantity }) => quantity.startsWith('gradient of'))).toHaveLength(64);
    expect(
      rows.filter(({ quantity }) => /^(encoder|decoder|head).* after 4 steps$/.test(quantity)),
    ).toHaveLength(64);
    const update = rows.find(({ quantity }) => quantity.startsWith('update of all parameters'))!;
    expect(Number(update.seen)).toBeLessThan(Number(update.tolerance) / 4);
  });

  const UPDATE = 'update of all parameters in 4 steps, root mean square';

  for (const [title, change] of [
    ['no weight decay', { weight_decay: 0 }],
    ['twice the weight decay', { weight_decay: 0.02 }],
    ['another first beta', { betas: [0.89, 0.999] }],
    ['another second beta', { betas: [0.9, 0.998] }],
    ['a learning rate 0.1 % off', { lr: 1.001e-3 }],
    ['a learning rate 1 % off', { lr: 1.01e-3 }],
    ['a larger epsilon', { eps: 1e-7 }],
  ] as const) {
    it(`notices ${title}`, async () => {
      await setConfig(change);
      expect(await failures()).toContain(UPDATE);
    });
  }

  it('notices one weight that ends elsewhere', async () => {
    const name = 'down2.maxpool_conv.1.double_conv.3.weight';
    await changeTensor('expected.safetensors', `after4.${name}`, (data) => {
      const largest = data.reduce((most, value) => Math.max(most, Math.abs(value)), 0);
      data[7]! += 2e-3 * largest;
    });
    expect(await failures()).toEqual(['encoder.2.conv1.weight after 4 steps', UPDATE]);
  });

  it('notices one weight that begins elsewhere', async () => {
    await changeTensor('weights.safetensors', 'up2.conv.double_conv.0.weight', (data) => {
      data[7]! += 0.05;
    });
    const failed = await failures();
    expect(failed).toContain('logits');
    expect(failed).toContain('decoder.2.conv0.weight after 4 steps');
  });

  it('notices one gradient that is off', async () => {
    await changeTensor('expected.safetensors', 'grad.outc.conv.bias', (data) => {
      data[1]! *= 1.01;
    });
    expect(await failures()).toContain('gradient of head.bias');
  });

  it('notices swapped class weights', async () => {
    await changeTensor('expected.safetensors', 'pos_weight', (data) => data.reverse());
    expect(await failures()).toContain('loss');
  });

  it('names what a folder lacks', async () => {
    await setConfig({ base_channels: 8 });
    await expect(goldenUnet(dir)).rejects.toThrow(CheckpointError);
    await setConfig({ base_channels: 'six' });
    await expect(goldenUnet(dir)).rejects.toThrow('base_channels');
    await writeFile(join(dir, 'config.json'), '{');
    await expect(goldenUnet(dir)).rejects.toThrow('is no JSON');
    await rm(join(dir, 'config.json'));
    await expect(goldenUnet(dir)).rejects.toThrow(ConfigError);
  });
});

describe('the relative error', () => {
  it('is the largest difference over the largest expected magnitude', () => {
    expect(relativeError([1, -2, 4], [1, -2, 5])).toBe(0.2);
    expect(relativeError([0, 0], [0, 0])).toBe(0);
    expect(relativeError([0.5], [0])).toBe(0.5);
  });

  it('is infinite for NaN and for another length', () => {
    expect(relativeError([Number.NaN, 1], [1, 1])).toBe(Number.POSITIVE_INFINITY);
    expect(relativeError([1, Number.NaN], [1, 1])).toBe(Number.POSITIVE_INFINITY);
    expect(relativeError([1], [1, 1])).toBe(Number.POSITIVE_INFINITY);
  });
});
