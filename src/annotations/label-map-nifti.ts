/**
 * @file Label maps as NIfTI files, .nii or .nii.gz, of one slice or of all slices of a volume: columns along the first
 * axis, rows along the second, as SimpleITK saves a picture. The orientation in the header turns nothing that is read;
 * files that are written have that of their images.
 */
import { join } from 'node:path';
import { writeFileAtomic } from '../base/files.ts';
import { decodeNifti, encodeNiftiVolume, isNiftiName } from '../nifti/nifti.ts';
import { labelMapReader } from './label-map.ts';
import { type LabelValues, slicesOf } from './label-values.ts';
import { labelVolumes } from './label-volume.ts';
import { readLabelBytes, writeClassList } from './mask-folders.ts';
import type { ReadableFormat, WritableFormat } from './types.ts';

export const labelMapNifti: ReadableFormat & WritableFormat = {
  ...labelMapReader({
    id: 'nifti',
    name: 'a folder of NIfTI label maps',
    isLabelFile: isNiftiName,
    readLabels: async (path) => ({ slices: await readLabelNifti(path) }),
  }),
  tellsPlaces: true,

  async write(path, set, images) {
    for await (const { stem, grid, labels } of labelVolumes(set, images)) {
      await writeFileAtomic(join(path, `${stem}.nii.gz`), encodeNiftiVolume(labels, grid));
    }
    await writeClassList(path, set.classes);
  },
};

/** The slices of a NIfTI file. @throws AnnotationError where it cannot be read. */
export async function readLabelNifti(path: string): Promise<LabelValues[]> {
  return readLabelBytes(path, (bytes) => {
    const { dims, data, slope, intercept } = decodeNifti(bytes, path);
    const isPlain = slope === 1 && intercept === 0;
    return slicesOf(dims, isPlain ? data : Float64Array.from(data, (value) => value * slope + intercept));
  });
}
