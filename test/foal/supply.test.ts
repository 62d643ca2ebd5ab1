import { describe, expect, it } from 'vitest';
import { TrainingError } from '../../src/base/errors.ts';
import type { InstanceSource } from '../../src/dataset/instances/types.ts';
import { openSupply } from '../../src/foal/supply.ts';
import { emptyMask } from '../../src/masks/mask.ts';
import { triangles } from './scenes.ts';

const config = { imageSize: 64 };

describe('the supply of training images', () => {
  it('gives the same image for a number, whatever was asked before', async () => {
    const options = { sources: [triangles, triangles], config, count: 2, seed: 4 };
    const [ordered, jumping] = [openSupply(options), openSupply(options)];
    const images = [];
    for (let index = 0; index < 60; index++) images.push(await ordered(index));
    for (const index of [59, 3, 40, 41, 0, 17]) expect(await jumping(index)).toEqual(images[index]);
    expect(new Set(images.map(({ pixels }) => pixels.join())).size).toBe(60);
  });

  it('draws an image once for all its views', async () => {
    let drawn = 0;
    const counted: InstanceSource = {
      name: 'counted',
      sample: (rng) => {
        drawn++;
        return triangles.sample(rng);
      },
    };
    const supply = openSupply({ sources: [counted], config, count: 1, seed: 1 });
    for (let index = 0; index < 48; index++) await supply(index);
    expect(drawn).toBeLessThan(24);
  });

  it('gives up a source that shows nothing', async () => {
    const size = { height: 32, width: 32 };
    const image = { ...size, bits: 8, data: new Uint8Array(1024) } as const;
    const empty: InstanceSource = {
      name: 'specks',
      sample: async () => {
        const speck = emptyMask(size);
        speck.data[5] = 1;
        return { image, objects: [speck] };
      },
    };
    const supply = openSupply({ sources: [triangles, empty], config, count: 1, seed: 1 });
    await expect(supply(0)).resolves.toBeDefined();
    await expect(supply(1)).rejects.toThrow(TrainingError);
    await expect(supply(1)).rejects.toThrow('specks');
  });
});
