/** @file Reading an image file of any known format as a grey image. */
import { basename, extname } from 'node:path';
import { ImageError } from '../base/errors.ts';
import { openRegularFile } from '../base/regular-file.ts';
import { dicomReader } from '../dicom/reader.ts';
import { niftiReader } from '../nifti/reader.ts';
import { metaImageReader, nrrdReader } from '../volumes/reader.ts';
import type { Image } from './image.ts';
import { jpegReader, pngReader, tiffReader } from './picture.ts';
import { readImageBytes, unreadable } from './read-bytes.ts';
import type { ImageHeader, ImageReader, ReadImageOptions } from './reader.ts';

/** DICOM first: its preamble may hold the head of a TIFF of the same picture. */
const READERS: readonly ImageReader[] = [
  dicomReader,
  pngReader,
  jpegReader,
  tiffReader,
  niftiReader,
  metaImageReader,
  nrrdReader,
];

/** File name endings of images that Packmule reads, lower case. */
export const IMAGE_EXTENSIONS: readonly string[] = READERS.flatMap(({ extensions }) => extensions);

/** Whether the name of a file ends as those of images do. */
export function isImageName(name: string): boolean {
  return IMAGE_EXTENSIONS.some((ending) => endsWith(name, ending));
}

const endsWith = (name: string, ending: string): boolean => name.toLowerCase().endsWith(ending);

/** Bytes from which every format is recognised. */
const START_BYTES = 132;

const NEED = 'Images are PNG, JPEG, TIFF, DICOM, NIfTI, MetaImage or NRRD files';

/**
 * The image of a file, grey, with the bits of the file.
 * @throws ImageError when it is missing, empty, truncated, misnamed, too large or of no kind that is read.
 */
export async function readImage(path: string, options: ReadImageOptions = {}): Promise<Image> {
  return decodeImage(await readImageFile(path), path, options);
}

/** The bytes of an image file for decodeImage, with those of a file that has its pixels. @throws ImageError as readImage. */
export async function readImageFile(path: string): Promise<Uint8Array> {
  const bytes = await readImageBytes(path);
  const reader = READERS.find(({ recognises }) => recognises(bytes));
  return reader?.gather === undefined ? bytes : reader.gather(bytes, path);
}

/** Size, bits and format of an image file without decoding its pixels. @throws ImageError as readImage. */
export async function readImageHeader(path: string, options: ReadImageOptions = {}): Promise<ImageHeader> {
  return readerFor(await readStart(path), path).header(path, options);
}

/** readImage for bytes already in memory; `name` is the file's name, for errors. */
export async function decodeImage(
  bytes: Uint8Array,
  name: string,
  options: ReadImageOptions = {},
): Promise<Image> {
  return readerFor(bytes, name).decode(bytes, name, options);
}

/** Whether a file is an image by its first bytes, whatever its name. False where it cannot be read. */
export async function looksLikeImage(path: string): Promise<boolean> {
  const start = await readStart(path).catch(() => new Uint8Array());
  return READERS.some((reader) => reader.recognises(start));
}

/** Whether a file is DICOM: by the ending of its name or, where that is of no image format, by its first bytes. */
export async function isDicomFile(path: string): Promise<boolean> {
  if (isImageName(path)) return dicomReader.extensions.some((ending) => endsWith(path, ending));
  return startsAsDicom(path);
}

/** The same by the first bytes alone. False where they cannot be read. */
export async function startsAsDicom(path: string): Promise<boolean> {
  return dicomReader.recognises(await readStart(path).catch(() => new Uint8Array()));
}

/** The reader by content, which must be the one that the name's ending promises, if it promises one. */
function readerFor(start: Uint8Array, name: string): ImageReader {
  if (start.length === 0) {
    throw new ImageError({
      seen: `${name} is empty (0 bytes)`,
      need: 'An image file holds an image',
      fix: 'Copy it again from its source, or leave it out',
    });
  }
  const reader = READERS.find(({ recognises }) => recognises(start));
  const promised = READERS.find(({ extensions }) => extensions.some((ending) => endsWith(name, ending)));
  if (reader === undefined) {
    const isDicomName = promised === dicomReader;
    throw new ImageError({
      seen: `${name} is no image file by its first bytes`,
      need: isDicomName
        ? 'DICOM files begin with a preamble and the letters DICM, or with an element of the group 0002 or 0008'
        : NEED,
      fix: isDicomName
        ? 'Export it again, or write it anew (dcmconv IN OUT), or leave it out'
        : 'Convert it, or leave it out',
    });
  }
  if (promised !== undefined && promised !== reader) {
    throw new ImageError({
      seen: `${name} is a ${reader.format.toUpperCase()} file by its content`,
      need: 'The ending of a file name says what the file is',
      fix: `Rename it to ${basename(name, extname(name))}${reader.extensions[0]}`,
    });
  }
  return reader;
}

async function readStart(path: string): Promise<Uint8Array> {
  try {
    const file = await openRegularFile(path);
    try {
      const { buffer, bytesRead } = await file.read(new Uint8Array(START_BYTES), 0, START_BYTES, 0);
      return buffer.subarray(0, bytesRead);
    } finally {
      await file.close();
    }
  } catch (cause) {
    throw unreadable(path, cause);
  }
}
