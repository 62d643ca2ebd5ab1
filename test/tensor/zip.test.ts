import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { CheckpointError } from '../../src/base/errors.ts';
import { bytesSource } from '../../src/tensor/byte-source.ts';
import { openZip } from '../../src/tensor/zip.ts';
import { buildZip, type ZipPart } from './build-zip.ts';

async function unzip(bytes: Uint8Array): Promise<Record<string, number[]>> {
  const archive = await openZip(bytesSource(bytes, 'weights.pth'));
  const out: Record<string, number[]> = {};
  for (const entry of archive.entries.values()) out[entry.name] = [...(await archive.read(entry))];
  return out;
}

const text = (value: string): Uint8Array => new TextEncoder().encode(value);

test('stored and deflated entries, plain and zip64, are unpacked', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.uniqueArray(
        fc.record({
          name: fc.string({ minLength: 1, maxLength: 8 }),
          bytes: fc.uint8Array({ maxLength: 64 }),
          deflate: fc.boolean(),
        }),
        { selector: (part) => part.name, maxLength: 4 },
      ),
      fc.boolean(),
      async (parts, zip64) => {
        const unzipped = await unzip(buildZip(parts, { zip64 }));
        expect(unzipped).toEqual(Object.fromEntries(parts.map(({ name, bytes }) => [name, [...bytes]])));
      },
    ),
  );
});

describe('what is out of order is an error that names the file', () => {
  const part = (lie: ZipPart['lie'], deflate = false): ZipPart => ({
    name: 'a',
    bytes: text('hello'),
    deflate,
    lie: lie!,
  });
  const bomb: ZipPart = { name: 'bomb', bytes: new Uint8Array(2 ** 22), deflate: true };
  test.each([
    ['no zip', text('not a zip archive at all, whatever its name'), /no zip directory/],
    ['cut off', buildZip([part({})]).slice(0, -30), /no zip directory/],
    ['wrong checksum', buildZip([part({ crc: 1 })]), /a with a wrong checksum/],
    ['encrypted', buildZip([part({ flags: 1 })]), /a encrypted/],
    ['unknown method', buildZip([part({ method: 14 })]), /method 14/],
    ['two sizes', buildZip([part({ size: 6 })]), /two sizes for a/],
    ['unpacks to more than it says', buildZip([part({ size: 3 }, true)]), /cannot be unpacked to 3/],
    ['unpacks to less than it says', buildZip([part({ size: 9 }, true)]), /to 5 bytes, not 9/],
    ['deflate bomb', buildZip([bomb]), /unpacks bomb from/],
    ['entry outside', buildZip([part({ offset: 1000 })]), /a where it overlaps/],
    [
      'entries that share bytes',
      buildZip([part({}), { name: 'b', bytes: text('hello'), lie: { offset: 0 } }]),
      /overlaps/,
    ],
    ['entry twice', buildZip([part({}), part({})]), /a twice/],
    ['packed data too long', buildZip([part({ size: 100, packedSize: 100 })]), /overlaps/],
  ])('%s', async (_, bytes, message) => {
    const reading = unzip(bytes);
    await expect(reading).rejects.toBeInstanceOf(CheckpointError);
    await expect(reading).rejects.toThrow(message);
    await expect(reading).rejects.toThrow('weights.pth');
  });

  test('no mangled archive is anything but a CheckpointError', async () => {
    const good = buildZip([part({}), { name: 'b', bytes: text('hello hello'), deflate: true }], {
      zip64: true,
    });
    await fc.assert(
      fc.asyncProperty(fc.nat({ max: good.length - 1 }), fc.nat({ max: 255 }), async (at, value) => {
        const bytes = good.slice();
        bytes[at] = value;
        try {
          await unzip(bytes);
        } catch (error) {
          expect(error).toBeInstanceOf(CheckpointError);
        }
      }),
      { numRuns: 500 },
    );
  });
});
