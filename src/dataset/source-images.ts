/** @file The images of a source: one a file, or the several that are in it; with what annotations and results call them. */
import { extname, join } from 'node:path';
import { NoPictureError, PackmuleError } from '../base/errors.ts';
import { frameName, withoutEnding } from '../imaging/file-names.ts';
import { PICTURE_EXTENSIONS } from '../imaging/picture.ts';
import { readImageHeader } from '../imaging/read.ts';
import type { ImageHeader } from '../imaging/reader.ts';
import { isNiftiName } from '../nifti/nifti.ts';
import { isVolumeName } from '../volumes/reader.ts';
import { mapConcurrently } from './concurrent.ts';
import type { DataConfig } from './config.ts';
import { hashedName, openSecret, secretPath } from './ids.ts';

export interface SourceImage {
  /** Unique name without extension, for journals and lists. */
  readonly id: string;
  /** What results call it. */
  readonly name: string;
  /** What annotation files, lists and tables may call it: `scan.png`, `study/scan#2.dcm`. */
  readonly fileName: string;
  readonly imagePath: string;
  /** Counted from 0; absent where the file holds one image. */
  readonly frame?: number;
  /** Absent where it was not needed, or cannot be read. */
  readonly header?: ImageHeader;
}

export interface SourceImages {
  readonly images: readonly SourceImage[];
  /** How many of the files are sound and hold no picture, such as reports among radiographs. */
  readonly withoutPicture: number;
}

/** `files` are relative to `folder`, with slashes. */
export async function sourceImages(
  folder: string,
  files: readonly string[],
  ids: DataConfig['ids'],
): Promise<SourceImages> {
  const looked = await mapConcurrently(files, 8, (file) => lookInto(join(folder, file), file));
  const found = looked.flat();
  const hidden = found.map((image) => ids === 'hashed' || (ids === 'auto' && mayNameSomebody(image)));
  const secret = hidden.includes(true) ? await openSecret(secretPath()) : '';
  const images = found.map((image, i) => (hidden[i] ? hashed(image, secret) : image));
  return { images, withoutPicture: looked.filter(({ length }) => length === 0).length };
}

/** An image by the name that somebody gives it, where no file of that name was found. */
export function missingImage(folder: string, fileName: string): SourceImage {
  return named(join(folder, fileName), fileName);
}

function named(imagePath: string, fileName: string): SourceImage {
  return { id: withoutEnding(fileName).replaceAll('/', '-'), name: fileName, fileName, imagePath };
}

function hashed(image: SourceImage, secret: string): SourceImage {
  const { header, fileName, frame } = image;
  const name = hashedName(secret, JSON.stringify([header?.identity ?? fileName, frame ?? 0]));
  return { ...image, id: name, name };
}

/** DICOM files, and whatever cannot be read and is called like one. */
function mayNameSomebody({ header, fileName }: SourceImage): boolean {
  if (header !== undefined) return header.format === 'dicom';
  return !isPicture(fileName) && !isNiftiName(fileName) && !isVolumeName(fileName);
}

/** Pictures hold one image, and nothing of their heads is needed here. */
const isPicture = (fileName: string): boolean => PICTURE_EXTENSIONS.includes(extname(fileName).toLowerCase());

/** None where the file is sound and holds no picture. */
async function lookInto(imagePath: string, fileName: string): Promise<SourceImage[]> {
  const image = named(imagePath, fileName);
  if (isPicture(fileName)) return [image];
  const header = await headerOrError(imagePath);
  if (header instanceof NoPictureError) return [];
  if (header instanceof PackmuleError) return [image];
  if (header.frames === 1) return [{ ...image, header }];
  return Array.from({ length: header.frames }, (_, frame) => {
    const own = frameName(fileName, frame);
    return { ...named(imagePath, own), frame, header };
  });
}

/** The head of an image file, or undefined: what is wrong with it, checkDataset tells of all files together. */
export async function headerOrNothing(path: string): Promise<ImageHeader | undefined> {
  const found = await headerOrError(path);
  return found instanceof PackmuleError ? undefined : found;
}

async function headerOrError(path: string): Promise<ImageHeader | PackmuleError> {
  try {
    return await readImageHeader(path);
  } catch (error) {
    if (error instanceof PackmuleError) return error;
    throw error;
  }
}
