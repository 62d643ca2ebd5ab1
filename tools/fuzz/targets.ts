/**
 * @file What is fuzzed: for every reader a sound input, which damaged copies are made of, and the call that reads it. An
 * input is a folder, as some readers take one; one of its files is damaged at a time.
 */
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { deflateSync, gzipSync } from 'node:zlib';
import sharp from 'sharp';
import { readableFormats, writableFormats } from '../../src/annotations/formats.ts';
import { findImagesIn } from '../../src/annotations/image-finder.ts';
import type { AnnotationSet } from '../../src/annotations/types.ts';
import { createRng } from '../../src/base/rng.ts';
import { readImage } from '../../src/imaging/read.ts';
import { encodeGreyPng } from '../../src/imaging/write.ts';
import { encodeRle, rleFromString, rleToString } from '../../src/masks/rle.ts';
import { encodeNifti } from '../../src/nifti/nifti.ts';
import { describeConfig } from '../../src/pipeline/describe-config.ts';
import { loadConfig } from '../../src/pipeline/load-config.ts';
import { readDecisions } from '../../src/review/decision-journal.ts';
import { float32 } from '../../src/tensor/array.ts';
import { bytesSource } from '../../src/tensor/byte-source.ts';
import { PickleDict, PickleError, unpickle } from '../../src/tensor/pickle.ts';
import { readPth } from '../../src/tensor/pth.ts';
import { encodeSafetensors, readSafetensors } from '../../src/tensor/safetensors.ts';
import { openZip } from '../../src/tensor/zip.ts';
import type { Kind } from './mutate.ts';

export interface Target {
  readonly name: string;
  readonly kind: Kind;
  /** Writes a sound input into an empty folder and returns the path that is read. */
  make(folder: string): Promise<string>;
  /** Files that are not damaged. */
  readonly spared?: RegExp;
  /** Reads it, and throws an Error where what comes out contradicts itself. */
  read(path: string): Promise<void>;
}

const [HEIGHT, WIDTH] = [24, 30];
const grey = Uint8Array.from({ length: HEIGHT * WIDTH }, (_, i) => (i * 7) % 256);
const wide = Uint16Array.from(grey, (value) => value * 200);
const picture = () =>
  sharp(grey, { raw: { height: HEIGHT, width: WIDTH, channels: 1 } }).toColourspace('b-w');

export async function readWholeImage(path: string): Promise<void> {
  const { data, height, width } = await readImage(path);
  if (data.length !== height * width) throw new Error(`${data.length} pixels for ${width} x ${height}`);
}

const image = (name: string, file: string, encode: () => Promise<Uint8Array> | Uint8Array): Target => ({
  name,
  kind: 'bytes',
  read: readWholeImage,
  make: (folder) => written(folder, file, encode()),
});

async function written(folder: string, file: string, content: Promise<Uint8Array> | Uint8Array | string) {
  const path = join(folder, file);
  await writeFile(path, await content);
  return path;
}

const META = (packing: string, data: string): string =>
  `ObjectType = Image\nNDims = 2\nBinaryData = True\nBinaryDataByteOrderMSB = False\nCompressedData = ${packing}\nDimSize = ${WIDTH} ${HEIGHT}\nElementSpacing = 0.2 0.2\nElementType = MET_USHORT\nElementDataFile = ${data}\n`;
const NRRD = (encoding: string, more = ''): string =>
  `NRRD0004\n# a comment\ntype: ushort\ndimension: 2\nsizes: ${WIDTH} ${HEIGHT}\nspace directions: (0.2,0) (0,0.2)\nkinds: domain domain\nendian: little\nencoding: ${encoding}\n${more}\n`;
const values = new Uint8Array(wide.buffer);
const withHead = (head: string, data: Uint8Array): Uint8Array => Buffer.concat([Buffer.from(head), data]);

/** Header and values in two files, both of which are damaged. */
const detached = (name: string, header: string, text: string, file: string): Target => ({
  name,
  kind: 'bytes',
  read: readWholeImage,
  make: async (folder) => {
    await writeFile(join(folder, file), values);
    return written(folder, header, text);
  },
});

const images: readonly Target[] = [
  image('PNG', 'a.png', () => picture().png().toBuffer()),
  image('palette PNG', 'a.png', () => picture().png({ palette: true }).toBuffer()),
  image('JPEG', 'a.jpg', () => picture().jpeg().toBuffer()),
  image('TIFF', 'a.tif', () => picture().tiff({ compression: 'none' }).toBuffer()),
  image('compressed TIFF', 'a.tif', () => picture().tiff({ compression: 'lzw' }).toBuffer()),
  image('NIfTI', 'a.nii', () => encodeNifti(wide, [WIDTH, HEIGHT], [1, 1], false)),
  image('compressed NIfTI', 'a.nii.gz', () => encodeNifti(wide, [WIDTH, HEIGHT], [1, 1])),
  image('MetaImage', 'a.mha', () => withHead(META('False', 'LOCAL'), values)),
  image('compressed MetaImage', 'a.mha', () => withHead(META('True', 'LOCAL'), deflateSync(values))),
  detached('detached MetaImage', 'a.mhd', META('False', 'a.raw'), 'a.raw'),
  image('NRRD', 'a.nrrd', () => withHead(NRRD('raw'), values)),
  image('compressed NRRD', 'a.nrrd', () => withHead(NRRD('gzip'), gzipSync(values))),
  detached('detached NRRD', 'a.nhdr', NRRD('raw', 'data file: a.raw\n'), 'a.raw'),
];

/** Two images with two classes each, without overlaps. */
function smallSet(): AnnotationSet {
  const rng = createRng(7);
  const annotated = ['a.png', 'b.png'].map((fileName) => {
    const [height, width] = [6, 5];
    const labels = Array.from({ length: height * width }, () => rng.below(3));
    const structures = [1, 2].map((value) => ({
      classIndex: value - 1,
      rle: encodeRle({ height, width, data: Uint8Array.from(labels, (label) => (label === value ? 1 : 0)) }),
    }));
    return { fileName, height, width, structures };
  });
  return { classes: ['Radius', 'Ulna'], images: annotated };
}

/** Masks of the size of their image, and of classes that there are. */
function requireSound({ classes, images: annotated }: AnnotationSet): void {
  for (const { width, height, structures } of annotated) {
    for (const { classIndex, rle } of structures) {
      const total = rle.counts.reduce((sum, run) => sum + run, 0);
      if (
        classIndex < classes.length &&
        rle.width === width &&
        rle.height === height &&
        total === width * height
      )
        continue;
      throw new Error(`a mask of class ${classIndex} covers ${total} pixels of ${width} x ${height}`);
    }
  }
}

const annotations: readonly Target[] = readableFormats.map((format) => ({
  name: format.id,
  kind: 'text',
  // Pictures beside the annotations have fuzz of their own.
  spared: /images(Tr)?[\\/]/,
  make: async (folder) => {
    const set = smallSet();
    await mkdir(join(folder, 'images'));
    for (const { fileName, height, width } of set.images) {
      const black = { height, width, bits: 8, data: new Uint8Array(height * width) } as const;
      await writeFile(join(folder, 'images', fileName), await encodeGreyPng(black));
    }
    const path = join(folder, `set${format.place === 'folder' ? '' : format.place}`);
    const writer = writableFormats.find(({ id }) => id === format.id)!;
    await writer.write(path, set, writer.needsImages && (await findImagesIn(join(folder, 'images'))));
    return path;
  },
  read: async (path) => requireSound(await format.read(path)),
}));

const FIXTURE = fileURLToPath(
  new URL(
    `${import.meta.url.includes('/dist/') ? '../../..' : '../..'}/test/reference/fixtures/mobile-sam/model.pth`,
    import.meta.url,
  ),
);

const weights: readonly Target[] = [
  {
    name: 'safetensors',
    kind: 'bytes',
    make: (folder) =>
      written(
        folder,
        'a.safetensors',
        encodeSafetensors(
          new Map([
            ['a', float32([2, 3], [1, 2, 3, 4, 5, 6])],
            ['b.c', float32([4], [1, 2, 3, 4])],
          ]),
          {
            key: 'value',
          },
        ),
      ),
    read: async (path) => {
      for (const [name, { shape, data }] of await readSafetensors(path)) {
        const count = shape.reduce((product, size) => product * size, 1);
        if (count !== data.length)
          throw new Error(`${data.length} numbers in ${name} of ${shape.join(' x ')}`);
      }
    },
  },
  {
    name: 'PyTorch zip',
    kind: 'bytes',
    make: (folder) => written(folder, 'a.pth', readFile(FIXTURE)),
    read: async (path) => {
      await readPth(path);
    },
  },
  {
    // The checksums of the zip keep most damage from ever getting here.
    name: 'pickle',
    kind: 'bytes',
    make: async (folder) => {
      const zip = await openZip(bytesSource(await readFile(FIXTURE), 'fixture'));
      const entry = [...zip.entries.values()].find(({ name }) => name.endsWith('data.pkl'))!;
      return written(folder, 'data.pkl', await zip.read(entry));
    },
    read: async (path) => {
      unpickle(await readFile(path), {
        checkGlobal: () => undefined,
        call: (name) => (name === 'collections.OrderedDict' ? new PickleDict() : null),
        persistent: () => null,
      });
    },
  },
];

const [size, runs] = [{ height: 6, width: 5 }, smallSet().images[0]!.structures[0]!.rle];
const decision = {
  number: 1,
  image: 'a',
  className: 'Ulna',
  verdict: 'accepted',
  counts: rleToString(runs),
  by: 'x',
  time: '',
};

const texts: readonly Target[] = [
  {
    name: 'packmule.yaml',
    kind: 'text',
    make: (folder) =>
      written(
        folder,
        'packmule.yaml',
        describeConfig({ name: 'a', data: { root: '.' }, training: { epochs: 3, inputSize: [64, 64] } }),
      ),
    read: async (path) => {
      await loadConfig(path);
    },
  },
  {
    name: 'review journal',
    kind: 'text',
    make: (folder) =>
      written(
        folder,
        'decisions.jsonl',
        [1, 2].map((number) => `${JSON.stringify({ ...decision, number })}\n`).join(''),
      ),
    read: async (path) => {
      for (const { counts } of await readDecisions(path)) {
        if (counts !== undefined) rleFromString(counts, size);
      }
    },
  },
  {
    name: 'run lengths',
    kind: 'text',
    make: (folder) => written(folder, 'runs.txt', rleToString(runs)),
    read: async (path) => {
      const { counts } = rleFromString((await readFile(path)).toString('latin1'), size);
      if (counts.reduce((sum, run) => sum + run, 0) !== 30) throw new Error('runs that do not fill the mask');
    },
  },
];

export const TARGETS: readonly Target[] = [...images, ...annotations, ...weights, ...texts];

/** An image file of somebody's own. */
export function fileTarget(file: string): Target {
  return image(file, `a${/(\.nii)?\.[^./\\]*$/.exec(file)?.[0] ?? ''}`, () => readFile(file));
}

/** Errors with which a reader refuses without being a PackmuleError: its caller names the file. */
export function isRefusal(error: unknown): boolean {
  return error instanceof PickleError;
}
