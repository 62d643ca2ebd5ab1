/** @file Segmentations as another reader sees them: dcmjs, which has a parser of its own. */
import dcmjs, { type NaturalDataSet } from 'dcmjs';

export interface ReadSegment {
  readonly number: number;
  readonly label: string;
  readonly algorithm: string;
  readonly algorithmName: string | undefined;
  readonly description: string | undefined;
  /** Scheme and meaning of the code of its type. */
  readonly type: readonly [string, string];
  /** 0 or 1 a pixel, of the frame that refers to it. */
  readonly mask: Uint8Array;
}

export interface ReadSegmentation {
  /** The whole data set by keywords, for what is not below. */
  readonly all: NaturalDataSet;
  readonly meta: NaturalDataSet;
  readonly patientId: string;
  readonly study: string;
  readonly series: string;
  /** SOP Instance UIDs of the image: in the list of the series, and where the frames say what they are made of. */
  readonly images: readonly string[];
  readonly sopClasses: readonly string[];
  /** Counted from 1; undefined where the image has one frame. */
  readonly frame: number | undefined;
  /** Rows and columns, mm; undefined where the file does not tell it. */
  readonly spacing: readonly number[] | undefined;
  /** In the order of the frames. */
  readonly segments: readonly ReadSegment[];
}

/** The data set inside of nested sequences, the first of each; undefined where one is absent. */
export function inside(data: NaturalDataSet, ...keywords: readonly string[]): NaturalDataSet | undefined {
  return keywords.reduce<NaturalDataSet | undefined>(
    (item, keyword) => (item === undefined ? undefined : itemsOf(item, keyword)[0]),
    data,
  );
}

export function readSegmentation(bytes: Uint8Array): ReadSegmentation {
  // It warns of a missing value for what may be empty.
  dcmjs.log.setLevel('error');
  const { meta, dict } = dcmjs.data.DicomMessage.readFile(Uint8Array.from(bytes).buffer);
  const data = dcmjs.data.DicomMetaDictionary.naturalizeDataset(dict);
  const list = inside(data, 'ReferencedSeriesSequence')!;
  const listed = inside(list, 'ReferencedInstanceSequence')!;
  const shared = inside(data, 'SharedFunctionalGroupsSequence')!;
  const source = inside(shared, 'DerivationImageSequence', 'SourceImageSequence')!;
  return {
    all: data,
    meta: dcmjs.data.DicomMetaDictionary.naturalizeDataset(meta),
    patientId: data.PatientID as string,
    study: data.StudyInstanceUID as string,
    series: list.SeriesInstanceUID as string,
    images: [listed, source].map((one) => one.ReferencedSOPInstanceUID as string),
    sopClasses: [listed, source].map((one) => one.ReferencedSOPClassUID as string),
    frame: source.ReferencedFrameNumber as number | undefined,
    spacing: inside(shared, 'PixelMeasuresSequence')?.PixelSpacing as number[] | undefined,
    segments: segmentsOf(data),
  };
}

/** The masks of segments by their labels. */
export function masksOf({ segments }: ReadSegmentation): Record<string, Uint8Array> {
  return Object.fromEntries(segments.map(({ label, mask }) => [label, mask]));
}

function segmentsOf(data: NaturalDataSet): ReadSegment[] {
  const pixels = (data.Rows as number) * (data.Columns as number);
  const bits = dcmjs.data.BitArray.unpack((data.PixelData as ArrayBuffer[])[0]!);
  const known = new Map(itemsOf(data, 'SegmentSequence').map((item) => [item.SegmentNumber, item]));
  const frames = itemsOf(data, 'PerFrameFunctionalGroupsSequence');
  if (frames.length !== data.NumberOfFrames) throw new Error(`${frames.length} groups of frames`);
  return frames.map((frame, i) => {
    const number = inside(frame, 'SegmentIdentificationSequence')!.ReferencedSegmentNumber as number;
    const item = known.get(number)!;
    const type = inside(item, 'SegmentedPropertyTypeCodeSequence')!;
    return {
      number,
      label: utf8(item.SegmentLabel),
      algorithm: item.SegmentAlgorithmType as string,
      algorithmName: item.SegmentAlgorithmName as string | undefined,
      description: item.SegmentDescription as string | undefined,
      type: [type.CodingSchemeDesignator as string, utf8(type.CodeMeaning)],
      mask: bits.subarray(i * pixels, (i + 1) * pixels).map((bit) => (bit === 0 ? 0 : 1)),
    };
  });
}

function itemsOf(data: NaturalDataSet, keyword: string): readonly NaturalDataSet[] {
  return (data[keyword] ?? []) as readonly NaturalDataSet[];
}

/** In sequences it takes text for Latin-1, whatever the file says. */
function utf8(text: unknown): string {
  return Buffer.from(text as string, 'latin1').toString('utf8');
}
