/**
 * The tables in docs/formats.md are made here: a file of each kind of image is read, and of annotations the table says what
 * the formats say of themselves.
 */
import { readFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import sharp from 'sharp';
import { expect, it } from 'vitest';
import { annotationFormats } from '../src/annotations/formats.ts';
import { CODECS } from '../src/dicom/codecs.ts';
import { dicomReader } from '../src/dicom/reader.ts';
import { jpegReader, pngReader, tiffReader } from '../src/imaging/picture.ts';
import { decodeImage } from '../src/imaging/read.ts';
import type { ImageReader } from '../src/imaging/reader.ts';
import { encodeNifti } from '../src/nifti/nifti.ts';
import { niftiReader } from '../src/nifti/reader.ts';
import { metaImageReader, nrrdReader } from '../src/volumes/reader.ts';
import { VALUE_BYTES, type ValueType } from '../src/volumes/values.ts';
import { BIG_ENDIAN, DEFLATED, dicomFile, EXPLICIT, greyTags, IMPLICIT } from '../tools/fuzz/dicom-files.ts';
import { metaImage, nrrd } from './volumes/files.ts';

const PAGE = fileURLToPath(new URL('../docs/formats.md', import.meta.url));

/** A kind of file, and how one of four pixels is made. */
type Kind = readonly [name: string, make: () => Promise<Uint8Array> | Uint8Array];

const picture = (channels: 1 | 2 | 3 | 4, bits: 8 | 16) => {
  const count = 4 * channels;
  const data = bits === 8 ? new Uint8Array(count).fill(9) : new Uint16Array(count).fill(900);
  const image = sharp(data, { raw: { width: 2, height: 2, channels } });
  if (channels > 2) return bits === 16 ? image.toColourspace('rgb16') : image;
  return image.toColourspace(bits === 16 ? 'grey16' : 'b-w');
};

const NIFTI_CODES: Readonly<Record<ValueType, number>> = {
  uint8: 2,
  int8: 256,
  uint16: 512,
  int16: 4,
  uint32: 768,
  int32: 8,
  uint64: 1280,
  int64: 1024,
  float32: 16,
  float64: 64,
};

function nifti(type: ValueType): Uint8Array {
  const width = VALUE_BYTES[type];
  const bytes = encodeNifti(new Uint8Array(4 * width), [4 * width, 1], [1, 1], false);
  const view = new DataView(bytes.buffer, bytes.byteOffset);
  view.setInt16(42, 4, true);
  view.setInt16(70, NIFTI_CODES[type], true);
  return bytes;
}

const TYPES = Object.keys(VALUE_BYTES) as ValueType[];
const volume = { dims: [2, 2], values: [1, 2, 3, 4] };

const FORMATS: readonly (readonly [name: string, reader: ImageReader, kinds: readonly Kind[]])[] = [
  [
    'PNG',
    pngReader,
    [
      ['grey of 8 bits', () => picture(1, 8).png().toBuffer()],
      ['grey of 16 bits', () => picture(1, 16).png().toBuffer()],
      ['palette', () => picture(3, 8).png({ palette: true }).toBuffer()],
      ['RGB of 8 bits', () => picture(3, 8).png().toBuffer()],
      ['RGB of 16 bits', () => picture(3, 16).png().toBuffer()],
      ['alpha', () => picture(4, 8).png().toBuffer()],
    ],
  ],
  [
    'JPEG',
    jpegReader,
    [
      ['grey', () => picture(1, 8).jpeg().toBuffer()],
      ['colour', () => picture(3, 8).jpeg().toBuffer()],
      ['progressive', () => picture(3, 8).jpeg({ progressive: true }).toBuffer()],
    ],
  ],
  [
    'TIFF',
    tiffReader,
    [
      ['grey of 8 bits', () => picture(1, 8).tiff({ compression: 'none' }).toBuffer()],
      ['grey of 16 bits', () => picture(1, 16).tiff({ compression: 'none' }).toBuffer()],
      ['RGB of 8 bits', () => picture(3, 8).tiff({ compression: 'none' }).toBuffer()],
      ['RGB of 16 bits', () => picture(3, 16).tiff({ compression: 'none' }).toBuffer()],
      ['LZW', () => picture(1, 8).tiff({ compression: 'lzw' }).toBuffer()],
      ['deflate', () => picture(1, 8).tiff({ compression: 'deflate' }).toBuffer()],
    ],
  ],
  [
    'NIfTI-1',
    niftiReader,
    [
      ...TYPES.map((type): Kind => [type, () => nifti(type)]),
      ['gzip', () => encodeNifti(Uint8Array.of(1, 2), [2, 1], [1, 1])],
    ],
  ],
  [
    'MetaImage',
    metaImageReader,
    [
      ...TYPES.map((type): Kind => [type, () => metaImage({ ...volume, type })]),
      ['big-endian', () => metaImage({ ...volume, type: 'uint16', littleEndian: false })],
      ['zlib', () => metaImage({ ...volume, type: 'uint16', compressed: true })],
    ],
  ],
  [
    'NRRD',
    nrrdReader,
    [
      ...TYPES.map((type): Kind => [type, () => nrrd({ ...volume, type })]),
      ['big-endian', () => nrrd({ ...volume, type: 'uint16', littleEndian: false })],
      ['gzip', () => nrrd({ ...volume, type: 'uint16', compressed: true })],
    ],
  ],
  ['DICOM', dicomReader, [['see below', () => dicomFile(greyTags(1, 2, Uint8Array.of(1, 2)))]]],
];

const table = (head: readonly string[], rows: readonly (readonly string[])[]): string =>
  [
    `| ${head.join(' | ')} |`,
    `|${head.map(() => '---|').join('')}`,
    ...rows.map((cells) => `| ${cells.join(' | ')} |`),
  ].join('\n');

/** The page with a table in the place that a comment marks. */
function withTable(page: string, mark: string, made: string): string {
  const marked = new RegExp(`(<!-- ${mark}: [^\\n]*-->\\n\\n)[^]*?(\\n\\n<!-- end -->)`);
  expect(page).toMatch(marked);
  return page.replace(marked, (_, before, after) => `${before}${made}${after}`);
}

async function imageFormats(): Promise<string> {
  const rows: string[][] = [];
  for (const [name, reader, kinds] of FORMATS) {
    for (const [kind, make] of kinds) {
      const { width, height } = await decodeImage(await make(), `a${reader.extensions[0]}`);
      expect([name, kind, width * height > 0]).toEqual([name, kind, true]);
    }
    const any = reader === dicomReader ? ', any other or none' : '';
    rows.push([name, `${reader.extensions.join(', ')}${any}`, kinds.map(([kind]) => kind).join(', ')]);
  }
  return table(['format', 'endings', 'what is read'], rows);
}

async function transferSyntaxes(): Promise<string> {
  const native = {
    [IMPLICIT]: 'implicit little-endian',
    [EXPLICIT]: 'explicit little-endian',
    [DEFLATED]: 'deflated',
    [BIG_ENDIAN]: 'explicit big-endian',
  };
  for (const syntax of Object.keys(native)) {
    const image = await decodeImage(dicomFile(greyTags(1, 2, Uint8Array.of(1, 2)), syntax), 'a.dcm');
    expect(image.width).toBe(2);
  }
  return table(
    ['transfer syntax', 'name', 'lossless'],
    [
      ...Object.entries(native).map(([uid, name]) => [uid, name, 'yes']),
      ...Object.entries(CODECS).map(([uid, { name, lossless }]) => [uid, name, lossless ? 'yes' : '']),
    ],
  );
}

function annotationTable(): string {
  const yes = (value: boolean): string => (value ? 'yes' : '');
  return table(
    [
      'format',
      '`--to`',
      'read',
      'written',
      'classes may overlap',
      'every pixel',
      'class list',
      'image name',
      'score',
      'trust',
    ],
    annotationFormats.map(({ id, name, holds, read, write }) => [
      name,
      write === undefined ? '' : `\`${id}\``,
      yes(read !== undefined),
      yes(write !== undefined),
      yes(holds.overlaps),
      yes(holds.exact),
      yes(holds.classList),
      holds.fileEndings ? 'whole' : 'without ending',
      yes(holds.notes.includes('score')),
      yes(holds.notes.includes('trust')),
    ]),
  );
}

it('the tables of docs/formats.md are what the code does; vitest -u writes them', async () => {
  const images = withTable(await readFile(PAGE, 'utf8'), 'image formats', await imageFormats());
  const dicom = withTable(images, 'transfer syntaxes', await transferSyntaxes());
  const whole = withTable(dicom, 'annotation formats', annotationTable());
  await expect(whole).toMatchFileSnapshot(PAGE);
});
