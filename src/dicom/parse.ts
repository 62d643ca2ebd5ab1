/**
 * @file DICOM files (PS3.10) by way of dicom-parser, and the few attributes of them that are ever asked for. What is
 * not named here is read by source.ts alone, so nothing else of a file, such as who the patient is, can get anywhere but
 * into a Segmentation object.
 */
import type { DataSet } from 'dicom-parser';
import { ImageError } from '../base/errors.ts';
import { type ReadDataSet, readDataSet } from './data-set.ts';

/** Tags (PS3.6) in the parser's notation. */
export const TAG = {
  sopInstance: 'x00080018',
  modality: 'x00080060',
  directoryRecords: 'x00041220',
  referencedFile: 'x00041500',
  recordType: 'x00041430',
  imagerPixelSpacing: 'x00181164',
  scannedPixelSpacing: 'x00182010',
  laterality: 'x00200060',
  imageLaterality: 'x00200062',
  frameAnatomy: 'x00209071',
  frameLaterality: 'x00209072',
  samples: 'x00280002',
  photometric: 'x00280004',
  planar: 'x00280006',
  frames: 'x00280008',
  rows: 'x00280010',
  columns: 'x00280011',
  pixelSpacing: 'x00280030',
  bitsAllocated: 'x00280100',
  bitsStored: 'x00280101',
  signed: 'x00280103',
  windowCentre: 'x00281050',
  windowWidth: 'x00281051',
  rescaleIntercept: 'x00281052',
  rescaleSlope: 'x00281053',
  windowFunction: 'x00281056',
  paletteDescriptors: ['x00281101', 'x00281102', 'x00281103'],
  paletteData: ['x00281201', 'x00281202', 'x00281203'],
  paletteSegments: ['x00281221', 'x00281222', 'x00281223'],
  modalityLut: 'x00283000',
  lutDescriptor: 'x00283002',
  lutData: 'x00283006',
  voiLut: 'x00283010',
  pixelMeasures: 'x00289110',
  frameVoiLut: 'x00289132',
  pixelValueTransformation: 'x00289145',
  sharedGroups: 'x52009229',
  perFrameGroups: 'x52009230',
  pixelData: 'x7fe00010',
} as const;

/** A parsed file with its name for errors. */
export interface DicomFile extends ReadDataSet {
  readonly name: string;
}

/** @throws ImageError where the bytes are no DICOM file, or a damaged one. */
export function parseDicomFile(bytes: Uint8Array, name: string): DicomFile {
  try {
    // The parser asks for the kind of array it was given, and a Buffer is not one to it on every path.
    const plain = new Uint8Array(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    return { name, ...readDataSet(plain) };
  } catch (cause) {
    throw damagedDicom(name, explain(cause), cause);
  }
}

/**
 * Work on a parsed file. The parser throws text where a value is read behind the end of the file, such as the third
 * number of an element that has one.
 * @throws ImageError in its place.
 */
export async function readingTags<T>(name: string, work: () => T | Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    if (typeof error === 'string') throw damagedDicom(name, explain(error), error);
    throw error;
  }
}

/** The parser throws text. */
function explain(cause: unknown): string {
  const text = cause instanceof Error ? cause.message : String(cause);
  return text.replace(/^dicomParser[.:]\s*\w*(\.\w+)*:?\s*/, '').replace(/\.$/, '');
}

export function damagedDicom(name: string, what: string, cause?: unknown): ImageError {
  return new ImageError(
    {
      seen: `${name} cannot be decoded (${what})`,
      need: 'A complete, undamaged DICOM file',
      fix: 'Export it again from its source, or leave it out',
    },
    { cause },
  );
}

export function unsupportedDicom(name: string, what: string, need: string): ImageError {
  return new ImageError({
    seen: `${name} ${what}`,
    need,
    fix: 'Convert it (dcmdjpeg, gdcmconv --raw) or leave it out',
  });
}

/** The items of a sequence; none where it is absent. */
export function itemsOf(data: DataSet, tag: string): DataSet[] {
  return (data.elements[tag]?.items ?? []).flatMap((item) => (item.dataSet ? [item.dataSet] : []));
}

/** All numbers of a decimal or integer string; undefined where it is absent or one of them is none. */
export function numbersOf(data: DataSet, tag: string): number[] | undefined {
  const text = data.string(tag);
  if (text === undefined) return undefined;
  const numbers = text.split('\\').map((part) => (part.trim() === '' ? Number.NaN : Number(part)));
  return numbers.every(Number.isFinite) ? numbers : undefined;
}

/**
 * Where to look for an attribute of one frame, nearest first: in the frame's functional group, in the shared one, in
 * the file itself (PS3.3, C.7.6.16). `group` is the sequence inside a functional group.
 */
export function scopesOf({ data }: DicomFile, frame: number, group: string): DataSet[] {
  const own = itemsOf(data, TAG.perFrameGroups)[frame];
  const [shared] = itemsOf(data, TAG.sharedGroups);
  return [...(own ? itemsOf(own, group) : []), ...(shared ? itemsOf(shared, group) : []), data];
}
