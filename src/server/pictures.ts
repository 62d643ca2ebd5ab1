/** @file Pixels for the page: whole images as they are, and thumbnails of single masks. */
import { randomUUID } from 'node:crypto';
import type { Structure } from '../annotations/types.ts';
import type { BoxXyxy, Size } from '../base/geometry.ts';
import type { Case } from '../dataset/types.ts';
import { readCase } from '../dataset/view.ts';
import type { Image } from '../imaging/image.ts';
import { renderOverlay } from '../imaging/overlay.ts';
import { resizeImage, resizeMaskNearest } from '../imaging/resample.ts';
import { encodeRgbPng } from '../imaging/write.ts';
import { cropMask } from '../masks/crop.ts';
import { decodeRle, rleBox } from '../masks/rle.ts';
import { createMemory } from './memory.ts';

/** Side of a thumbnail in px: twice what it is shown at, for fine screens. */
const SIDE = 112;
/** Of the longer side of the mask's box, to each side. */
const MARGIN = 0.35;

export interface Pictures {
  /** Another one each time that a room is opened: what a browser kept may be of other settings or masks. */
  readonly edition: string;
  image(item: Case): Promise<Image>;
  /** A PNG of the surroundings of a mask with its outline; of the whole image where there is no mask. */
  thumbnail(item: Case, structure: Pick<Structure, 'classIndex' | 'rle'> | undefined): Promise<Uint8Array>;
  /** A PNG of the whole image with all its masks. */
  overview(item: Case, structures: readonly Pick<Structure, 'classIndex' | 'rle'>[]): Promise<Uint8Array>;
}

/** Keeps the last few images in memory: the masks of one image are asked for one after the other. */
export function createPictures(): Pictures {
  const images = createMemory<Image>(4);
  const image = (item: Case): Promise<Image> => images.get(item.id, () => readCase(item));
  return {
    edition: randomUUID(),
    image,
    thumbnail: async (item, structure) => {
      const picture = await image(item);
      const box = structure && rleBox(structure.rle);
      return box === undefined
        ? renderPart(picture, wholeOf(picture), [])
        : renderPart(picture, surroundings(box, picture), [structure!]);
    },
    overview: async (item, structures) => {
      const picture = await image(item);
      return renderPart(picture, wholeOf(picture), structures);
    },
  };
}

async function renderPart(
  image: Image,
  box: BoxXyxy,
  structures: readonly Pick<Structure, 'classIndex' | 'rle'>[],
): Promise<Uint8Array> {
  const [x0, y0, x1, y1] = box;
  const size = fitted({ height: y1 - y0 + 1, width: x1 - x0 + 1 });
  const masks = structures.map(({ classIndex, rle }) => ({
    classIndex,
    mask: resizeMaskNearest(cropMask(decodeRle(rle), box), size),
  }));
  const picture = resizeImage(cropImage(image, box), size);
  return encodeRgbPng(renderOverlay(picture, { masks, opacity: 0.22, lineWidth: 2 }));
}

function wholeOf({ height, width }: Size): BoxXyxy {
  return [0, 0, width - 1, height - 1];
}

/** A square around the box, moved to lie in the image and cut off where it is larger. */
function surroundings([x0, y0, x1, y1]: BoxXyxy, { height, width }: Size): BoxXyxy {
  const side = Math.ceil(Math.max(x1 - x0 + 1, y1 - y0 + 1, 16) * (1 + 2 * MARGIN));
  const start = (a: number, b: number, length: number): number =>
    Math.max(0, Math.min(Math.round((a + b + 1 - side) / 2), length - side));
  const [left, top] = [start(x0, x1, width), start(y0, y1, height)];
  return [left, top, Math.min(width, left + side) - 1, Math.min(height, top + side) - 1];
}

function fitted({ height, width }: Size): Size {
  const scale = SIDE / Math.max(height, width);
  return { height: Math.max(1, Math.round(height * scale)), width: Math.max(1, Math.round(width * scale)) };
}

function cropImage(image: Image, [x0, y0, x1, y1]: BoxXyxy): Image {
  const [height, width] = [y1 - y0 + 1, x1 - x0 + 1];
  const data = image.bits === 8 ? new Uint8Array(height * width) : new Uint16Array(height * width);
  for (let y = 0; y < height; y++) {
    const row = (y + y0) * image.width + x0;
    data.set(image.data.subarray(row, row + width), y * width);
  }
  return { height, width, bits: image.bits, data };
}
