/**
 * @file Label maps as NIfTI files of one slice, .nii or .nii.gz: columns along the first axis, rows along the second,
 * as SimpleITK saves a picture. The orientation in the header turns nothing.
 */
import { AnnotationError, ImageError } from '../base/errors.ts';
import { writeFileAtomic } from '../base/files.ts';
import { readRegularFile } from '../base/regular-file.ts';
import { decodeNifti, encodeNifti, isNiftiName, type NiftiVolume } from '../nifti/nifti.ts';
import { labelMapFormat } from './label-map.ts';
import type { LabelValues } from './label-values.ts';

export const labelMapNifti = labelMapFormat({
  id: 'nifti',
  name: 'a folder of NIfTI label maps',
  ending: '.nii.gz',
  isLabelFile: isNiftiName,
  readLabels: readLabelNifti,

  async writeLabels(path, { width, height, data }) {
    await writeFileAtomic(path, encodeNifti(data, [width, height, 1], [1, 1, 1]));
  },
});

/** The numbers of a NIfTI file of one slice. @throws AnnotationError where it cannot be read or has several. */
export async function readLabelNifti(path: string): Promise<LabelValues> {
  const volume = await readVolume(path);
  const [width = 1, height = 1, ...others] = volume.dims;
  if (others.some((size) => size > 1)) {
    throw new AnnotationError({
      seen: `${path} has ${volume.dims.join(' x ')} voxels`,
      need: 'A label map has one slice, that of its image',
      fix: 'Save every slice as a file of its own',
    });
  }
  const { data, slope, intercept } = volume;
  const scaled =
    slope === 1 && intercept === 0 ? data : Float64Array.from(data, (value) => value * slope + intercept);
  return { width, height, data: scaled };
}

async function readVolume(path: string): Promise<NiftiVolume> {
  const bytes = await readRegularFile(path).catch((cause: unknown) => {
    throw new AnnotationError(
      {
        seen: `${path} cannot be read (${cause instanceof Error ? cause.message : String(cause)})`,
        need: 'The file exists and may be read',
        fix: 'Check the path and the rights of the file',
      },
      { cause },
    );
  });
  try {
    return decodeNifti(bytes, path);
  } catch (error) {
    throw error instanceof ImageError ? new AnnotationError(error, { cause: error }) : error;
  }
}
