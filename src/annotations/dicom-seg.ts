/**
 * @file DICOM Segmentation, written only: a folder with one file an image, called after it. The images are DICOM
 * files; a segmentation belongs to the patient and study of its image, and refers to it. Every pixel is kept, and
 * classes may overlap. The trust of a mask is in the description of its segment. Images that show no class have no file.
 */

import { join } from 'node:path';
import { AnnotationError, ImageError } from '../base/errors.ts';
import { writeFileAtomic } from '../base/files.ts';
import { readRegularFile } from '../base/regular-file.ts';
import { PACKMULE_VERSION } from '../base/version.ts';
import { type DicomSegment, encodeSegmentation } from '../dicom/segmentation.ts';
import { type DicomSource, readDicomSource } from '../dicom/source.ts';
import { decodeRle } from '../masks/rle.ts';
import { flatStem } from './fit.ts';
import { checkSameSize } from './mask-folders.ts';
import type { FoundImage, Structure, WritableFormat } from './types.ts';

/** Longest text of the value representation LO. */
const LONGEST_NAME = 64;

export const dicomSeg: WritableFormat = {
  id: 'dicom-seg',
  name: 'DICOM Segmentation',
  place: 'folder',
  holds: {
    overlaps: true,
    exact: true,
    classList: false,
    anyClassName: false,
    fileEndings: false,
    equalStems: false,
    notes: ['trust'],
  },
  needsImages: 'references',

  check({ classes, images }) {
    const unfit = classes.find((name) => name.length > LONGEST_NAME || name.includes('\\'));
    if (unfit !== undefined) {
      throw new AnnotationError({
        seen: `The class ${unfit} has ${unfit.length} characters${unfit.includes('\\') ? ', a backslash among them' : ''}`,
        need: `A label in DICOM has at most ${LONGEST_NAME}, and no backslash`,
        fix: 'Rename the class',
      });
    }
    const empty = images.filter(({ structures }) => structures.length === 0).length;
    return empty === 0
      ? []
      : [`${empty} images show no class: they get no file, for a segmentation has segments.`];
  },

  async write(path, set, images) {
    const made = new Date();
    const shown = set.images.filter(({ structures }) => structures.length > 0);
    const found = shown.map(({ fileName }) => images!(fileName));
    for (const [i, image] of shown.entries()) {
      const source = await sourceOf(found[i]!);
      checkSameSize(found[i]!.path, source, image);
      const segments = image.structures.map((one) => segmentOf(one, set.classes[one.classIndex]!));
      const bytes = encodeSegmentation(source, image, segments, PACKMULE_VERSION, made);
      await writeFileAtomic(join(path, `${flatStem(image.fileName)}.dcm`), bytes);
    }
  },
};

/** @throws AnnotationError where the image is no DICOM file. */
async function sourceOf({ path, frame }: FoundImage): Promise<DicomSource> {
  const bytes = await readRegularFile(path).catch((cause: unknown) => {
    throw new AnnotationError(
      {
        seen: `${path} cannot be read (${cause instanceof Error ? cause.message : String(cause)})`,
        need: 'The DICOM image that the masks belong to',
        fix: 'Check the path and the rights of the file',
      },
      { cause },
    );
  });
  try {
    return readDicomSource(bytes, path, frame);
  } catch (error) {
    throw error instanceof ImageError ? new AnnotationError(error, { cause: error }) : error;
  }
}

function segmentOf({ rle, trust, score, provenance }: Structure, label: string): DicomSegment {
  const computed = trust !== undefined || score !== undefined || provenance !== undefined;
  return {
    label,
    algorithm: computed ? 'AUTOMATIC' : 'MANUAL',
    ...(trust !== undefined && { description: `Expected Dice ${trust.toFixed(3)}` }),
    data: decodeRle(rle).data,
  };
}
