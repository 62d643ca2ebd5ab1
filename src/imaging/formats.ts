/** @file Which of our image formats the installed sharp can read. */
import sharp from 'sharp';

export function imageFormats(): {
  readonly sharp: string;
  readonly readable: Readonly<Record<string, boolean>>;
} {
  const { png, jpeg, tiff } = sharp.format;
  return {
    sharp: sharp.versions.sharp ?? '',
    readable: { PNG: png.input.file, JPEG: jpeg.input.file, TIFF: tiff.input.file },
  };
}
