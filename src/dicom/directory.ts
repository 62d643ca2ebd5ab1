/** @file DICOMDIR: the table of contents of an exported folder or disc (PS3.3, annex F). */
import { damagedDicom, itemsOf, parseDicomFile, TAG } from './parse.ts';

/** The name that such a file has (PS3.10, section 8.6). */
export const DICOM_DIRECTORY = 'DICOMDIR';

/**
 * Paths of the images that a DICOMDIR lists, in its order, relative to its folder, with slashes.
 * @throws ImageError where it is damaged or names files outside of its folder.
 */
export function dicomDirectoryFiles(bytes: Uint8Array, name: string): string[] {
  const { data } = parseDicomFile(bytes, name);
  return itemsOf(data, TAG.directoryRecords).flatMap((record) => {
    const parts = record.string(TAG.referencedFile)?.split('\\');
    if (parts === undefined || record.string(TAG.recordType) !== 'IMAGE') return [];
    if (parts.some((part) => part === '' || part.startsWith('.') || part.includes('/'))) {
      throw damagedDicom(name, `it lists the file ${parts.join('/')}`);
    }
    return [parts.join('/')];
  });
}
