/**
 * @file Run-length encoded masks and the codecs of COCO (Lin et al. 2014; its mask API).
 *
 * Pixels are taken column by column (index = col * height + row) as runs of equal value, the first of zeros.
 * COCO's string form writes each run as its difference to the run two before, in groups of five bits, least
 * significant first, each group one character from '0' (48) on; bit 5 says that more groups follow and bit 4
 * of the last group is the sign.
 */
import { AnnotationError } from '../base/errors.ts';
import type { BoxXyxy, Size } from '../base/geometry.ts';
import { MAX_PIXELS } from '../base/limits.ts';
import { emptyMask, type Mask, maskBox } from './mask.ts';

/**
 * A mask as runs. Canonical: no run but the first is empty and the runs add up to height x width, so that
 * equal masks have equal counts.
 */
export interface Rle {
  readonly height: number;
  readonly width: number;
  /** Lengths of the runs in column-major order: zeros, ones, zeros, ... */
  readonly counts: Uint32Array;
}

/** The runs of a mask. */
export function encodeRle(mask: Mask): Rle {
  return encodeRegion(mask, 0, 0, mask);
}

/** The runs of a mask of `size` that is empty but for `region`, whose first pixel is at (left, top); it must fit. */
export function encodeRegion(region: Mask, left: number, top: number, size: Size): Rle {
  const { height, width } = size;
  const runs = new RunBuilder();
  const box = maskBox(region);
  // Only columns inside the box are walked: structures are small beside their image, and a walk down a column
  // of row-major data is slow.
  if (box !== undefined) {
    const [x0, y0, x1, y1] = box;
    runs.add(0, (left + x0) * height);
    for (let x = x0; x <= x1; x++) {
      runs.add(0, top + y0);
      let value = 0;
      let start = y0;
      for (let y = y0, i = y0 * region.width + x; y <= y1; y++, i += region.width) {
        if (region.data[i] === value) continue;
        runs.add(value, y - start);
        value = region.data[i]!;
        start = y;
      }
      runs.add(value, y1 + 1 - start);
      runs.add(0, height - (top + y1 + 1));
    }
    runs.add(0, (width - 1 - (left + x1)) * height);
  } else {
    runs.add(0, height * width);
  }
  return { height, width, counts: runs.counts() };
}

/** The mask of runs. */
export function decodeRle(rle: Rle): Mask {
  const mask = emptyMask(rle);
  const { height, width, counts } = rle;
  const data = mask.data;
  let position = 0;
  for (let i = 0; i + 1 < counts.length; i += 2) {
    position += counts[i]!;
    let left = counts[i + 1]!;
    let x = Math.floor(position / height);
    let y = position - x * height;
    position += left;
    while (left > 0) {
      const bottom = Math.min(height, y + left);
      for (let at = y * width + x, end = bottom * width + x; at < end; at += width) data[at] = 1;
      left -= bottom - y;
      x++;
      y = 0;
    }
  }
  return mask;
}

/** Number of set pixels. */
export function rleArea(rle: Rle): number {
  let area = 0;
  for (let i = 1; i < rle.counts.length; i += 2) area += rle.counts[i]!;
  return area;
}

/** The tight bounding box (pixel indices, inclusive), or undefined for an empty mask. */
export function rleBox(rle: Rle): BoxXyxy | undefined {
  const { height, counts } = rle;
  let [y0, y1, first, last] = [height, -1, -1, -1];
  let position = 0;
  for (let i = 0; i + 1 < counts.length; i += 2) {
    const start = position + counts[i]!;
    const end = start + counts[i + 1]! - 1;
    position = end + 1;
    if (first < 0) first = start;
    last = end;
    const [top, bottom] = [start % height, end % height];
    const wraps = Math.floor(start / height) !== Math.floor(end / height);
    y0 = Math.min(y0, wraps ? 0 : top);
    y1 = Math.max(y1, wraps ? height - 1 : bottom);
  }
  return last < 0 ? undefined : [Math.floor(first / height), y0, Math.floor(last / height), y1];
}

/** The union of masks of one size. Merged by twos, so that many small masks take no longer than their runs say. */
export function rleUnion(first: Rle, others: readonly Rle[]): Rle {
  let level = [first, ...others];
  while (level.length > 1) {
    const pairs: Rle[] = [];
    for (let i = 0; i < level.length; i += 2) {
      const [a, b] = [level[i]!, level[i + 1]];
      pairs.push(b === undefined ? a : unionOfTwo(a, b));
    }
    level = pairs;
  }
  return level[0]!;
}

function unionOfTwo(a: Rle, b: Rle): Rle {
  if (a.height !== b.height || a.width !== b.width) {
    throw new AnnotationError({
      seen: `Two masks to be merged are ${a.width} x ${a.height} and ${b.width} x ${b.height} pixels`,
      need: 'Masks of one image have one size',
      fix: 'Check that the annotations belong to this image',
    });
  }
  const runs = new RunBuilder();
  const total = a.height * a.width;
  let [i, j, endA, endB] = [0, 0, a.counts[0] ?? 0, b.counts[0] ?? 0];
  for (let position = 0; position < total; ) {
    while (endA <= position) endA += a.counts[++i]!;
    while (endB <= position) endB += b.counts[++j]!;
    const end = Math.min(endA, endB);
    runs.add((i | j) & 1, end - position);
    position = end;
  }
  return { height: a.height, width: a.width, counts: runs.counts() };
}

/**
 * Runs from a plain list of counts (COCO's uncompressed form). `where` names the annotation in errors.
 * @throws AnnotationError when a run is no whole number >= 0, or the runs do not fill the mask exactly.
 */
export function rleFromCounts(counts: ArrayLike<number>, size: Size, where = 'A mask'): Rle {
  checkMaskSize(size, where);
  const runs = new RunBuilder();
  const total = size.height * size.width;
  let sum = 0;
  for (let i = 0; i < counts.length; i++) {
    const run = counts[i];
    if (!Number.isInteger(run) || run! < 0) throw rleError(where, `run ${i} is ${run}`);
    sum += run!;
    if (sum > total) throw rleError(where, `its runs overrun the ${total} pixels of the mask at run ${i}`);
    runs.add(i & 1, run!);
  }
  if (sum !== total) throw rleError(where, `its runs cover ${sum} of the ${total} pixels of the mask`);
  return { height: size.height, width: size.width, counts: runs.counts() };
}

/** COCO's compressed string of the counts. */
export function rleToString(rle: Rle): string {
  const { counts } = rle;
  const codes: number[] = [];
  for (let i = 0; i < counts.length; i++) {
    let value = i > 2 ? counts[i]! - counts[i - 2]! : counts[i]!;
    for (let more = true; more; ) {
      const group = value & 0x1f;
      value >>= 5;
      more = group & 0x10 ? value !== -1 : value !== 0;
      codes.push((more ? group | 0x20 : group) + 48);
    }
  }
  // All codes are ASCII, and this decoder is there in a browser too.
  return new TextDecoder().decode(Uint8Array.from(codes));
}

/**
 * Runs from COCO's compressed string. `where` names the annotation in errors.
 * @throws AnnotationError for characters outside the code, a cut-off last number, a negative run, or runs that
 * do not fill the mask exactly.
 */
export function rleFromString(text: string, size: Size, where = 'A mask'): Rle {
  const counts: number[] = [];
  let value = 0;
  let scale = 1;
  for (let at = 0; at < text.length; at++) {
    const code = text.charCodeAt(at) - 48;
    if (code < 0 || code > 63) throw rleError(where, `character ${at} is ${JSON.stringify(text[at])}`);
    value += (code & 0x1f) * scale;
    scale *= 32;
    if (code & 0x20) {
      // Seven groups hold every run of the largest mask; more would only be a way to lose precision.
      if (scale > 2 ** 35) throw rleError(where, `the number that ends at character ${at} is too long`);
      continue;
    }
    if (code & 0x10) value -= scale;
    const index = counts.length;
    counts.push(index > 2 ? value + counts[index - 2]! : value);
    value = 0;
    scale = 1;
  }
  if (scale !== 1) throw rleError(where, 'its last number is cut off');
  return rleFromCounts(counts, size, where);
}

/** @throws AnnotationError for a mask size that is not positive and whole, or beyond MAX_PIXELS. */
export function checkMaskSize(size: Size, where: string): void {
  const { height, width } = size;
  const whole = Number.isInteger(height) && Number.isInteger(width);
  if (whole && height > 0 && width > 0 && height * width <= MAX_PIXELS) return;
  throw new AnnotationError({
    seen: `${where} claims a size of ${width} x ${height} pixels`,
    need: `Width and height are whole numbers above 0, together at most ${MAX_PIXELS / 1e6} million pixels`,
    fix: 'Correct the size in the annotation file',
  });
}

function rleError(where: string, what: string): AnnotationError {
  return new AnnotationError({
    seen: `${where} has a damaged run-length code: ${what}`,
    need: 'Runs are whole numbers from 0 on that together fill the mask exactly',
    fix: 'Export the annotation again, or remove it',
  });
}

/** Collects runs of 0 and 1 and joins neighbours of equal value. */
class RunBuilder {
  private runs = new Uint32Array(64);
  private used = 1;

  add(value: number, length: number): void {
    if (length === 0) return;
    if (((this.used - 1) & 1) !== value) {
      if (this.used === this.runs.length) this.grow();
      this.runs[this.used++] = 0;
    }
    this.runs[this.used - 1]! += length;
  }

  counts(): Uint32Array {
    return this.runs.slice(0, this.used);
  }

  private grow(): void {
    const larger = new Uint32Array(this.runs.length * 2);
    larger.set(this.runs);
    this.runs = larger;
  }
}
