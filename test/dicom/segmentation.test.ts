/** Segmentations are read back by another reader. */
import dicomParser, { type DataSet } from 'dicom-parser';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { ImageError } from '../../src/base/errors.ts';
import { type DicomElements, encodeDicomFile } from '../../src/dicom/elements.ts';
import { type DicomSegment, encodeSegmentation } from '../../src/dicom/segmentation.ts';
import { readDicomSource } from '../../src/dicom/source.ts';
import { sourceElements, sourceFile } from './source-file.ts';

const made = new Date('2026-03-04T05:06:07.890Z');
const segment: DicomSegment = {
  label: 'Os größte',
  algorithm: 'AUTOMATIC',
  data: Uint8Array.of(1, 0, 1, 0, 0, 1),
};

function written(segments: readonly DicomSegment[], more: DicomElements = [], frame?: number): DataSet {
  const source = readDicomSource(sourceFile(more), 'a.dcm', frame);
  const bytes = encodeSegmentation(source, { height: 2, width: 3 }, segments, '1.2.3', made);
  return dicomParser.parseDicom(Uint8Array.from(bytes));
}

/** The item of nested sequences, the first of each. */
function inside(data: DataSet, ...tags: readonly string[]): DataSet {
  return tags.reduce((item, tag) => item.elements[tag]!.items![0]!.dataSet!, data);
}

const utf8 = (text: string | undefined): string => Buffer.from(text ?? '', 'latin1').toString('utf8');

describe('a segmentation', () => {
  it('has the masks, one bit a pixel, frame after frame without a gap', () => {
    const source = readDicomSource(sourceFile(), 'a.dcm');
    const side = fc.integer({ min: 1, max: 9 });
    fc.assert(
      fc.property(side, side, fc.integer({ min: 1, max: 4 }), fc.infiniteStream(fc.nat(1)), (...drawn) => {
        const [height, width, count, stream] = drawn;
        const pixels = height * width;
        const masks = Array.from({ length: count }, () =>
          Uint8Array.from({ length: pixels }, () => stream.next().value as number),
        );
        const segments = masks.map((data, i): DicomSegment => ({ ...segment, label: `c${i}`, data }));
        const bytes = encodeSegmentation(source, { height, width }, segments, '1', made);
        const data = dicomParser.parseDicom(Uint8Array.from(bytes));
        const { dataOffset, length } = data.elements.x7fe00010!;
        const bits = data.byteArray.subarray(dataOffset, dataOffset + length);
        const bit = (at: number): number => (bits[at >> 3]! >> (at & 7)) & 1;
        expect(masks.map((mask, frame) => mask.map((_, i) => bit(frame * pixels + i)))).toEqual(masks);
        expect(length).toBe(2 * Math.ceil((pixels * count) / 16));
        const sizes = [data.string('x00280008'), data.uint16('x00280010'), data.uint16('x00280011')];
        expect(sizes).toEqual([String(count), height, width]);
      }),
      { numRuns: 30 },
    );
  });

  it('belongs to the patient, the study and the image that it was made of', () => {
    const data = written([segment]);
    const text = (tag: string): string | undefined => data.string(tag);
    expect(text('x00020010')).toBe('1.2.840.10008.1.2.1');
    expect(text('x00080016')).toBe('1.2.840.10008.5.1.4.1.1.66.4');
    expect(text('x00020003')).toBe(text('x00080018'));
    expect(['x00100010', 'x00100020', 'x0020000d', 'x00080060', 'x00620001'].map(text)).toEqual([
      'M^A',
      'id-7',
      '1.2.3.1',
      'SEG',
      'BINARY',
    ]);
    // Required, though the source has none: empty.
    expect(data.elements.x00100030).toMatchObject({ length: 0 });
    expect([text('x00080023'), text('x00080033')]).toEqual(['20260304', '050607']);
    const referenced = inside(data, 'x00081115');
    expect(referenced.string('x0020000e')).toBe('1.2.3.2');
    expect(inside(referenced, 'x0008114a').string('x00081155')).toBe('1.2.3.3');
    const image = inside(data, 'x52009229', 'x00089124', 'x00082112');
    expect(image.string('x00081150')).toBe('1.2.840.10008.5.1.4.1.1.1');
    expect(image.string('x00081155')).toBe('1.2.3.3');
    expect(image.elements.x00081160).toBeUndefined();
    for (const tag of ['x00080018', 'x0020000e']) expect(text(tag)).toMatch(/^2\.25\.[1-9]\d{0,38}$/);
  });

  it('names its segments, and says which frame shows which', () => {
    const data = written([
      segment,
      { ...segment, label: 'b', algorithm: 'MANUAL', description: 'Expected Dice 0.912' },
    ]);
    const [first, second] = data.elements.x00620002!.items!.map((item) => item.dataSet!);
    expect(data.string('x00080005')).toBe('ISO_IR 192');
    expect([first!.uint16('x00620004'), utf8(first!.string('x00620005'))]).toEqual([1, 'Os größte']);
    expect([first!.string('x00620008'), first!.string('x00620009')]).toEqual(['AUTOMATIC', 'Packmule 1.2.3']);
    expect([second!.string('x00620006'), second!.string('x00620009')]).toEqual([
      'Expected Dice 0.912',
      undefined,
    ]);
    expect(inside(first!, 'x00620003').string('x00080100')).toBe('123037004');
    const type = inside(first!, 'x0062000f');
    expect(type.string('x00080100')!.length).toBeLessThanOrEqual(16);
    expect([type.string('x00080102'), utf8(type.string('x00080104'))]).toEqual(['99PACKMULE', 'Os größte']);
    const frames = data.elements.x52009230!.items!.map((item) => item.dataSet!);
    expect(frames.map((frame) => inside(frame, 'x0062000a').uint16('x0062000b'))).toEqual([1, 2]);
    expect(frames.map((frame) => inside(frame, 'x00209111').uint32('x00209157'))).toEqual([1, 2]);
  });

  it('says which of several frames it was made of, and where its pixels lie', () => {
    const several: DicomElements = [
      { tag: 0x00280008, vr: 'IS', value: '5' },
      { tag: 0x00280030, vr: 'DS', value: '0.1\\0.2' },
      { tag: 0x00200052, vr: 'UI', value: '1.2.9' },
      { tag: 0x00200032, vr: 'DS', value: '1\\2\\3' },
      { tag: 0x00200037, vr: 'DS', value: '1\\0\\0\\0\\1\\0' },
    ];
    const data = written([segment], several, 3);
    const shared = inside(data, 'x52009229');
    expect(inside(shared, 'x00089124', 'x00082112').string('x00081160')).toBe('4');
    expect(inside(shared, 'x00289110').string('x00280030')).toBe('0.1\\0.2');
    expect(inside(shared, 'x00209113').string('x00200032')).toBe('1\\2\\3');
    expect(inside(shared, 'x00209116').string('x00200037')).toBe('1\\0\\0\\0\\1\\0');
    expect(data.string('x00200052')).toBe('1.2.9');
    const nowhere = written([segment], [{ tag: 0x00200032, vr: 'DS', value: '1\\2\\3' }]);
    expect(inside(nowhere, 'x52009229').elements.x00209113).toBeUndefined();
  });
});

describe('a source', () => {
  it.each([
    ['ISO_IR 100', [0x47, 0x72, 0xf6, 0xdf], 'Größ'],
    ['ISO_IR 144', [0xb8, 0xd2, 0xd0, 0xdd], 'Иван'],
    ['ISO_IR 192', [0x47, 0xc3, 0xb6, 0x21], 'Gö!'],
    ['\\ISO 2022 IR 87', [0x1b, 0x24, 0x42, 0x3b, 0x33, 0x1b, 0x28, 0x42], '山'],
  ])('in the character set %j is read as what it says', (set, bytes, name) => {
    const stand = 'n'.repeat(bytes.length);
    const file = sourceFile([
      { tag: 0x00080005, vr: 'CS', value: set },
      { tag: 0x00081030, vr: 'LO', value: stand },
    ]);
    file.set(bytes, Buffer.from(file).indexOf(stand));
    const { patientAndStudy } = readDicomSource(file, 'a.dcm');
    expect(patientAndStudy.find(({ tag }) => tag === 0x00081030)!.value).toBe(name);
  });

  it('without UIDs, in an unknown character set, or of another kind is refused', () => {
    const without = sourceElements().filter(({ tag }) => tag !== 0x0020000e);
    const read = (bytes: Uint8Array) => () => readDicomSource(bytes, 'a.dcm');
    expect(read(encodeDicomFile(without))).toThrow(/a\.dcm has no Series Instance UID/);
    const unknown = sourceFile([{ tag: 0x00080005, vr: 'CS', value: 'ISO_IR 999' }]);
    expect(read(unknown)).toThrow(/character set ISO_IR 999/);
    expect(read(Buffer.from('hello'))).toThrow(ImageError);
  });
});
