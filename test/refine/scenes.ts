/** @file Small images with known objects, and what refiners are asked with. */
import type { Size } from '../../src/base/geometry.ts';
import type { Image } from '../../src/imaging/image.ts';
import { emptyMask, type Mask } from '../../src/masks/mask.ts';
import type { InitialMask, RefineContext } from '../../src/refine/refiner.ts';

export const SIZE: Size = { height: 72, width: 96 };

export function disk(x: number, y: number, radius: number, size: Size = SIZE): Mask {
  const mask = emptyMask(size);
  for (let i = 0; i < mask.data.length; i++) {
    const dx = (i % size.width) - x;
    const dy = Math.floor(i / size.width) - y;
    mask.data[i] = dx * dx + dy * dy <= radius * radius ? 1 : 0;
  }
  return mask;
}

export function initialMask(classIndex: number, mask: Mask, score = 0.8): InitialMask {
  return { classIndex, mask, score };
}

/** Objects of 160 on a ground of 60, with a deterministic ripple of a few grey levels. */
export function imageOf(masks: readonly Mask[], bits: 8 | 16 = 8, size: Size = SIZE): Image {
  const count = size.height * size.width;
  const grey = Float64Array.from({ length: count }, (_, i) => {
    const inObject = masks.some((mask) => mask.data[i] === 1);
    return (inObject ? 160 : 60) + 3 * Math.sin(i * 12.9898);
  });
  const data =
    bits === 8
      ? Uint8Array.from(grey, (value) => Math.round(value))
      : Uint16Array.from(grey, (value) => Math.round((value * 65535) / 255));
  return { ...size, bits, data };
}

export function contextOf(classes: number, signal?: AbortSignal): RefineContext {
  return {
    classes: Array.from({ length: classes }, (_, i) => `bone ${i}`),
    imageKey: 'image-hash',
    ...(signal && { signal }),
  };
}
