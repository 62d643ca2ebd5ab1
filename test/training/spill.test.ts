import { readdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { RunError } from '../../src/base/errors.ts';
import { openSpill } from '../../src/training/spill.ts';
import { temporaryFolder } from '../temporary.ts';

describe('arrays that memory need not hold', () => {
  it('come back as they were, whatever fits into memory, in any order', async () => {
    const folder = await temporaryFolder();
    fc.assert(
      fc.property(
        fc.array(fc.oneof(fc.uint8Array(), fc.float32Array()), { maxLength: 30 }),
        fc.integer({ min: 0, max: 60 }),
        (arrays, held) => {
          const spill = openSpill(folder, held);
          const back = arrays.map((array) =>
            array instanceof Float32Array ? spill.floats(array) : spill.bytes(array),
          );
          const originals = arrays.map((array) => array.slice());
          back.forEach((read, i) => {
            expect(read()).toEqual(originals[i]);
          });
          back.reverse().forEach((read, i) => {
            expect(read()).toEqual(originals.at(-1 - i));
          });
          spill.close();
        },
      ),
    );
  });

  it('that are a part of a larger buffer come back alone', async () => {
    const whole = Float32Array.from([1, 2, 3, 4, 5]);
    const spill = openSpill(await temporaryFolder(), 0);
    expect(spill.floats(whole.subarray(1, 3))()).toEqual(Float32Array.from([2, 3]));
    spill.close();
  });

  it('leave no file behind, not even while they are used', async () => {
    const folder = await temporaryFolder();
    const spill = openSpill(join(folder, 'new'), 0);
    const read = spill.bytes(Uint8Array.of(1, 2, 3));
    expect(await readdir(folder, { recursive: true })).toEqual(['new']);
    expect(read()).toEqual(Uint8Array.of(1, 2, 3));
    spill.close();
  });

  it('say so where they cannot be written', async () => {
    const file = join(await temporaryFolder(), 'file');
    await writeFile(file, '');
    expect(() => openSpill(file, 0).bytes(Uint8Array.of(1))).toThrow(RunError);
  });
});
