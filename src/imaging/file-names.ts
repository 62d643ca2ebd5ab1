/** @file Names of image files, and of the images in one file: `scan.dcm` has `scan#1.dcm`, `scan#2.dcm`, ... */

const FRAME = /^(.*)#([1-9]\d*)((?:\.nii)?\.[^.]*|)$/i;

/** A file name or path without its ending. The parts of a UID are no endings. */
export function withoutEnding(path: string): string {
  return path.replace(/(\.nii)?\.[a-z][^./]*$/i, '');
}

/** `frame` is counted from 0. */
export function frameName(fileName: string, frame: number): string {
  const stem = withoutEnding(fileName);
  return `${stem}#${frame + 1}${fileName.slice(stem.length)}`;
}

/** The file and the number, from 0, that a name of this kind tells; undefined for others. */
export function frameOf(name: string): { readonly fileName: string; readonly frame: number } | undefined {
  const [, before, number, ending] = FRAME.exec(name) ?? [];
  return before === undefined ? undefined : { fileName: before + ending, frame: Number(number) - 1 };
}
