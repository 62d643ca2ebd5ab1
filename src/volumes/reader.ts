/**
 * @file MetaImage and NRRD volumes as grey images, slice by slice: rows and columns are the first two axes of the file,
 * and all others count slices. Bytes are greys as they are; other values mean nothing without a window.
 */
import type { Image } from '../imaging/image.ts';
import { readImageBytes } from '../imaging/read-bytes.ts';
import {
  type ImageFileFormat,
  type ImageHeader,
  type ImageReader,
  type ReadImageOptions,
  requireFrame,
} from '../imaging/reader.ts';
import { applyWindow, USUAL_PERCENTILES, windowValues } from '../imaging/window.ts';
import type { VolumeLayout } from './layout.ts';
import { gatherMetaImage, isMetaImage, parseMetaImage } from './metaimage.ts';
import { gatherNrrd, isNrrd, parseNrrd } from './nrrd.ts';
import { unpackValues } from './unpack.ts';

type ParseHeader = (bytes: Uint8Array, name: string, maxValues?: number) => VolumeLayout;

const volumeReader = (
  identity: Pick<ImageReader, 'format' | 'extensions' | 'recognises'> & Required<Pick<ImageReader, 'gather'>>,
  parse: ParseHeader,
): ImageReader => ({
  ...identity,
  header: async (path, options) => {
    const bytes = await identity.gather(await readImageBytes(path), path);
    return headerOf(identity.format, parse(bytes, path, options.maxPixels));
  },
  decode: async (bytes, name, options) =>
    decodeSlice(bytes, name, parse(bytes, name, options.maxPixels), options),
});

export const metaImageReader = volumeReader(
  { format: 'metaimage', extensions: ['.mha', '.mhd'], recognises: isMetaImage, gather: gatherMetaImage },
  parseMetaImage,
);

export const nrrdReader = volumeReader(
  { format: 'nrrd', extensions: ['.nrrd', '.nhdr'], recognises: isNrrd, gather: gatherNrrd },
  parseNrrd,
);

/** Whether a file name ends as those of these formats do, which say nothing about a patient. */
export function isVolumeName(name: string): boolean {
  return /\.(mha|mhd|nrrd|nhdr)$/i.test(name);
}

function headerOf(format: ImageFileFormat, layout: VolumeLayout): ImageHeader {
  return {
    format,
    ...shapeOf(layout),
    bits: bitsOf(layout),
    channels: 1,
    spacingMm: spacingOf(layout),
    volume: layout,
  };
}

function shapeOf({ dims }: VolumeLayout): Pick<ImageHeader, 'height' | 'width' | 'frames'> {
  const [width = 1, height = 1, ...others] = dims;
  return { width, height, frames: others.reduce((product, size) => product * size, 1) };
}

const bitsOf = ({ type }: VolumeLayout): 8 | 16 => (type === 'uint8' ? 8 : 16);

function spacingOf({ spacingMm: [col = 1, row = 1] }: VolumeLayout): readonly [number, number] {
  return [row, col];
}

function decodeSlice(
  bytes: Uint8Array,
  name: string,
  layout: VolumeLayout,
  { frame = 0, window }: ReadImageOptions,
): Image {
  const { height, width, frames } = shapeOf(layout);
  requireFrame(frame, frames, name);
  const pixels = height * width;
  const values = unpackValues(bytes, name, layout, [frame * pixels, (frame + 1) * pixels]);
  const size = { height, width, spacingMm: spacingOf(layout) };
  if (values instanceof Uint8Array) {
    const image: Image = { ...size, bits: 8, data: values };
    return window === undefined ? image : applyWindow(image, window);
  }
  return {
    ...size,
    bits: 16,
    data: windowValues(Float64Array.from(values), 16, window ?? USUAL_PERCENTILES),
  };
}
