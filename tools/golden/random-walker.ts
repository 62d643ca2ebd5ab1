/**
 * @file Our random walker beside a direct solver's: `config.json` (sigma, background_erosion_disk_radius) and
 * `expected.safetensors` (image_u8 [H, W]; seeds [K, H, W] of 0 and 1, channel 0 the background; segmentation
 * [K - 1, H, W]; probabilities [K, H, W]).
 */
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';
import { PackmuleError } from '../../src/base/errors.ts';
import { erode } from '../../src/masks/morphology.ts';
import { randomWalk } from '../../src/refine/random-walk.ts';
import type { NdArray } from '../../src/tensor/array.ts';
import { readSafetensors } from '../../src/tensor/safetensors.ts';
import { type GoldenRow, relativeError } from './row.ts';

const PROBABILITY_TOLERANCE = 1e-3;

const configSchema = z.object({
  sigma: z.number().positive(),
  background_erosion_disk_radius: z.number().int().nonnegative(),
});

export async function goldenRandomWalker(dir: string): Promise<GoldenRow[]> {
  const config = await readConfig(join(dir, 'config.json'));
  const file = join(dir, 'expected.safetensors');
  const tensors = await readSafetensors(file);
  const image = tensorOf(tensors, file, 'image_u8', 2);
  const seeds = tensorOf(tensors, file, 'seeds', 3);
  const expected = tensorOf(tensors, file, 'probabilities', 3);
  const segmentation = tensorOf(tensors, file, 'segmentation', 3);
  const [channels = 0, height = 0, width = 0] = seeds.shape;
  const size = height * width;

  const backgroundSeeds = backgroundFromMasks(segmentation, config.background_erosion_disk_radius);
  const differing = backgroundSeeds.reduce(
    (sum, seed, i) => sum + (seed === Number(seeds.data[i]) ? 0 : 1),
    0,
  );

  const seedLabels = new Int32Array(size);
  for (let channel = 0; channel < channels; channel++) {
    for (let i = 0; i < size; i++)
      if (Number(seeds.data[channel * size + i]) > 0) seedLabels[i] = channel + 1;
  }
  const intensities = Float32Array.from(image.data as ArrayLike<number>);
  const labels = Array.from({ length: channels }, (_, channel) => channel + 1);
  const maps = randomWalk({ height, width, intensities, seeds: seedLabels, sigma: config.sigma }, labels);

  const rows: GoldenRow[] = [
    { quantity: 'background seeds that differ', seen: differing, tolerance: 0, ok: differing === 0 },
  ];
  for (const [channel, map] of maps.entries()) {
    const reference = (expected.data as Float32Array).subarray(channel * size, (channel + 1) * size);
    const error = relativeError(map, reference);
    rows.push({
      quantity: `probabilities of channel ${channel}`,
      seen: error,
      tolerance: PROBABILITY_TOLERANCE,
      ok: error <= PROBABILITY_TOLERANCE,
    });
  }
  return rows;
}

async function readConfig(file: string): Promise<z.output<typeof configSchema>> {
  try {
    return configSchema.parse(JSON.parse(await readFile(file, 'utf8')));
  } catch (cause) {
    throw new PackmuleError(
      {
        seen: `${file} cannot be read as the settings of a random walker`,
        need: 'It is JSON with sigma and background_erosion_disk_radius',
        fix: 'Give the folder of a complete random-walker golden',
      },
      { cause },
    );
  }
}

/** The complement of all masks, eroded with a disk; row-major 0 or 1. */
function backgroundFromMasks(segmentation: NdArray, radius: number): Uint8Array {
  const [channels = 0, height = 0, width = 0] = segmentation.shape;
  const size = height * width;
  const complement = new Uint8Array(size).fill(1);
  for (let i = 0; i < channels * size; i++) if (Number(segmentation.data[i]) > 0) complement[i % size] = 0;
  return erode({ height, width, data: complement }, 'disk', radius).data;
}

function tensorOf(tensors: Map<string, NdArray>, file: string, name: string, rank: number): NdArray {
  const tensor = tensors.get(name);
  if (tensor !== undefined && tensor.shape.length === rank) return tensor;
  throw new PackmuleError({
    seen: `${file} has ${tensor === undefined ? `no tensor ${name}` : `${name} of shape [${tensor.shape}]`}`,
    need: `A random-walker check needs ${name} with ${rank} axes`,
    fix: 'Give the folder of a complete random-walker golden',
  });
}
