/**
 * @file The fingerprint of a data set: what the plan is made from. Intensities are not in it, as each image is
 * normalised by its own mean and deviation; what is foreground, patches ask of each image.
 */
import type { Size } from '../base/geometry.ts';
import type { Case } from '../dataset/types.ts';

/** Distance of pixel centres in mm. */
export type SpacingMm = NonNullable<Case['spacingMm']>;

export interface Fingerprint {
  readonly images: number;
  /** Median distance of pixel centres, where all images tell theirs: all are brought to it. */
  readonly spacingMm?: SpacingMm;
  /** Median height and width at that spacing, else as they are, px. */
  readonly median: Size;
}

export function fingerprintOf(cases: readonly Case[]): Fingerprint {
  const spacings = cases.flatMap((item) => (item.spacingMm === undefined ? [] : [item.spacingMm]));
  const known = cases.length > 0 && spacings.length === cases.length;
  const spacingMm = known
    ? ([0, 1].map((axis) => median(spacings.map((of) => of[axis]!))) as [number, number])
    : undefined;
  const sizes = cases.map((item) => resampled(item.size, item.spacingMm, spacingMm));
  return {
    images: cases.length,
    ...(spacingMm && { spacingMm }),
    median: {
      height: Math.round(median(sizes.map(({ height }) => height))),
      width: Math.round(median(sizes.map(({ width }) => width))),
    },
  };
}

/** The size of an image whose pixels are brought from one spacing to another; unchanged where either is not known. */
export function resampled(
  { height, width }: Size,
  from: SpacingMm | undefined,
  to: SpacingMm | undefined,
  scale = 1,
): Size {
  const factor = (axis: 0 | 1): number => scale * (from && to ? from[axis] / to[axis] : 1);
  return {
    height: Math.max(1, Math.round(height * factor(0))),
    width: Math.max(1, Math.round(width * factor(1))),
  };
}

function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  const middle = (sorted.length - 1) / 2;
  return (sorted[Math.floor(middle)]! + sorted[Math.ceil(middle)]!) / 2;
}
