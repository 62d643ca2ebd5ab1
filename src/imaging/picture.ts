/**
 * @file PNG, JPEG and TIFF as grey images, by way of sharp (libvips).
 *
 * Stored values are kept: no colour management, no scaling of 16 bits to 8. RGB and palette images become grey
 * by luma; alpha is dropped. An EXIF orientation IS applied, because viewers and annotation tools show the turned
 * image and masks are drawn on what they show; sizes are those of the turned image. Densities of PNG and TIFF files
 * are print settings, so they are not taken for pixel spacing.
 */
import sharp, { type Metadata, type OutputInfo } from 'sharp';
import { ImageError } from '../base/errors.ts';
import { MAX_PIXELS } from '../base/limits.ts';
import { missingPart, type PictureFormat } from './complete.ts';
import type { Image } from './image.ts';
import { toGrey } from './luma.ts';
import type { ImageHeader, ImageReader, ReadImageOptions } from './reader.ts';
import { requireRoom } from './room.ts';
import { applyWindow } from './window.ts';

/** First bytes of each format; TIFF in both byte orders, classic and BigTIFF. */
const SIGNATURES: Readonly<Record<PictureFormat, readonly (readonly number[])[]>> = {
  png: [[0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a]],
  jpeg: [[0xff, 0xd8, 0xff]],
  tiff: [
    [0x49, 0x49, 0x2a, 0x00],
    [0x4d, 0x4d, 0x00, 0x2a],
    [0x49, 0x49, 0x2b, 0x00],
    [0x4d, 0x4d, 0x00, 0x2b],
  ],
};

const pictureReader = (format: PictureFormat, extensions: readonly string[]): ImageReader => ({
  format,
  extensions,
  recognises: (start) =>
    SIGNATURES[format].some((signature) => signature.every((byte, i) => start[i] === byte)),
  // Only the head of the file is read.
  header: (path, options) => pictureHeader(format, path, path, options),
  decode: (bytes, name, options) => decodePicture(format, bytes, name, options),
});

export const pngReader = pictureReader('png', ['.png']);
export const jpegReader = pictureReader('jpeg', ['.jpg', '.jpeg']);
export const tiffReader = pictureReader('tiff', ['.tif', '.tiff']);

/** Endings of files that hold one image and say nothing about a patient. */
export const PICTURE_EXTENSIONS: readonly string[] = [pngReader, jpegReader, tiffReader].flatMap(
  ({ extensions }) => extensions,
);

async function decodePicture(
  format: PictureFormat,
  bytes: Uint8Array,
  name: string,
  options: ReadImageOptions,
): Promise<Image> {
  const missing = missingPart(bytes, format);
  if (missing !== undefined) throw damaged(name, new Error(`it is cut off: ${missing} is missing`));
  const header = await pictureHeader(format, bytes, name, options);
  const greyBytes = header.height * header.width * (header.bits / 8);
  // A progressive JPEG is held as coefficients too.
  const copies = format === 'jpeg' ? 2 : 1;
  requireRoom(name, bytes.length, greyBytes * (copies * header.channels + 1));
  try {
    const { data, info } = await decodeDoubted(format, bytes, name, header, options);
    const count = data.byteLength / (header.bits / 8);
    const aligned = data.byteOffset % 2 === 0 ? data : Uint8Array.from(data);
    const values =
      header.bits === 16
        ? new Uint16Array(aligned.buffer, aligned.byteOffset, count)
        : new Uint8Array(data.buffer, data.byteOffset, count);
    const grey = {
      height: info.height,
      width: info.width,
      bits: header.bits,
      data: toGrey(values, info.channels),
    };
    return options.window === undefined ? grey : applyWindow(grey, options.window);
  } catch (cause) {
    throw damaged(name, cause);
  }
}

interface RawPixels {
  readonly data: Buffer;
  readonly info: OutputInfo;
}

/**
 * The pixels of a file. Of a JPEG with broken scan data libjpeg only warns and fills the gap with grey, so that is
 * said where somebody listens; of other formats warnings are about tags that nobody needs.
 */
async function decodeDoubted(
  format: PictureFormat,
  bytes: Uint8Array,
  name: string,
  header: ImageHeader,
  options: ReadImageOptions,
): Promise<RawPixels> {
  // 'error' includes 'truncated'; 'warning' includes both.
  const decode = (failOn: 'error' | 'warning'): Promise<RawPixels> => {
    const pipeline = sharp(bytes, {
      failOn,
      limitInputPixels: options.maxPixels ?? MAX_PIXELS,
      ignoreIcc: true,
    }).autoOrient();
    if (header.bits === 16) pipeline.toColourspace(header.channels < 3 ? 'grey16' : 'rgb16');
    const depth = header.bits === 16 ? 'ushort' : 'uchar';
    return pipeline.raw({ depth }).toBuffer({ resolveWithObject: true });
  };
  const { onDoubt } = options;
  if (format !== 'jpeg' || onDoubt === undefined) return decode('error');
  return decode('warning').catch(async () => {
    const pixels = await decode('error');
    onDoubt(
      `${name} may be damaged: parts of its JPEG data make no sense, and such gaps are filled with grey`,
    );
    return pixels;
  });
}

async function pictureHeader(
  format: PictureFormat,
  input: string | Uint8Array,
  name: string,
  options: ReadImageOptions,
): Promise<ImageHeader> {
  let meta: Metadata;
  try {
    meta = await sharp(input, { failOn: 'error', limitInputPixels: false }).metadata();
  } catch (cause) {
    throw damaged(name, cause);
  }
  const { width, height } = meta.autoOrient;
  const limit = options.maxPixels ?? MAX_PIXELS;
  if (width * height > limit) {
    throw new ImageError({
      seen: `${name} has ${width} x ${height} pixels`,
      need: `Images have at most ${limit / 1e6} million pixels`,
      fix: 'Make it smaller or cut it, or leave it out',
    });
  }
  const bits = meta.depth === 'ushort' ? 16 : 8;
  const readable = (meta.depth === 'uchar' || meta.depth === 'ushort') && COLOUR_SPACES.has(meta.space);
  if (!readable || (meta.pages ?? 1) > 1) {
    const pages = (meta.pages ?? 1) > 1 ? ` with ${meta.pages} pages` : '';
    throw new ImageError({
      seen: `${name} is a ${format.toUpperCase()} of ${meta.depth} values in colour space ${meta.space}${pages}`,
      need: 'Images are grey, RGB or palette, of 8 or 16 unsigned bits, one a file',
      fix: 'Convert it to a grey PNG, or leave it out',
    });
  }
  return { format, width, height, bits, channels: meta.channels, frames: 1 };
}

const COLOUR_SPACES: ReadonlySet<string> = new Set(['b-w', 'srgb', 'rgb', 'grey16', 'rgb16']);

function damaged(name: string, cause: unknown): ImageError {
  const detail = cause instanceof Error ? cause.message.split('\n')[0]!.trim() : String(cause);
  return new ImageError(
    {
      seen: `${name} cannot be decoded (${detail})`,
      need: 'Images are complete, undamaged PNG, JPEG or TIFF files',
      fix: 'Copy it again from its source, or leave it out',
    },
    { cause },
  );
}
