/** @file Which files of a dropped folder are taken: images, annotations, lists and settings. */

const ENDINGS = [
  '.png',
  '.jpg',
  '.jpeg',
  '.tif',
  '.tiff',
  '.dcm',
  '.dicom',
  '.ima',
  '.nii',
  '.nii.gz',
  '.mha',
  '.mhd',
  '.nrrd',
  '.nhdr',
  // Values of the two headers among them.
  '.raw',
  '.json',
  '.xml',
  '.csv',
  '.txt',
  '.yaml',
];

/** `path` is relative to the folder, with slashes. DICOM files often have no ending, or the last part of a UID. */
export function isWanted(path: string): boolean {
  const parts = path.split('/');
  const name = parts.at(-1)!.toLowerCase();
  if (parts.some((part) => part.startsWith('.'))) return false;
  const ending = /\.[^.]*$/.exec(name)?.[0] ?? '';
  return /^(\.\d+)?$/.test(ending) || ENDINGS.some((one) => name.endsWith(one));
}
