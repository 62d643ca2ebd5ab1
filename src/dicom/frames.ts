/** @file The bytes of one frame as the file has them, still encoded (PS3.5, section 8 and annex A.4). */
import dicomParser, { type Element } from 'dicom-parser';
import type { PixelLayout } from './layout.ts';
import { type DicomFile, damagedDicom, TAG } from './parse.ts';

/** Bytes of an uncompressed frame; a part of one where pixels have a single bit. */
export function frameBytes({ height, width, samples, bitsAllocated, subsampled }: PixelLayout): number {
  return (height * width * (subsampled ? 2 : samples) * bitsAllocated) / 8;
}

/** Uncompressed pixel data: the bytes of one frame. For single-bit pixels they begin with the frame's first byte. */
export function nativeFrame(file: DicomFile, layout: PixelLayout, frame: number): Uint8Array {
  const { length, dataOffset, encapsulatedPixelData } = pixelElement(file);
  if (encapsulatedPixelData === true) {
    throw damagedDicom(file.name, 'its pixel data are in fragments, as those of its transfer syntax are not');
  }
  const [start, end] = [frameBytes(layout) * frame, frameBytes(layout) * (frame + 1)];
  if (Math.ceil(end) > length) {
    const whole = Math.ceil(frameBytes(layout) * layout.frames);
    throw damagedDicom(file.name, `it holds ${length} bytes of pixels where ${whole} are needed`);
  }
  return file.data.byteArray.subarray(dataOffset + Math.floor(start), dataOffset + Math.ceil(end));
}

/** Compressed pixel data: the stream of one frame, its fragments joined. */
export function encodedFrame(file: DicomFile, layout: PixelLayout, frame: number): Uint8Array {
  const element = pixelElement(file);
  const { fragments = [], basicOffsetTable = [] } = element;
  if (element.encapsulatedPixelData !== true || fragments.length === 0) {
    throw damagedDicom(file.name, 'its pixel data are not in fragments, as those of its transfer syntax are');
  }
  try {
    if (layout.frames === 1) return joined(file, element, 0, fragments.length);
    // A frame is mostly one fragment; else the table of offsets, or the end of each JPEG stream, divides them.
    if (fragments.length === layout.frames) return joined(file, element, frame, 1);
    const table =
      basicOffsetTable.length > 0
        ? basicOffsetTable
        : dicomParser.createJPEGBasicOffsetTable(file.data, element);
    return dicomParser.readEncapsulatedImageFrame(file.data, element, frame, table);
  } catch (cause) {
    throw damagedDicom(file.name, `frame ${frame + 1} of ${layout.frames} is not to be found`, cause);
  }
}

function joined({ data }: DicomFile, element: Element, start: number, count: number): Uint8Array {
  return dicomParser.readEncapsulatedPixelDataFromFragments(data, element, start, count);
}

function pixelElement({ data, name }: DicomFile): Element {
  const element = data.elements[TAG.pixelData];
  if (element === undefined) throw damagedDicom(name, 'it has no pixel data');
  return element;
}
