/** @file How the pixels of a DICOM file lie: the attributes of PS3.3, C.7.6.3, checked against each other. */
import { ImageError, NoPictureError } from '../base/errors.ts';
import type { Size } from '../base/geometry.ts';
import { MAX_PIXELS } from '../base/limits.ts';
import { type DicomFile, damagedDicom, TAG, unsupportedDicom } from './parse.ts';

/** What one sample, or three of them, mean. `ybr`: the full range of CCIR 601. */
export type Colour = 'grey' | 'inverted-grey' | 'palette' | 'rgb' | 'ybr';

export interface PixelLayout extends Size {
  readonly frames: number;
  /** Of a pixel. */
  readonly samples: 1 | 3;
  readonly bitsAllocated: 1 | 8 | 16;
  /** At most bitsAllocated. */
  readonly bitsStored: number;
  readonly signed: boolean;
  readonly colour: Colour;
  /** Plane after plane instead of samples side by side. */
  readonly planar: boolean;
  /** Two neighbours share their colour: Y Y Cb Cr. */
  readonly subsampled: boolean;
}

const COLOURS: Readonly<Record<string, Colour>> = {
  MONOCHROME1: 'inverted-grey',
  MONOCHROME2: 'grey',
  'PALETTE COLOR': 'palette',
  RGB: 'rgb',
  YBR_FULL: 'ybr',
  YBR_FULL_422: 'ybr',
  // These two name what JPEG 2000 does inside; what comes out is RGB.
  YBR_RCT: 'rgb',
  YBR_ICT: 'rgb',
};

const KNOWN_COLOURS = Object.keys(COLOURS).join(', ');

/** @throws NoPictureError where the file holds no picture, ImageError where it lacks its pixels or is of a kind that is not read. */
export function pixelLayout(file: DicomFile, maxPixels = MAX_PIXELS): PixelLayout {
  const { data, name } = file;
  if (data.elements[TAG.pixelData] === undefined) throw withoutPixels(file);
  const number = (tag: string, what: string, least: number): number => {
    const value = data.uint16(tag);
    if (value !== undefined && value >= least) return value;
    throw unsupportedDicom(
      name,
      `says ${value ?? 'nothing'} about its ${what}`,
      `DICOM files tell their ${what}`,
    );
  };
  const [height, width] = [number(TAG.rows, 'rows', 1), number(TAG.columns, 'columns', 1)];
  const samples = number(TAG.samples, 'samples per pixel', 1);
  const bitsAllocated = number(TAG.bitsAllocated, 'bits allocated', 1);
  const bitsStored = number(TAG.bitsStored, 'bits stored', 1);
  const photometric = data.string(TAG.photometric) ?? '';
  const colour = COLOURS[photometric];
  const frames = data.intString(TAG.frames) ?? 1;
  const needsThree = colour === 'rgb' || colour === 'ybr';
  if (colour === undefined || samples !== (needsThree ? 3 : 1)) {
    const what = `is ${photometric || 'of no photometric interpretation'} with ${samples} samples per pixel`;
    throw unsupportedDicom(
      name,
      what,
      `One sample per pixel, or three for colour, as one of ${KNOWN_COLOURS}`,
    );
  }
  if ((bitsAllocated !== 1 && bitsAllocated !== 8 && bitsAllocated !== 16) || bitsStored > bitsAllocated) {
    const what = `stores ${bitsStored} bits in ${bitsAllocated}`;
    throw unsupportedDicom(name, what, 'Pixels of at most 16 bits, in 1, 8 or 16');
  }
  if (height * width * samples > maxPixels) {
    throw new ImageError({
      seen: `${name} has ${width} x ${height} pixels of ${samples} samples`,
      need: `Images have at most ${maxPixels / 1e6} million samples`,
      fix: 'Make it smaller or cut it, or leave it out',
    });
  }
  if (!Number.isInteger(frames) || frames < 1 || frames > MAX_FRAMES) {
    throw unsupportedDicom(name, `says it has ${frames} frames`, `A file has 1 to ${MAX_FRAMES} frames`);
  }
  return {
    height,
    width,
    frames,
    samples,
    bitsAllocated,
    bitsStored,
    signed: data.uint16(TAG.signed) === 1,
    colour,
    planar: data.uint16(TAG.planar) === 1,
    subsampled: photometric === 'YBR_FULL_422',
  };
}

/** Elements rise: what goes on behind the place of the rows without having any was never a picture, and is not cut off. */
function withoutPixels({ data, name }: DicomFile): ImageError {
  const modality = data.string(TAG.modality) || 'unknown';
  const tags = Object.keys(data.elements);
  if (tags.includes(TAG.rows) || !tags.some((tag) => tag > TAG.rows)) {
    return damagedDicom(name, `its pixels are missing; modality ${modality}`);
  }
  return new NoPictureError({
    seen: `${name} is a DICOM file without a picture (modality ${modality})`,
    need: 'DICOM files hold pixel data',
    fix: 'Leave it out: reports, plans and presentation states are no images',
  });
}

/** A minute of ultrasound has some thousands. */
const MAX_FRAMES = 100_000;
