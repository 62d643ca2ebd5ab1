/**
 * @file Our reading of DICOM files beside the reference's: the stored pixels of all frames, before any window or
 * inversion. Of lossless syntaxes size, type, range and CRC-32 must be equal, of lossy ones the mean within 1; what
 * holds no decodable picture must get a named error.
 */
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { crc32 } from 'node:zlib';
import { z } from 'zod';
import { PackmuleError } from '../../src/base/errors.ts';
import { CODECS } from '../../src/dicom/codecs.ts';
import { type PixelLayout, pixelLayout } from '../../src/dicom/layout.ts';
import { parseDicomFile } from '../../src/dicom/parse.ts';
import { readStoredFrame, type StoredFrame } from '../../src/dicom/stored.ts';
import { decodeImage } from '../../src/imaging/read.ts';
import { readConfig } from './config.ts';
import type { GoldenRow } from './row.ts';

const pictureSchema = z.object({
  /** [frames,] rows, columns[, samples]. */
  shape: z.array(z.int().positive()),
  /** NumPy's: uint8, int16, >i2. */
  dtype: z.string(),
  min: z.number(),
  max: z.number(),
  mean: z.number(),
  crc32_little_endian: z.int(),
});
const expectedSchema = z.record(z.string(), z.union([pictureSchema, z.object({ error: z.string() })]));

type Picture = z.output<typeof pictureSchema>;

/** Largest difference of the means of a lossy picture. */
const LOSSY_TOLERANCE = 1;

/** `dir` holds DICOM files and `expected.json`: file -> figures of its stored pixels, or `error`. */
export async function goldenDicom(dir: string): Promise<GoldenRow[]> {
  const expected = await readConfig(dir, 'expected.json', expectedSchema);
  const rows: GoldenRow[] = [];
  for (const [name, want] of Object.entries(expected)) {
    rows.push('error' in want ? await refused(dir, name) : await compared(dir, name, want));
  }
  return rows;
}

async function refused(dir: string, name: string): Promise<GoldenRow> {
  const tolerance = 'a named error';
  try {
    await decodeImage(await readFile(join(dir, name)), name);
    return { quantity: `${name}: no picture`, seen: 'a picture', tolerance, ok: false };
  } catch (error) {
    const isNamed = error instanceof PackmuleError;
    const quantity = isNamed ? error.seen : `${name}: ${String(error)}`;
    return { quantity, seen: isNamed ? tolerance : 'a defect', tolerance, ok: isNamed };
  }
}

async function compared(dir: string, name: string, want: Picture): Promise<GoldenRow> {
  try {
    return await comparedPixels(await readFile(join(dir, name)), name, want);
  } catch (error) {
    const seen = error instanceof Error ? error.message : String(error);
    return { quantity: name, seen, tolerance: 0, ok: false };
  }
}

async function comparedPixels(bytes: Uint8Array, name: string, want: Picture): Promise<GoldenRow> {
  const file = parseDicomFile(bytes, name);
  const layout = pixelLayout(file);
  const frames: StoredFrame['data'][] = [];
  for (let frame = 0; frame < layout.frames; frame++) {
    frames.push((await readStoredFrame(file, layout, frame)).data);
  }
  // Every file is also made a grey image of the size that it says.
  const image = await decodeImage(bytes, name);
  const codec = CODECS[file.syntax];
  const ours = figuresOf(layout, frames);
  const wrong = Object.entries(ours.exact)
    .filter(([key, value]) => String(value) !== String(expectedFigure(want, key)))
    .map(([key, value]) => `${key} ${value}, not ${expectedFigure(want, key)}`);
  if (image.height !== layout.height || image.width !== layout.width)
    wrong.push('the image is of another size');
  const meanError = Math.abs(ours.mean - want.mean);
  const quantity = `${name}: ${codec?.name ?? 'uncompressed'}, ${ours.exact.shape} ${ours.exact.dtype}`;
  if (codec?.lossless === false) {
    const size = wrong.filter((text) => /^(shape|dtype|the image)/.test(text));
    const ok = size.length === 0 && meanError <= LOSSY_TOLERANCE;
    return { quantity, seen: size.length > 0 ? size.join('; ') : meanError, tolerance: LOSSY_TOLERANCE, ok };
  }
  // The reference's mean is rounded to four digits after the point.
  if (meanError > 1e-4) wrong.push(`mean ${ours.mean}, not ${want.mean}`);
  return { quantity, seen: wrong.length === 0 ? 0 : wrong.join('; '), tolerance: 0, ok: wrong.length === 0 };
}

interface Figures {
  readonly exact: Readonly<Record<'shape' | 'dtype' | 'min' | 'max' | 'crc', string | number>>;
  readonly mean: number;
}

function figuresOf(layout: PixelLayout, frames: readonly StoredFrame['data'][]): Figures {
  const { height, width, samples } = layout;
  const shape = [
    ...(frames.length > 1 ? [frames.length] : []),
    height,
    width,
    ...(samples > 1 ? [samples] : []),
  ];
  let [sum, count, min, max, crc] = [0, 0, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY, 0];
  for (const data of frames) {
    for (const value of data) {
      sum += value;
      if (value < min) min = value;
      if (value > max) max = value;
    }
    count += data.length;
    crc = crc32(new Uint8Array(data.buffer, data.byteOffset, data.byteLength), crc);
  }
  const bits = 8 * frames[0]!.BYTES_PER_ELEMENT;
  const dtype = `${layout.signed ? '' : 'u'}int${bits}`;
  return { exact: { shape: shape.join(' x '), dtype, min, max, crc }, mean: sum / count };
}

function expectedFigure(want: Picture, key: string): string | number {
  if (key === 'shape') return want.shape.join(' x ');
  if (key === 'dtype') return dtypeName(want.dtype);
  if (key === 'crc') return want.crc32_little_endian;
  return key === 'min' ? want.min : want.max;
}

/** `>i2` is int16 of another byte order, in which we never hold it. */
function dtypeName(dtype: string): string {
  const [, kind, bytes] = /^[<>=|]([iu])(\d)$/.exec(dtype) ?? [];
  return kind === undefined ? dtype : `${kind === 'u' ? 'u' : ''}int${8 * Number(bytes)}`;
}
