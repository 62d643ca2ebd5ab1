/** @file What is said, wherever it is found, about cases that do not fit: one sentence each, and their list. */
import type { Size } from '../base/geometry.ts';
import type { Case } from './types.ts';

type Named = Pick<Case, 'id' | 'imagePath'>;

export function sameSize(a: Size, b: Size): boolean {
  return a.height === b.height && a.width === b.width;
}

export function otherSize({ imagePath }: Named, image: Size, annotation: Size): string {
  return `${imagePath} is ${image.width} x ${image.height} pixels, its annotation ${annotation.width} x ${annotation.height}`;
}

/** Results and labels are kept by names. */
export function sameName({ id, imagePath }: Named, first: Named): string {
  return `${imagePath} and ${first.imagePath} have the same name without extension, "${id}"`;
}

/** How many files are left out, which is no mistake. */
export function noPictures(count: number): string {
  const some = count === 1 ? 'One of the files is' : `${count} of the files are`;
  return `${some} DICOM without a picture, such as a report, and left out.`;
}

const SHOWN = 20;

/** A line each, the first of them. */
export function listed(messages: readonly string[]): string {
  const lines = messages.slice(0, SHOWN).map((message) => `- ${message}`);
  if (messages.length > SHOWN) lines.push(`- and ${messages.length - SHOWN} more`);
  return `${lines.join('\n')}\n`;
}
