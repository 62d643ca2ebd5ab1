/** Segmentations are read back by another reader, which shares no code with Packmule's own, and held against the standard. */
import { spawnSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { ImageError } from '../../src/base/errors.ts';
import { type DicomElement, type DicomElements, encodeDicomFile } from '../../src/dicom/elements.ts';
import { type DicomSegment, encodeSegmentation } from '../../src/dicom/segmentation.ts';
import { readDicomSource } from '../../src/dicom/source.ts';
import { useFolder } from '../pipeline/folder.ts';
import { inside, type ReadSegmentation, readSegmentation } from './read-segmentation.ts';
import { sourceElements, sourceFile } from './source-file.ts';

const made = new Date('2026-03-04T05:06:07.890Z');
const segment: DicomSegment = {
  label: 'Os größte',
  algorithm: 'AUTOMATIC',
  data: Uint8Array.of(1, 0, 1, 0, 0, 1),
};

const inSpace: DicomElements = [
  { tag: 0x00200032, vr: 'DS', value: '1\\2\\3' },
  { tag: 0x00200037, vr: 'DS', value: '1\\0\\0\\0\\1\\0' },
  { tag: 0x00180050, vr: 'DS', value: '2' },
  { tag: 0x00280030, vr: 'DS', value: '0.1\\0.2' },
];
const withoutThickness = inSpace.filter(({ tag }) => tag !== 0x00180050);
const frameOfReference: DicomElement = { tag: 0x00200052, vr: 'UI', value: '1.2.9' };

function written(
  segments: readonly DicomSegment[],
  more: DicomElements = [],
  frame?: number,
): ReadSegmentation {
  const source = readDicomSource(sourceFile(more), 'a.dcm', frame);
  return readSegmentation(encodeSegmentation(source, { height: 2, width: 3 }, segments, '1.2.3', made));
}

describe('a segmentation', () => {
  it('has the masks of its segments in their order, to the bit', () => {
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
        const read = readSegmentation(encodeSegmentation(source, { height, width }, segments, '1', made));
        expect(read.segments.map(({ number, label, mask }) => ({ number, label, mask }))).toEqual(
          masks.map((mask, i) => ({ number: i + 1, label: `c${i}`, mask })),
        );
        const { NumberOfFrames, Rows, Columns, PixelData } = read.all;
        expect([NumberOfFrames, Rows, Columns]).toEqual([count, height, width]);
        // No gap between frames, and an even length.
        expect((PixelData as ArrayBuffer[])[0]!.byteLength).toBe(2 * Math.ceil((pixels * count) / 16));
      }),
      { numRuns: 30 },
    );
  });

  it('belongs to the patient, the study and the image that it was made of', () => {
    const { all, meta, ...read } = written([segment]);
    expect([meta.TransferSyntaxUID, meta.MediaStorageSOPInstanceUID]).toEqual([
      '1.2.840.10008.1.2.1',
      all.SOPInstanceUID,
    ]);
    expect(all).toMatchObject({
      SOPClassUID: '1.2.840.10008.5.1.4.1.1.66.4',
      PatientName: [{ Alphabetic: 'M^A' }],
      // Required, though the source has none: empty.
      PatientBirthDate: '',
      Modality: 'SEG',
      SegmentationType: 'BINARY',
      ContentDate: '20260304',
      ContentTime: '050607',
    });
    expect(read).toMatchObject({
      patientId: 'id-7',
      study: '1.2.3.1',
      series: '1.2.3.2',
      images: ['1.2.3.3', '1.2.3.3'],
      sopClasses: ['1.2.840.10008.5.1.4.1.1.1', '1.2.840.10008.5.1.4.1.1.1'],
      frame: undefined,
      spacing: undefined,
    });
    for (const uid of [all.SOPInstanceUID, all.SeriesInstanceUID])
      expect(uid).toMatch(/^2\.25\.[1-9]\d{0,38}$/);
  });

  it('names its segments, and says which frame shows which', () => {
    const { all, segments } = written([
      segment,
      { ...segment, label: 'b', algorithm: 'MANUAL', description: 'Expected Dice 0.912' },
    ]);
    expect(segments).toMatchObject([
      {
        number: 1,
        label: 'Os größte',
        algorithm: 'AUTOMATIC',
        algorithmName: 'Packmule 1.2.3',
        type: ['99PACKMULE', 'Os größte'],
      },
      {
        number: 2,
        label: 'b',
        algorithm: 'MANUAL',
        algorithmName: undefined,
        description: 'Expected Dice 0.912',
      },
    ]);
    const first = inside(all, 'SegmentSequence')!;
    expect(inside(first, 'SegmentedPropertyCategoryCodeSequence')!.CodeValue).toBe('123037004');
    const code = inside(first, 'SegmentedPropertyTypeCodeSequence')!.CodeValue as string;
    expect(code.length).toBeLessThanOrEqual(16);
    const frames = all.PerFrameFunctionalGroupsSequence as (typeof all)[];
    expect(frames.map((frame) => inside(frame, 'FrameContentSequence')!.DimensionIndexValues)).toEqual([
      1, 2,
    ]);
  });

  it('says which of several frames it was made of, and where its pixels lie', () => {
    const several: DicomElements = [{ tag: 0x00280008, vr: 'IS', value: '5' }, frameOfReference, ...inSpace];
    const { all, frame, spacing } = written([segment], several, 3);
    expect([frame, spacing, all.FrameOfReferenceUID]).toEqual([4, [0.1, 0.2], '1.2.9']);
    const shared = inside(all, 'SharedFunctionalGroupsSequence')!;
    expect(inside(shared, 'PlanePositionSequence')!.ImagePositionPatient).toEqual([1, 2, 3]);
    expect(inside(shared, 'PlaneOrientationSequence')!.ImageOrientationPatient).toEqual([1, 0, 0, 0, 1, 0]);
    expect(all).not.toHaveProperty('PatientOrientation');
  });

  it('is an object of its own for each frame of a file, in one series', () => {
    const several: DicomElements = [{ tag: 0x00280008, vr: 'IS', value: '5' }];
    const [first, second] = [0, 1].map((frame) => written([segment], several, frame).all);
    expect(first!.SOPInstanceUID).not.toBe(second!.SOPInstanceUID);
    expect(first!.SeriesInstanceUID).toBe(second!.SeriesInstanceUID);
  });

  it.each([
    ['frame of reference', inSpace],
    ['slice thickness', [frameOfReference, ...withoutThickness]],
  ])('without a %s lies nowhere, but tells how the patient lies in the picture', (_, more) => {
    const orientation: DicomElement = { tag: 0x00200020, vr: 'CS', value: 'L\\F' };
    const { all, spacing } = written([segment], [...more, orientation]);
    expect(inside(all, 'SharedFunctionalGroupsSequence', 'PlanePositionSequence')).toBeUndefined();
    expect(all).not.toHaveProperty('FrameOfReferenceUID');
    expect([all.PatientOrientation, spacing]).toEqual([
      ['L', 'F'],
      [0.1, 0.2],
    ]);
    expect(written([segment]).all.PatientOrientation).toBe('');
  });

  it.each([
    [0x00181164, 'ImagerPixelSpacing'],
    [0x00182010, 'NominalScannedPixelSpacing'],
  ])('has the distance of pixels on the detector or film where there is no other (%#)', (tag) => {
    expect(written([segment], [{ tag, vr: 'DS', value: '0.143\\0.15' }]).spacing).toEqual([0.143, 0.15]);
    const both: DicomElements = [
      { tag, vr: 'DS', value: '0.143\\0.15' },
      { tag: 0x00280030, vr: 'DS', value: '0.1\\0.2' },
    ];
    expect(written([segment], both).spacing).toEqual([0.1, 0.2]);
  });

  it('has the distances of its own frame of an enhanced image', () => {
    const measures = (value: string): DicomElements => [
      { tag: 0x00289110, vr: 'SQ', value: [[{ tag: 0x00280030, vr: 'DS', value }]] },
    ];
    const enhanced: DicomElements = [
      { tag: 0x00280008, vr: 'IS', value: '2' },
      { tag: 0x52009230, vr: 'SQ', value: [measures('1\\2'), measures('3\\4')] },
    ];
    expect(written([segment], enhanced, 1).spacing).toEqual([3, 4]);
  });
});

describe('the validator of dicom3tools', () => {
  const inFolder = useFolder();
  const isHere = spawnSync('dciodvfy', ['-help']).error === undefined;
  const frames: DicomElements = [{ tag: 0x00280008, vr: 'IS', value: '3' }];

  it.skipIf(!isHere).each<[string, DicomElements, number | undefined]>([
    ['a bare radiograph', [], undefined],
    ['one whose detector is known', [{ tag: 0x00181164, vr: 'DS', value: '0.143\\0.143' }], undefined],
    ['a slice in space', [frameOfReference, ...inSpace], undefined],
    ['a slice without a thickness', [frameOfReference, ...withoutThickness], undefined],
    ['a frame of several', frames, 1],
  ])('finds no error in the segmentation of %s', (_, more, frame) => {
    const elements = sourceElements(more).map((one) =>
      // Ultrasound, of several frames.
      one.tag === 0x00080016 && frame !== undefined ? { ...one, value: '1.2.840.10008.5.1.4.1.1.3.1' } : one,
    );
    const source = readDicomSource(
      Uint8Array.from(encodeDicomFile(elements as DicomElements)),
      'a.dcm',
      frame,
    );
    const segments = [segment, { ...segment, label: 'b', algorithm: 'MANUAL' as const, description: 'x' }];
    const path = inFolder('seg.dcm');
    writeFileSync(path, encodeSegmentation(source, { height: 2, width: 3 }, segments, '1.2.3', made));
    const { stdout, stderr } = spawnSync('dciodvfy', [path], { encoding: 'utf8' });
    const said = `${stdout}${stderr}`.split('\n');
    expect(said).toContain('Segmentation');
    expect(said.filter((line) => line.startsWith('Error'))).toEqual([]);
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
