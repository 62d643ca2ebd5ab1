/** @file Segmentations as another reader sees them. */
import { readFile } from 'node:fs/promises';
import dicomParser, { type DataSet } from 'dicom-parser';

export interface ReadSegmentation {
  readonly patientId: string | undefined;
  readonly study: string | undefined;
  /** SOP Instance UIDs of the image: in the list of the series, and where the frames say what they are made of. */
  readonly images: readonly (string | undefined)[];
  readonly sopClasses: readonly (string | undefined)[];
  readonly series: string | undefined;
  /** Counted from 1; undefined where the image has one frame. */
  readonly frame: string | undefined;
  /** 0 or 1 a pixel, by the label of the segment. */
  readonly masks: Readonly<Record<string, Uint8Array>>;
}

export async function readSegmentation(path: string): Promise<ReadSegmentation> {
  const data = dicomParser.parseDicom(Uint8Array.from(await readFile(path)));
  const series = itemsOf(data, 'x00081115')[0]!;
  const listed = itemsOf(series, 'x0008114a')[0]!;
  const shared = itemsOf(data, 'x52009229')[0]!;
  const source = itemsOf(itemsOf(shared, 'x00089124')[0]!, 'x00082112')[0]!;
  const pixels = data.uint16('x00280010')! * data.uint16('x00280011')!;
  const { dataOffset } = data.elements.x7fe00010!;
  const bit = (at: number): number => (data.byteArray[dataOffset + (at >> 3)]! >> (at & 7)) & 1;
  const masks = itemsOf(data, 'x00620002').map((segment, frame) => [
    segment.string('x00620005')!,
    Uint8Array.from({ length: pixels }, (_, i) => bit(frame * pixels + i)),
  ]);
  return {
    patientId: data.string('x00100020'),
    study: data.string('x0020000d'),
    images: [listed.string('x00081155'), source.string('x00081155')],
    sopClasses: [listed.string('x00081150'), source.string('x00081150')],
    series: series.string('x0020000e'),
    frame: source.string('x00081160'),
    masks: Object.fromEntries(masks),
  };
}

function itemsOf(data: DataSet, tag: string): DataSet[] {
  return data.elements[tag]!.items!.map((item) => item.dataSet!);
}
