/** @file A frame of a DICOM file as a grey image: stored pixels, window, inversion; distances of pixels in mm. */
import type { Image } from '../imaging/image.ts';
import { toGrey } from '../imaging/luma.ts';
import { readImageBytes } from '../imaging/read-bytes.ts';
import {
  type ImageHeader,
  type ImageReader,
  type ReadImageOptions,
  requireFrame,
  type Side,
} from '../imaging/reader.ts';
import type { IntensityWindow } from '../imaging/window.ts';
import { greyTable } from './grey-table.ts';
import { type PixelLayout, pixelLayout } from './layout.ts';
import { paletteGreys } from './palette.ts';
import { type DicomFile, numbersOf, parseDicomFile, readingTags, scopesOf, TAG } from './parse.ts';
import { dicomStart } from './start.ts';
import { readStoredFrame, type StoredFrame } from './stored.ts';

export const dicomReader: ImageReader = {
  format: 'dicom',
  extensions: ['.dcm', '.dicom', '.ima'],
  recognises: (start) => dicomStart(start) !== undefined,
  header: async (path, options) => {
    const bytes = await readImageBytes(path);
    return readingTags(path, () => dicomHeader(bytes, path, options));
  },
  decode: (bytes, name, options) => readingTags(name, () => decodeDicom(bytes, name, options)),
};

function dicomHeader(bytes: Uint8Array, name: string, options: ReadImageOptions): ImageHeader {
  const file = parseDicomFile(bytes, name);
  const layout = pixelLayout(file, options.maxPixels);
  const { height, width, frames, samples } = layout;
  const spacing = spacingMm(file, options.frame ?? 0);
  const identity = file.data.string(TAG.sopInstance);
  const side = sideOf(file);
  return {
    format: 'dicom',
    height,
    width,
    frames,
    bits: bitsOf(layout),
    channels: samples,
    ...(spacing && { spacingMm: spacing }),
    ...(identity && { identity }),
    ...(side && { side }),
  };
}

async function decodeDicom(bytes: Uint8Array, name: string, options: ReadImageOptions): Promise<Image> {
  const { frame = 0, window, maxPixels } = options;
  const file = parseDicomFile(bytes, name);
  const layout = pixelLayout(file, maxPixels);
  requireFrame(frame, layout.frames, name);
  const stored = await readStoredFrame(file, layout, frame);
  const { height, width } = layout;
  const spacing = spacingMm(file, frame);
  return {
    height,
    width,
    bits: bitsOf(layout),
    data: greys(file, layout, frame, stored, window),
    ...(spacing && { spacingMm: spacing }),
  };
}

function bitsOf({ colour, bitsStored }: PixelLayout): 8 | 16 {
  return colour === 'palette' || bitsStored <= 8 ? 8 : 16;
}

function greys(
  file: DicomFile,
  layout: PixelLayout,
  frame: number,
  stored: StoredFrame,
  window: IntensityWindow | undefined,
): Image['data'] {
  const { colour, data } = stored;
  if (colour === 'palette') return paletteGreys(file, layout, stored);
  if (colour === 'rgb' || colour === 'ybr') {
    // The luma of a YCbCr colour is its Y.
    const channels = unsigned(data);
    return colour === 'rgb' ? toGrey(channels, 3) : everyThird(channels);
  }
  const table = greyTable(file, layout, frame, data, window);
  const mask = table.length - 1;
  const grey = table instanceof Uint8Array ? new Uint8Array(data.length) : new Uint16Array(data.length);
  // Bits above those stored were once used for overlays, and are no part of the value.
  for (let i = 0; i < data.length; i++) grey[i] = table[data[i]! & mask]!;
  return grey;
}

function unsigned(data: StoredFrame['data']): Uint8Array | Uint16Array {
  if (data instanceof Uint8Array || data instanceof Uint16Array) return data;
  const { buffer, byteOffset, length } = data;
  return data instanceof Int8Array
    ? new Uint8Array(buffer, byteOffset, length)
    : new Uint16Array(buffer, byteOffset, length);
}

function everyThird(values: Uint8Array | Uint16Array): Uint8Array | Uint16Array {
  return values.filter((_, i) => i % 3 === 0);
}

/** The side that the image shows, else that of the part examined (PS3.3, C.7.6.1, C.7.3.1, C.7.6.16.2.8). */
function sideOf(file: DicomFile): Side | undefined {
  const tags = [TAG.frameLaterality, TAG.imageLaterality, TAG.laterality];
  const scopes = scopesOf(file, 0, TAG.frameAnatomy);
  const value = tags.flatMap((tag) => scopes.flatMap((scope) => scope.string(tag) ?? []))[0];
  if (value === 'L') return 'left';
  return value === 'R' ? 'right' : undefined;
}

/**
 * Distance of pixel centres: in the patient where the file tells it, else on the detector or the scanned film, which
 * is a little more than in the patient.
 */
function spacingMm(file: DicomFile, frame: number): readonly [number, number] | undefined {
  const scopes = scopesOf(file, frame, TAG.pixelMeasures);
  for (const tag of [TAG.pixelSpacing, TAG.imagerPixelSpacing, TAG.scannedPixelSpacing]) {
    for (const scope of scopes) {
      const [row, col] = numbersOf(scope, tag) ?? [];
      if (row !== undefined && col !== undefined && row > 0 && col > 0) return [row, col];
    }
  }
  return undefined;
}
