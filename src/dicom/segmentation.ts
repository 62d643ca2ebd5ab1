/**
 * @file DICOM Segmentation objects (PS3.3, A.51): one binary frame a structure, over one image of a study, to whose
 * patient and study it belongs and to which it refers. Structures may overlap.
 */
import { createHash } from 'node:crypto';
import type { Size } from '../base/geometry.ts';
import { type DicomElements, encodeDicomFile } from './elements.ts';
import type { DicomSource } from './source.ts';

export interface DicomSegment {
  /** At most 64 characters, no backslash. */
  readonly label: string;
  /** `AUTOMATIC` where a network drew it. */
  readonly algorithm: 'AUTOMATIC' | 'MANUAL';
  readonly description?: string;
  /** 0 or 1 a pixel, row-major, of the size of the image. */
  readonly data: Uint8Array;
}

const SEGMENTATION_STORAGE = '1.2.840.10008.5.1.4.1.1.66.4';
const SEGMENT_NUMBER = 0x0062000b;
const SEGMENT_IDENTIFICATION = 0x0062000a;

/** The bytes of a file in explicit VR little endian. There is at least one segment. `made` is when it was made. */
export function encodeSegmentation(
  source: DicomSource,
  size: Size,
  segments: readonly DicomSegment[],
  version: string,
  made: Date,
): Uint8Array {
  const { sopInstance, frame = 0 } = source;
  const uid = (what: string): string =>
    uidOf([what, sopInstance, String(frame), made.toISOString(), version]);
  const dimensions = uid('dimensions');
  const [date, time] = made.toISOString().replaceAll(/[-:]/g, '').slice(0, 15).split('T') as [string, string];
  return encodeDicomFile([
    ...source.patientAndStudy,
    // Text is UTF-8, whatever the source was in.
    { tag: 0x00080005, vr: 'CS', value: 'ISO_IR 192' },
    { tag: 0x00080008, vr: 'CS', value: 'DERIVED\\PRIMARY' },
    { tag: 0x00080016, vr: 'UI', value: SEGMENTATION_STORAGE },
    { tag: 0x00080018, vr: 'UI', value: uid('instance') },
    { tag: 0x00080023, vr: 'DA', value: date },
    { tag: 0x00080033, vr: 'TM', value: time },
    { tag: 0x00080060, vr: 'CS', value: 'SEG' },
    { tag: 0x00080070, vr: 'LO', value: 'Packmule' },
    { tag: 0x00081090, vr: 'LO', value: 'Packmule' },
    { tag: 0x00181000, vr: 'LO', value: '0' },
    { tag: 0x00181020, vr: 'LO', value: version },
    // All images of a source series that are converted at once share a series of segmentations.
    { tag: 0x0020000e, vr: 'UI', value: uidOf(['series', source.series, made.toISOString(), version]) },
    { tag: 0x00200011, vr: 'IS', value: '9000' },
    { tag: 0x00200013, vr: 'IS', value: '1' },
    ...referencedSeries(source),
    ...pixels(size, segments),
    { tag: 0x00620001, vr: 'CS', value: 'BINARY' },
    { tag: 0x00700080, vr: 'CS', value: 'PACKMULE' },
    { tag: 0x00700081, vr: 'LO', value: 'Structures in one image' },
    { tag: 0x00700084, vr: 'PN', value: '' },
    { tag: 0x00620002, vr: 'SQ', value: segments.map((segment, i) => segmentItem(segment, i + 1, version)) },
    {
      tag: 0x00209221,
      vr: 'SQ',
      value: [[{ tag: 0x00209164, vr: 'UI', value: dimensions }]],
    },
    {
      tag: 0x00209222,
      vr: 'SQ',
      value: [
        [
          { tag: 0x00209164, vr: 'UI', value: dimensions },
          { tag: 0x00209165, vr: 'AT', value: [SEGMENT_NUMBER] },
          { tag: 0x00209167, vr: 'AT', value: [SEGMENT_IDENTIFICATION] },
        ],
      ],
    },
    { tag: 0x52009229, vr: 'SQ', value: [[derivation(source), ...source.geometry]] },
    { tag: 0x52009230, vr: 'SQ', value: segments.map((_, i) => frameItem(i + 1)) },
  ]);
}

/** A UID of the arc for UUIDs (PS3.5, B.2) that is made of what it names. */
function uidOf(parts: readonly string[]): string {
  const bytes = createHash('sha256').update(JSON.stringify(parts)).digest().subarray(0, 16);
  // Version 8 (of one's own making) and variant of RFC 9562.
  bytes[6] = (bytes[6]! & 0x0f) | 0x80;
  bytes[8] = (bytes[8]! & 0x3f) | 0x80;
  return `2.25.${BigInt(`0x${bytes.toString('hex')}`)}`;
}

function referencedSeries({ series, sopClass, sopInstance }: DicomSource): DicomElements {
  const instance: DicomElements = [
    { tag: 0x00081150, vr: 'UI', value: sopClass },
    { tag: 0x00081155, vr: 'UI', value: sopInstance },
  ];
  return [
    {
      tag: 0x00081115,
      vr: 'SQ',
      value: [
        [
          { tag: 0x0008114a, vr: 'SQ', value: [instance] },
          { tag: 0x0020000e, vr: 'UI', value: series },
        ],
      ],
    },
  ];
}

/** One bit a pixel, the first in the lowest bit; frames follow each other without a gap (PS3.5, 8.1.1). */
function pixels({ height, width }: Size, segments: readonly DicomSegment[]): DicomElements {
  const count = height * width;
  const bits = new Uint8Array(Math.ceil((count * segments.length) / 8));
  segments.forEach(({ data }, frame) => {
    for (let i = 0, at = frame * count; i < count; i++, at++) {
      if (data[i] === 1) bits[at >> 3]! |= 1 << (at & 7);
    }
  });
  const uint16 = (tag: number, value: number) => ({ tag, vr: 'US' as const, value: [value] });
  return [
    uint16(0x00280002, 1),
    { tag: 0x00280004, vr: 'CS', value: 'MONOCHROME2' },
    { tag: 0x00280008, vr: 'IS', value: String(segments.length) },
    uint16(0x00280010, height),
    uint16(0x00280011, width),
    uint16(0x00280100, 1),
    uint16(0x00280101, 1),
    uint16(0x00280102, 0),
    uint16(0x00280103, 0),
    { tag: 0x00282110, vr: 'CS', value: '00' },
    { tag: 0x7fe00010, vr: 'OB', value: bits },
  ];
}

function segmentItem(segment: DicomSegment, number: number, version: string): DicomElements {
  const { label, algorithm, description } = segment;
  return [
    { tag: 0x00620004, vr: 'US', value: [number] },
    { tag: 0x00620005, vr: 'LO', value: label },
    ...(description === undefined ? [] : [{ tag: 0x00620006, vr: 'ST' as const, value: description }]),
    { tag: 0x00620008, vr: 'CS', value: algorithm },
    ...(algorithm === 'MANUAL' ? [] : [{ tag: 0x00620009, vr: 'LO' as const, value: `Packmule ${version}` }]),
    { tag: 0x00620003, vr: 'SQ', value: [code('123037004', 'SCT', 'Anatomical Structure')] },
    // No table of ours knows which structure a name means, so the code is one of our own.
    { tag: 0x0062000f, vr: 'SQ', value: [code(codeOf(label), '99PACKMULE', label)] },
  ];
}

/** Equal for equal names; at most 16 characters. */
function codeOf(label: string): string {
  return createHash('sha256').update(label).digest('hex').slice(0, 12);
}

function code(value: string, scheme: string, meaning: string): DicomElements {
  return [
    { tag: 0x00080100, vr: 'SH', value },
    { tag: 0x00080102, vr: 'SH', value: scheme },
    { tag: 0x00080104, vr: 'LO', value: meaning },
  ];
}

/** Every frame is made of the one image. */
function derivation({ sopClass, sopInstance, frame }: DicomSource): DicomElements[number] {
  const image: DicomElements = [
    { tag: 0x00081150, vr: 'UI', value: sopClass },
    { tag: 0x00081155, vr: 'UI', value: sopInstance },
    ...(frame === undefined ? [] : [{ tag: 0x00081160, vr: 'IS' as const, value: String(frame) }]),
    {
      tag: 0x0040a170,
      vr: 'SQ',
      value: [code('121322', 'DCM', 'Source image for image processing operation')],
    },
  ];
  return {
    tag: 0x00089124,
    vr: 'SQ',
    value: [
      [
        { tag: 0x00089215, vr: 'SQ', value: [code('113076', 'DCM', 'Segmentation')] },
        { tag: 0x00082112, vr: 'SQ', value: [image] },
      ],
    ],
  };
}

function frameItem(segment: number): DicomElements {
  return [
    { tag: 0x00209111, vr: 'SQ', value: [[{ tag: 0x00209157, vr: 'UL', value: [segment] }]] },
    {
      tag: SEGMENT_IDENTIFICATION,
      vr: 'SQ',
      value: [[{ tag: SEGMENT_NUMBER, vr: 'US', value: [segment] }]],
    },
  ];
}
