/** Damaged and hostile files: every reader gives what is right, or an AnnotationError, and soon. */
import { readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import { readableFormats, writableFormats } from '../../src/annotations/formats.ts';
import { readAnnotations } from '../../src/annotations/read.ts';
import type { AnnotationSet } from '../../src/annotations/types.ts';
import { AnnotationError } from '../../src/base/errors.ts';
import { createRng, type Rng } from '../../src/base/rng.ts';
import { encodeRle } from '../../src/masks/rle.ts';
import { useFolder } from '../pipeline/folder.ts';
import { writeSet } from './sets.ts';

const inFolder = useFolder();
const MUTANTS = 300;

/** Two images with two classes each. */
function smallSet(): AnnotationSet {
  const rng = createRng(7);
  const images = ['a.png', 'b.png'].map((fileName) => {
    const [height, width] = [6, 5];
    const labels = Array.from({ length: height * width }, () => rng.below(3));
    const structures = [1, 2].map((value) => ({
      classIndex: value - 1,
      rle: encodeRle({ height, width, data: Uint8Array.from(labels, (label) => (label === value ? 1 : 0)) }),
    }));
    return { fileName, height, width, structures };
  });
  return { classes: ['Radius', 'Ulna'], images };
}

/** What damage and malice do to a file. */
const MUTATIONS: readonly ((bytes: Buffer, rng: Rng) => Buffer)[] = [
  (bytes, rng) => {
    bytes[place(bytes, rng)] = rng.below(256);
    return bytes;
  },
  (bytes, rng) => bytes.subarray(0, place(bytes, rng)),
  (bytes, rng) => {
    const [from, to] = [place(bytes, rng), place(bytes, rng)].sort((a, b) => a - b) as [number, number];
    return Buffer.concat([bytes.subarray(0, from), bytes.subarray(to)]);
  },
  (bytes, rng) => {
    const [from, to] = [place(bytes, rng), place(bytes, rng)].sort((a, b) => a - b) as [number, number];
    return Buffer.concat([bytes.subarray(0, to), bytes.subarray(from)]);
  },
  // Another number in the place of one, or another word in the place of one.
  (bytes, rng) => replaced(bytes, rng, /-?\d+(\.\d+)?/g, NUMBERS),
  (bytes, rng) => replaced(bytes, rng, /\b[A-Za-z]\w*\b/g, WORDS),
];
const NUMBERS = ['-1', '0', '1e999', '99999999', '2147483648', '1.5', '9007199254740993', '""', 'null', '[]'];
const WORDS = ['', '__proto__', 'constructor', '../../x', 'a\0b', 'null', 'Ulna', 'x'.repeat(5000)];

function place(bytes: Buffer, rng: Rng): number {
  return rng.below(bytes.length);
}

function replaced(bytes: Buffer, rng: Rng, pattern: RegExp, values: readonly string[]): Buffer {
  const text = bytes.toString('latin1');
  const matches = [...text.matchAll(pattern)];
  if (matches.length === 0) return bytes;
  const { index, 0: found } = matches[rng.below(matches.length)]!;
  const value = values[rng.below(values.length)]!;
  return Buffer.from(text.slice(0, index) + value + text.slice(index + found.length), 'latin1');
}

async function filesUnder(path: string): Promise<string[]> {
  const entries = await readdir(path, { withFileTypes: true, recursive: true }).catch(() => undefined);
  if (entries === undefined) return [path];
  return entries
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name))
    .sort();
}

/** A set that can be worked with: masks of the size of their image. */
function expectWhole({ classes, images }: AnnotationSet): void {
  for (const { width, height, structures } of images) {
    for (const { classIndex, rle } of structures) {
      expect(classIndex).toBeLessThan(classes.length);
      expect([rle.width, rle.height]).toEqual([width, height]);
      expect(rle.counts.reduce((sum, run) => sum + run, 0)).toBe(width * height);
    }
  }
}

describe.each(readableFormats)('$name', (format) => {
  it(`reads ${MUTANTS} damaged copies, or names what is wrong`, async () => {
    const path = inFolder(`set${format.place === 'folder' ? '' : format.place}`);
    await writeSet(writableFormats.find(({ id }) => id === format.id)!, path, smallSet(), inFolder('images'));
    const files = (await filesUnder(path)).filter((file) => !file.includes('imagesTr'));
    const rng = createRng(11);
    let refused = 0;
    for (let i = 0; i < MUTANTS; i++) {
      const file = files[rng.below(files.length)]!;
      const good = await readFile(file);
      const mutate = MUTATIONS[i % MUTATIONS.length]!;
      await writeFile(file, mutate(Buffer.from(good), rng));
      try {
        expectWhole(await format.read(path));
      } catch (error) {
        if (!(error instanceof AnnotationError)) throw error;
        refused++;
      }
      await writeFile(file, good);
    }
    expect(refused).toBeGreaterThan(MUTANTS / 5);
  }, 300_000);
});

describe('malice', () => {
  const refuses = async (name: string, content: string | Uint8Array, message: RegExp): Promise<void> => {
    await writeFile(inFolder(name), content);
    await expect(readAnnotations(inFolder(name))).rejects.toThrow(AnnotationError);
    await expect(readAnnotations(inFolder(name))).rejects.toThrow(message);
  };

  it('of entities is refused before they are expanded', async () => {
    const lol = Array.from({ length: 9 }, (_, i) => `<!ENTITY e${i + 1} "${`&e${i};`.repeat(10)}">`).join('');
    const bomb = `<?xml version="1.0"?><!DOCTYPE annotations [<!ENTITY e0 "lol">${lol}]><annotations>&e9;</annotations>`;
    await refuses('bomb.xml', bomb, /document type/);
  });

  it('of deep and of wide XML is refused', async () => {
    await refuses(
      'deep.xml',
      `<annotations>${'<a>'.repeat(1e5)}${'</a>'.repeat(1e5)}</annotations>`,
      /not valid XML/,
    );
    await refuses('wide.xml', `<annotations>${'<a/>'.repeat(5e6)}</annotations>`, /more elements than fit/);
  });

  it('of deep and of wide JSON is refused, whatever format it pretends', async () => {
    const deep = '['.repeat(1e6);
    await refuses('coco.json', `{"images":${deep}`, /more than 200 deep/);
    await refuses('tasks.json', `[{"data":${deep}`, /more than 200 deep/);
    await refuses('labelme.json', `{"shapes":${deep}`, /more than 200 deep/);
    await refuses('nnunet.json', `{"channel_names":${deep}`, /more than 200 deep/);
    await refuses('many.json', `{"shapes":[${'{},'.repeat(1e7)}`, /more values than fit/);
  });

  it('of runs and sizes that lie is refused', async () => {
    const image = { id: 1, file_name: 'a.png', width: 10_000, height: 10_000 };
    const annotation = { image_id: 1, category_id: 1, segmentation: { size: [10_000, 10_000], counts: '' } };
    const coco = (counts: unknown): string =>
      JSON.stringify({
        images: [image],
        categories: [{ id: 1, name: 'a' }],
        annotations: [{ ...annotation, segmentation: { size: [10_000, 10_000], counts } }],
      });
    await refuses('long.json', coco('o'.repeat(1e6)), /too long/);
    await refuses('over.json', coco([4e9]), /overrun/);
    const mask = '<mask label="a" rle="4000000000" left="0" top="0" width="10000" height="10000"></mask>';
    const cvat = `<annotations><image name="a.png" width="10000" height="10000">${mask}</image></annotations>`;
    await refuses('over.xml', cvat, /overrun/);
  });

  it('of archives that swell is refused', async () => {
    const bomb = gzipSync(Buffer.alloc(50_000_000));
    await writeFile(inFolder('a.nii.gz'), bomb);
    await writeFile(inFolder('classes.txt'), 'a\n');
    await expect(readAnnotations(inFolder())).rejects.toThrow(/no NIfTI-1 file/);
  });
});
