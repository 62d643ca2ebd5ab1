/**
 * @file What an object that is derived from a DICOM image says of that image: patient, study, series, instance, and
 * where its pixels lie. The one place where Packmule reads who a patient is: to write it into such an object.
 */
import type { DataSet } from 'dicom-parser';
import { ImageError } from '../base/errors.ts';
import type { Size } from '../base/geometry.ts';
import { requireFrame } from '../imaging/reader.ts';
import type { DicomElement, DicomElements } from './elements.ts';
import { parseDicomFile, scopesOf } from './parse.ts';

export interface DicomSource extends Size {
  readonly sopClass: string;
  readonly sopInstance: string;
  readonly series: string;
  /** Counted from 1, where the file has several frames. */
  readonly frame?: number;
  /** Of the modules Patient, General Study and Frame of Reference, or the orientation of a picture that lies nowhere. */
  readonly patientAndStudy: DicomElements;
  /** Functional groups: distance, place and direction of the pixels, as far as the file tells them. */
  readonly geometry: DicomElements;
}

type Copied = readonly [tag: number, vr: Exclude<DicomElement['vr'], 'US' | 'UL' | 'AT' | 'OB' | 'SQ'>];

/** To be there even if empty (type 2), but for the study's UID, which is required. */
const PATIENT_AND_STUDY: readonly Copied[] = [
  [0x00080020, 'DA'],
  [0x00080030, 'TM'],
  [0x00080050, 'SH'],
  [0x00080090, 'PN'],
  [0x00100010, 'PN'],
  [0x00100020, 'LO'],
  [0x00100030, 'DA'],
  [0x00100040, 'CS'],
  [0x0020000d, 'UI'],
  [0x00200010, 'SH'],
];
/** Copied where they are: issuer of the patient's id, description of the study. */
const OPTIONAL: readonly Copied[] = [
  [0x00100021, 'LO'],
  [0x00081030, 'LO'],
];
const FRAME_OF_REFERENCE: Copied = [0x00200052, 'UI'];
const POSITION_REFERENCE: Copied = [0x00201040, 'LO'];
const PATIENT_ORIENTATION: Copied = [0x00200020, 'CS'];
const PIXEL_SPACING: Copied = [0x00280030, 'DS'];
/** What stands for it where it is absent, as in the images that Packmule reads: on the detector, on a scanned film. */
const OTHER_SPACINGS = [0x00181164, 0x00182010];
const SLICE_THICKNESS: Copied = [0x00180050, 'DS'];
const POSITION: Copied = [0x00200032, 'DS'];
const ORIENTATION: Copied = [0x00200037, 'DS'];

/**
 * Reads a DICOM file. `frame`, counted from 0, is which of its frames is meant; `name` is the file's, for errors.
 * @throws ImageError for what is no DICOM image, and for one without UIDs.
 */
export function readDicomSource(bytes: Uint8Array, name: string, frame = 0): DicomSource {
  const file = parseDicomFile(bytes, name);
  const { data } = file;
  const decode = textDecoder(data, name);
  const textIn = (scope: DataSet, tag: number): string | undefined => {
    const value = scope.string(nameOf(tag));
    return value === undefined ? undefined : decode(value);
  };
  const text = ([tag]: Copied): string | undefined => textIn(data, tag);
  const required = (tag: number, what: string): string => {
    const value = text([tag, 'UI']);
    if (value !== undefined && value !== '') return value;
    throw new ImageError({
      seen: `${name} has no ${what}`,
      need: 'A DICOM image to which another object can refer',
      fix: 'Export it again from its source',
    });
  };
  const copy = (one: Copied, fallback?: string): DicomElement[] => {
    const value = text(one) ?? fallback;
    return value === undefined ? [] : [{ tag: one[0], vr: one[1], value }];
  };
  /** A functional group as the frame has it, else all frames, else the file. */
  const group = (tag: number, ...wanted: Copied[]): DicomElement[] => {
    const scopes = scopesOf(file, frame, nameOf(tag));
    const content = wanted.flatMap(([own, vr]): DicomElement[] => {
      const tags = own === PIXEL_SPACING[0] ? [own, ...OTHER_SPACINGS] : [own];
      const value = tags.flatMap((one) => scopes.flatMap((scope) => textIn(scope, one) || []))[0];
      return value === undefined ? [] : [{ tag: own, vr, value }];
    });
    return content.length === 0 ? [] : [{ tag, vr: 'SQ', value: [content] }];
  };
  required(0x0020000d, 'Study Instance UID');
  const frames = Number(text([0x00280008, 'IS'])) || 1;
  requireFrame(frame, frames, name);
  const measures = group(0x00289110, PIXEL_SPACING, SLICE_THICKNESS);
  const place = [...group(0x00209113, POSITION), ...group(0x00209116, ORIENTATION)];
  // A place in a frame of reference is told as a whole or not at all (PS3.3, C.7.6.16.2).
  const told = [...measures, ...place].flatMap(({ value }) => (value as readonly DicomElements[])[0]!);
  const inSpace = text(FRAME_OF_REFERENCE) !== undefined && told.length === 4;
  return {
    sopClass: required(0x00080016, 'SOP Class UID'),
    sopInstance: required(0x00080018, 'SOP Instance UID'),
    series: required(0x0020000e, 'Series Instance UID'),
    height: data.uint16(nameOf(0x00280010)) ?? 0,
    width: data.uint16(nameOf(0x00280011)) ?? 0,
    ...(frames > 1 && { frame: frame + 1 }),
    patientAndStudy: [
      ...PATIENT_AND_STUDY.flatMap((one) => copy(one, '')),
      ...OPTIONAL.flatMap((one) => copy(one)),
      ...(inSpace
        ? [...copy(FRAME_OF_REFERENCE), ...copy(POSITION_REFERENCE, '')]
        : copy(PATIENT_ORIENTATION, '')),
    ],
    geometry: [...measures, ...(inSpace ? place : [])],
  };
}

/** A tag in the parser's notation. */
function nameOf(tag: number): string {
  return `x${tag.toString(16).padStart(8, '0')}`;
}

/** Character sets of DICOM (PS3.3, C.12.1.1.2) by the names that the Encoding Standard has for them. */
const CHARACTER_SETS: Readonly<Record<string, string>> = {
  '': 'latin1',
  'ISO_IR 6': 'latin1',
  'ISO_IR 13': 'shift_jis',
  'ISO_IR 100': 'latin1',
  'ISO_IR 101': 'iso-8859-2',
  'ISO_IR 109': 'iso-8859-3',
  'ISO_IR 110': 'iso-8859-4',
  'ISO_IR 126': 'iso-8859-7',
  'ISO_IR 127': 'iso-8859-6',
  'ISO_IR 138': 'iso-8859-8',
  'ISO_IR 144': 'iso-8859-5',
  'ISO_IR 148': 'windows-1254',
  'ISO_IR 166': 'windows-874',
  'ISO_IR 192': 'utf-8',
  'ISO 2022 IR 6': 'latin1',
  'ISO 2022 IR 87': 'iso-2022-jp',
  'ISO 2022 IR 100': 'latin1',
  GB18030: 'gb18030',
  GBK: 'gbk',
};

/** Text as the parser gives it, a character a byte, to the text that it is. */
function textDecoder(data: DataSet, name: string): (bytes: string) => string {
  const declared = data.string('x00080005') ?? '';
  // Of several sets the last is the one that differs from ASCII.
  const set = declared.split('\\').at(-1)!.trim();
  const encoding = CHARACTER_SETS[set];
  if (encoding === undefined) {
    throw new ImageError({
      seen: `${name} has the character set ${declared}`,
      need: `One of ${Object.keys(CHARACTER_SETS).filter(Boolean).join(', ')}`,
      fix: 'Convert its text to UTF-8 (dcmconv +U8)',
    });
  }
  const decoder = new TextDecoder(encoding);
  return (bytes) => decoder.decode(Buffer.from(bytes, 'latin1'));
}
