/** @file The least that pictures of masks need to know of one: masks are a floor above. */
import type { Size } from '../base/geometry.ts';

/** One byte a pixel: `data[row * width + col]`; for masks 0 or 1. */
export interface ByteGrid extends Size {
  readonly data: Uint8Array;
}
