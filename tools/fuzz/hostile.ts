/** @file Inputs that are made to do harm, each read once as it is: deep and wide texts, files that swell, heads that lie. */
import { open, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { deflateSync, gzipSync } from 'node:zlib';
import { readAnnotations } from '../../src/annotations/read.ts';
import { loadConfig } from '../../src/pipeline/load-config.ts';
import { readDecisions } from '../../src/review/decision-journal.ts';
import { readSafetensors } from '../../src/tensor/safetensors.ts';
import { HOSTILE_FILES } from './hostile-files.ts';
import { type Hostile, readWholeImage } from './target.ts';

const LONG = 100e6;

type Parts = readonly [start: string, part: string, end?: string];

/** `part` over and over after `start`, so many bytes, written in pieces. */
async function repeated(path: string, [start, part, end = '']: Parts, length: number): Promise<string> {
  const file = await open(path, 'w');
  try {
    await file.write(start);
    const piece = part.repeat(Math.ceil(1e6 / part.length));
    for (let done = 0; done < length; done += piece.length) await file.write(piece);
    await file.write(end);
  } finally {
    await file.close();
  }
  return path;
}

/** Keys of which no two are the same. */
const differentKeys = (length: number): string =>
  Array.from({ length: length / 12 }, (_, i) => `"${i.toString(36).padStart(7, 'k')}":1`).join();

const text = (
  name: string,
  file: string,
  parts: Parts,
  read: Hostile['read'] = readAnnotations,
  length = LONG,
): Hostile => ({
  name,
  read,
  make: (folder) => repeated(join(folder, file), parts, length),
});

const bytes = (
  name: string,
  file: string,
  content: () => Uint8Array | string,
  read: Hostile['read'],
): Hostile => ({
  name,
  read,
  make: async (folder) => {
    const path = join(folder, file);
    await writeFile(path, content());
    return path;
  },
});

const DEEP: readonly (readonly [name: string, start: string])[] = [
  ['COCO', '{"images":'],
  ['labelme', '{"version":"5","shapes":'],
  ['Label Studio', '[{"data":'],
  ['nnU-Net', '{"channel_names":'],
];

const COCO_MASK =
  '{"categories":[{"id":1,"name":"a"}],"images":[{"id":1,"file_name":"a.png","width":9,"height":9}],"annotations":[{"image_id":1,"category_id":1,"segmentation":';
const CVAT_POLYGON = '<annotations><image name="a" width="9" height="9"><polygon label="a" points="';
const CVAT_END = '"/></image></annotations>';
const LABEL_STUDIO_MASK =
  '[{"data":{"image":"a.png"},"annotations":[{"result":[{"type":"brushlabels","original_width":9,"original_height":9,"value":{"brushlabels":["a"],"rle":[';

const ENTITIES = Array.from({ length: 9 }, (_, i) => `<!ENTITY e${i + 1} "${`&e${i};`.repeat(10)}">`).join(
  '',
);
const bomb = (): Uint8Array => Buffer.alloc(60e6);
const META =
  'ObjectType = Image\nNDims = 2\nBinaryData = True\nCompressedData = True\nDimSize = 4 4\nElementType = MET_UCHAR\nElementDataFile = LOCAL\n';
const NRRD = 'NRRD0004\ntype: uchar\ndimension: 2\nsizes: 4 4\nencoding: gzip\n\n';
const swelling = (head: string, packed: Uint8Array): Uint8Array => Buffer.concat([Buffer.from(head), packed]);

/** A head of 8 bytes that claims so many bytes of JSON. */
function safetensorsHead(length: bigint, json: string): Uint8Array {
  const head = Buffer.alloc(8);
  head.writeBigUInt64LE(length);
  return Buffer.concat([head, Buffer.from(json)]);
}

export const HOSTILE: readonly Hostile[] = [
  ...HOSTILE_FILES,
  ...DEEP.map(([name, start]) => text(`deep ${name}`, 'a.json', [start, '['])),
  ...DEEP.map(([name, start]) => text(`wide ${name}`, 'a.json', [`${start}[`, '{},', '{}]}'])),
  text('wide numbers in COCO', 'a.json', ['{"images":[', '1,', '1]}']),
  text('a long word in COCO', 'a.json', ['{"images":["', 'x', '"]}']),
  text('a long polygon in COCO', 'a.json', [`${COCO_MASK}[[`, '1.5,2.5,', '1,1]]}]}']),
  text('wide words in a mask of COCO', 'a.json', [`${COCO_MASK}[[`, '"a",', '1]]}]}']),
  text('wide runs in COCO', 'a.json', [`${COCO_MASK}{"size":[9,9],"counts":[`, '123,', '1]}}]}']),
  text('wide bytes in Label Studio', 'a.json', [LABEL_STUDIO_MASK, '256,', '1]}}]}]}]']),
  bytes('different keys in COCO', 'a.json', () => `{"images":{${differentKeys(LONG)}}}`, readAnnotations),
  text('deep CVAT', 'a.xml', ['<annotations>', '<a>']),
  text('wide CVAT', 'a.xml', ['<annotations>', '<image/>', '</annotations>']),
  text('a long polygon in CVAT', 'a.xml', [CVAT_POLYGON, '1,2;', CVAT_END]),
  text(
    'a polygon as long as it may be in CVAT',
    'a.xml',
    [CVAT_POLYGON, '1,2;', CVAT_END],
    readAnnotations,
    3e6,
  ),
  text('a long attribute in CVAT', 'a.xml', ['<annotations><image name="', 'x', '"/></annotations>']),
  bytes(
    'entities in CVAT',
    'a.xml',
    () =>
      `<?xml version="1.0"?><!DOCTYPE annotations [<!ENTITY e0 "lol">${ENTITIES}]><annotations>&e9;</annotations>`,
    readAnnotations,
  ),
  // As long as one may be: texts are written in pieces of a megabyte.
  bytes('deep packmule.yaml', 'packmule.yaml', () => `data: ${'['.repeat(199_000)}`, loadConfig),
  bytes('wide packmule.yaml', 'packmule.yaml', () => `data: [${'1,'.repeat(99_000)}1]`, loadConfig),
  text('a long packmule.yaml', 'packmule.yaml', ['data: ', '['], loadConfig),
  bytes(
    'aliases in packmule.yaml',
    'packmule.yaml',
    () =>
      `a0: &a0 [x]\n${Array.from({ length: 30 }, (_, i) => `a${i + 1}: &a${i + 1} [*a${i}, *a${i}, *a${i}]\n`).join('')}`,
    loadConfig,
  ),
  text('a long line in a review journal', 'decisions.jsonl', ['{"number":', '1'], readDecisions),
  text('deep lines in a review journal', 'decisions.jsonl', ['', `${'['.repeat(9999)}\n`], readDecisions),
  bytes('swelling NIfTI', 'a.nii.gz', () => gzipSync(bomb()), readWholeImage),
  bytes('swelling MetaImage', 'a.mha', () => swelling(META, deflateSync(bomb())), readWholeImage),
  bytes('swelling NRRD', 'a.nrrd', () => swelling(NRRD, gzipSync(bomb())), readWholeImage),
  bytes(
    'a long header of safetensors',
    'a.safetensors',
    () => safetensorsHead(99_999_999n, '{}'),
    readSafetensors,
  ),
  bytes(
    'a header of safetensors without end',
    'a.safetensors',
    () => safetensorsHead(2n ** 63n, '{}'),
    readSafetensors,
  ),
  bytes(
    'tensors of safetensors that claim much',
    'a.safetensors',
    () => {
      const json = '{"a":{"dtype":"F32","shape":[1000000,1000000],"data_offsets":[0,4000000000000]}}';
      return safetensorsHead(BigInt(json.length), json);
    },
    readSafetensors,
  ),
];
