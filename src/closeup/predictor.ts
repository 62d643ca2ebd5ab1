/** @file Runs a trained network of close-ups on the masks of an image. */
import { bilinear } from '../imaging/bilinear.ts';
import { toUnitIntensities } from '../imaging/image.ts';
import { countCoverage } from '../masks/overlap.ts';
import type { CloseUpModel, PlacedMap } from '../refine/close-up-refiner.ts';
import { type ComputeOptions, openSession } from '../runtime/session.ts';
import { float32 } from '../tensor/array.ts';
import { cropCloseUp, type Square, squareAbout } from './crop.ts';
import { LOOK_CELLS, LOOK_SIZE, STRAIGHT } from './look.ts';
import { VIEW_PLANES } from './network.ts';
import { straightView } from './view.ts';

/** Opens the model.onnx that trainCloseUp left. */
export async function openCloseUp(path: string, compute: ComputeOptions = {}): Promise<CloseUpModel> {
  const session = await openSession(path, compute);
  return {
    redraw: async (image, masks, signal) => {
      const intensities = toUnitIntensities(image);
      const coverage = countCoverage(masks);
      const maps: (PlacedMap | undefined)[] = [];
      for (const mask of masks) {
        signal?.throwIfAborted();
        const square = squareAbout(mask);
        if (square === undefined) {
          maps.push(undefined);
          continue;
        }
        const view = straightView(cropCloseUp(intensities, mask, coverage, square));
        const { probability } = await session.run({
          views: float32([1, VIEW_PLANES, LOOK_CELLS, LOOK_CELLS], view),
        });
        maps.push(placed(probability!.data as Float32Array, square, image));
      }
      return maps;
    },
    close: () => session.close(),
  };
}

/** What the straight look at a square shows, in the pixels of the image that it covers. */
function placed(
  probability: Float32Array,
  { x0, y0, side }: Square,
  image: { readonly height: number; readonly width: number },
): PlacedMap {
  const reach = (STRAIGHT[0] * side) / 2;
  const [centreX, centreY] = [x0 + side / 2, y0 + side / 2];
  const left = Math.max(0, Math.floor(centreX - reach));
  const top = Math.max(0, Math.floor(centreY - reach));
  const width = Math.min(image.width, Math.ceil(centreX + reach)) - left;
  const height = Math.min(image.height, Math.ceil(centreY + reach)) - top;
  const data = new Float32Array(width * height);
  const perPixel = LOOK_CELLS / (2 * reach);
  for (let y = 0, at = 0; y < height; y++) {
    const row = (top + y + 0.5 - centreY + reach) * perPixel - 0.5;
    for (let x = 0; x < width; x++, at++) {
      const column = (left + x + 0.5 - centreX + reach) * perPixel - 0.5;
      data[at] = bilinear(probability, LOOK_SIZE, column, row);
    }
  }
  return { x0: left, y0: top, width, height, data };
}
