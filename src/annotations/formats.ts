/** @file The formats of annotations: one list for reading, `packmule convert` and the documentation. */
import { ConfigError } from '../base/errors.ts';
import { nearestName } from '../base/suggest.ts';
import { classMasks } from './class-masks.ts';
import { coco } from './coco.ts';
import { cvat } from './cvat.ts';
import { dicomSeg } from './dicom-seg.ts';
import { labelMapNifti } from './label-map-nifti.ts';
import { labelMapPng } from './label-map-png.ts';
import { labelMapVolume } from './label-map-volume.ts';
import { labelStudio } from './label-studio.ts';
import { labelme } from './labelme.ts';
import { nnunet } from './nnunet.ts';
import type { AnnotationFormat, ReadableFormat, WritableFormat } from './types.ts';
import { yolo } from './yolo.ts';

/** Every format; those that are read are tried in this order, and the first that recognises a path reads it. */
export const annotationFormats: readonly AnnotationFormat[] = [
  nnunet,
  coco,
  cvat,
  labelStudio,
  labelme,
  classMasks,
  labelMapPng,
  labelMapNifti,
  labelMapVolume,
  yolo,
  dicomSeg,
];

export const readableFormats: readonly ReadableFormat[] = annotationFormats.filter(
  (format): format is AnnotationFormat & ReadableFormat => format.read !== undefined,
);

export const writableFormats: readonly WritableFormat[] = annotationFormats.filter(
  (format): format is AnnotationFormat & WritableFormat => format.write !== undefined,
);

/** The format of this id. @throws ConfigError where none that is written has it. */
export function writableFormat(id: string): WritableFormat {
  const ids = writableFormats.map((format) => format.id);
  const found = writableFormats.find((format) => format.id === id);
  if (found !== undefined) return found;
  const near = nearestName(id, ids);
  throw new ConfigError({
    seen: `${id} is no format that annotations are written in`,
    need: `Formats are ${ids.join(', ')}`,
    fix: near === undefined ? 'Choose one of these' : `Did you mean ${near}?`,
  });
}
