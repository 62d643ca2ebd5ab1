/**
 * @file What is fuzzed: for every reader a sound input, which damaged copies are made of, and the call that reads it. An
 * input is a folder, as some readers take one; one of its files is damaged at a time.
 */
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { deflateSync, gzipSync } from 'node:zlib';
import sharp from 'sharp';
import { readableFormats, writableFormats } from '../../src/annotations/formats.ts';
import { findImagesIn } from '../../src/annotations/image-finder.ts';
import { labelMapVolume } from '../../src/annotations/label-map-volume.ts';
import type { AnnotationSet } from '../../src/annotations/types.ts';
import { createRng } from '../../src/base/rng.ts';
import { dataSchema } from '../../src/dataset/config.ts';
import { sideFinder } from '../../src/dataset/laterality.ts';
import { buildModel } from '../../src/graph/build.ts';
import { readModel, writeModel } from '../../src/graph/onnx/file.ts';
import type { OnnxModel } from '../../src/graph/onnx/model.ts';
import { input } from '../../src/graph/tensor.ts';
import { encodeGreyPng } from '../../src/imaging/write.ts';
import { encodeRle, rleFromString, rleToString } from '../../src/masks/rle.ts';
import { encodeNifti } from '../../src/nifti/nifti.ts';
import {
  constantSource,
  initializeWeights,
  listParameters,
  type ParameterSource,
} from '../../src/nn/parameters.ts';
import { unet } from '../../src/nn/unet.ts';
import { describeConfig } from '../../src/pipeline/describe-config.ts';
import { loadConfig } from '../../src/pipeline/load-config.ts';
import { readDecisions } from '../../src/review/decision-journal.ts';
import { loadSamCheckpoint } from '../../src/sam/checkpoint.ts';
import { openEmbeddingStore } from '../../src/sam/store.ts';
import { elementCount, float32 } from '../../src/tensor/array.ts';
import { bytesSource } from '../../src/tensor/byte-source.ts';
import { PickleDict, unpickle } from '../../src/tensor/pickle.ts';
import { readPth } from '../../src/tensor/pth.ts';
import { encodeSafetensors, readSafetensors } from '../../src/tensor/safetensors.ts';
import { openZip } from '../../src/tensor/zip.ts';
import { DICOM_TARGETS } from './dicom-targets.ts';
import {
  FIXTURE,
  grey,
  HEIGHT,
  image,
  NothingRead,
  readWholeImage,
  type Target,
  WIDTH,
  wide,
  written,
} from './target.ts';

const picture = () =>
  sharp(grey, { raw: { height: HEIGHT, width: WIDTH, channels: 1 } }).toColourspace('b-w');

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

/** A segmentation of 3D Slicer, which Packmule reads and does not write. */
const slicer: Target = {
  name: 'segmentation of 3D Slicer',
  kind: 'bytes',
  make: async (folder) => {
    const keys =
      'Segment0_LabelValue:=1\nSegment0_Name:=Radius\nSegment1_LabelValue:=2\nSegment1_Name:=Ulna\n';
    const head = `NRRD0004\ntype: uchar\ndimension: 3\nsizes: 6 5 4\nencoding: gzip\n${keys}\n`;
    const labels = Uint8Array.from({ length: 120 }, (_, i) => (i * 7) % 3);
    await written(folder, 'a.seg.nrrd', withHead(head, gzipSync(labels)));
    return folder;
  },
  read: async (path) => requireSound(await labelMapVolume.read(path)),
};

const writtenFormats = readableFormats.filter(({ id }) => writableFormats.some((format) => format.id === id));

const annotations: readonly Target[] = writtenFormats.map((format) => ({
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

function requireCount(shape: readonly number[], count: number): void {
  if (elementCount(shape) !== count) throw new Error(`${count} numbers in ${shape.join(' x ')}`);
}

/** A network of a few layers, and words about it. */
function smallNetwork(): OnnxModel {
  const config = { inputChannels: 1, outputChannels: 2, base: 2, levels: 2, coordinates: true };
  const build = (source: ParameterSource) => unet(config, source, input('x', [1, 1, 6, 4]));
  const values = initializeWeights(listParameters(build), createRng(1));
  return buildModel({ y: build(constantSource(values)) }, { metadata: { classes: '["ulna"]' } });
}

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
      for (const { shape, data } of (await readSafetensors(path)).values()) {
        requireCount(shape, data.length);
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
    name: 'config.json of a model',
    kind: 'text',
    spared: /\.pth$/,
    make: async (folder) => {
      await written(folder, 'config.json', readFile(join(dirname(FIXTURE), 'config.json')));
      return written(folder, 'a.pth', readFile(FIXTURE));
    },
    read: async (path) => {
      await loadSamCheckpoint(path);
    },
  },
  {
    name: 'stored embeddings',
    kind: 'bytes',
    make: async (folder) => {
      await openEmbeddingStore(folder).put('model', 'image', {
        embedding: float32([1, 2, 3], [1, 2, 3, 4, 5, 6]),
      });
      return folder;
    },
    read: async (folder) => {
      const features = await openEmbeddingStore(folder).get('model', 'image', { embedding: [1, 2, 3] });
      if (features === undefined) throw new NothingRead();
      for (const { shape, data } of Object.values(features)) requireCount(shape, data.length);
    },
  },
  {
    name: 'ONNX',
    kind: 'bytes',
    make: async (folder) => {
      const path = join(folder, 'a.onnx');
      await writeModel(path, smallNetwork());
      return path;
    },
    read: async (path) => {
      for (const { shape, data } of (await readModel(path)).initializers.values()) {
        requireCount(shape, data.length);
      }
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
    name: 'table of sides',
    kind: 'text',
    make: (folder) => written(folder, 'sides.csv', 'image,side\na.png,L\n"b, c.png";R,R\n'),
    read: async (path) => {
      const { laterality } = dataSchema.parse({ root: '.', laterality: { from: { csv: basename(path) } } });
      await sideFinder(laterality, dirname(path));
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

export const TARGETS: readonly Target[] = [
  ...images,
  ...DICOM_TARGETS,
  ...annotations,
  slicer,
  ...weights,
  ...texts,
];

/** An image file of somebody's own. */
export function fileTarget(file: string): Target {
  return image(file, `a${/(\.nii)?\.[^./\\]*$/.exec(file)?.[0] ?? ''}`, () => readFile(file));
}
