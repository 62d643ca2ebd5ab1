/** @file The reader of NIfTI-1 volumes. */
import type { ImageReader } from '../imaging/reader.ts';
import { MAX_VALUES } from '../volumes/layout.ts';
import { volumeReader } from '../volumes/slices.ts';
import { decodeHeader, HEADER_BYTES } from './header.ts';
import { isGzip, niftiHead, openNifti } from './nifti.ts';

const limit = (maxVoxels = MAX_VALUES): number => Math.min(maxVoxels, MAX_VALUES);

export const niftiReader: ImageReader = volumeReader({
  format: 'nifti',
  extensions: ['.nii', '.nii.gz'],
  recognises: (start) => isGzip(start) || isHeader(start),
  head: (bytes, name, maxVoxels) => decodeHeader(niftiHead(bytes, name), name, limit(maxVoxels)),
  open: (bytes, name, maxVoxels) => openNifti(bytes, name, limit(maxVoxels)),
});

/** The size of the header, in either byte order. */
function isHeader(start: Uint8Array): boolean {
  const view = new DataView(start.buffer, start.byteOffset, start.byteLength);
  return (
    start.length >= 4 && (view.getInt32(0, true) === HEADER_BYTES || view.getInt32(0, false) === HEADER_BYTES)
  );
}
