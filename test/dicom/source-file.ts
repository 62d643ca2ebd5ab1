/** @file A small DICOM radiograph, element by element. */
import { type DicomElements, encodeDicomFile } from '../../src/dicom/elements.ts';

/** Two rows of three pixels. `more` come on top of what every image has. */
export function sourceElements(more: DicomElements = []): DicomElements {
  return [
    { tag: 0x00080016, vr: 'UI', value: '1.2.840.10008.5.1.4.1.1.1' },
    { tag: 0x00080018, vr: 'UI', value: '1.2.3.3' },
    { tag: 0x00100010, vr: 'PN', value: 'M^A' },
    { tag: 0x00100020, vr: 'LO', value: 'id-7' },
    { tag: 0x0020000d, vr: 'UI', value: '1.2.3.1' },
    { tag: 0x0020000e, vr: 'UI', value: '1.2.3.2' },
    { tag: 0x00280010, vr: 'US', value: [2] },
    { tag: 0x00280011, vr: 'US', value: [3] },
    ...more,
  ];
}

export function sourceFile(more: DicomElements = []): Uint8Array {
  return Uint8Array.from(encodeDicomFile(sourceElements(more)));
}
