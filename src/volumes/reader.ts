/** @file The readers of MetaImage and NRRD volumes. */
import type { ImageReader } from '../imaging/reader.ts';
import type { VolumeLayout } from './layout.ts';
import { gatherMetaImage, isMetaImage, parseMetaImage } from './metaimage.ts';
import { gatherNrrd, isNrrd, parseNrrd } from './nrrd.ts';
import { type VolumeFormat, volumeReader } from './slices.ts';
import { unpack } from './unpack.ts';

type ParseHeader = (bytes: Uint8Array, name: string, maxValues?: number) => VolumeLayout;

const readerOf = (identity: Omit<VolumeFormat, 'head' | 'open'>, parse: ParseHeader): ImageReader =>
  volumeReader({
    ...identity,
    head: parse,
    open: (bytes, name, maxValues) => {
      const layout = parse(bytes, name, maxValues);
      return { ...layout, stored: unpack(bytes, name, layout) };
    },
  });

export const metaImageReader = readerOf(
  { format: 'metaimage', extensions: ['.mha', '.mhd'], recognises: isMetaImage, gather: gatherMetaImage },
  parseMetaImage,
);

export const nrrdReader = readerOf(
  { format: 'nrrd', extensions: ['.nrrd', '.nhdr'], recognises: isNrrd, gather: gatherNrrd },
  parseNrrd,
);

/** Whether a file name ends as those of these formats do, which say nothing about a patient. */
export function isVolumeName(name: string): boolean {
  return /\.(mha|mhd|nrrd|nhdr)$/i.test(name);
}
