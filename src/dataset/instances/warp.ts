/** @file A random view of a labelled image: zoomed, turned, mirrored, shifted and recoloured, image and objects alike. */
import type { PointXy, Size } from '../../base/geometry.ts';
import type { Rng } from '../../base/rng.ts';
import { bilinear } from '../../imaging/bilinear.ts';
import { resizeBytes } from '../../imaging/resample.ts';
import { type Affine, affineAbout } from '../drawing/affine.ts';
import type { LabelledImage } from './folder.ts';

/** Largest enlargement: beyond it outlines would show the steps of the original's pixels. */
const LARGEST_ZOOM = 3;

/** A view of `size` px. Equal states of `rng` give equal views. Beyond the image it is black, without objects. */
export function randomView(rng: Rng, source: LabelledImage, size: Size): LabelledImage {
  const fit = Math.min(size.height / source.height, size.width / source.width);
  const wanted = fit * Math.exp(rng.between(Math.log(0.8), Math.log(3)));
  const zoom = Math.min(wanted, Math.max(LARGEST_ZOOM, fit));
  const input = zoom < 0.7 ? shrunk(source, zoom) : source;
  const scale = (zoom * source.width) / input.width;
  const flip = rng.uniform() < 0.5 ? -1 : 1;
  const quarter = (rng.below(4) * Math.PI) / 2;
  const radians = quarter + (rng.uniform() < 0.5 ? rng.between(-0.6, 0.6) : 0);
  const [x, y] = somewhereOnAnObject(rng, input);
  const centre: PointXy = [
    centreAlong(rng, x, input.width, size.width / scale),
    centreAlong(rng, y, input.height, size.height / scale),
  ];
  const middle: PointXy = [(size.width - 1) / 2, (size.height - 1) / 2];
  // From the view back to the image: about the view's middle, which is then moved to the chosen centre.
  const back = affineAbout(middle, {
    radians,
    scale: [flip / scale, 1 / scale],
    shift: [centre[0] - middle[0], centre[1] - middle[1]],
  });
  return {
    ...size,
    grey: recoloured(rng, sampleGrey(input, size, back)),
    labels: sampleLabels(input, size, back),
  };
}

/** A pixel of an object, or any pixel where objects are rare. */
function somewhereOnAnObject(rng: Rng, { height, width, labels }: LabelledImage): PointXy {
  let at = 0;
  for (let tries = 0; tries < 100; tries++) {
    at = rng.below(height * width);
    if (labels[at] !== 0) break;
  }
  return [at % width, Math.floor(at / width)];
}

/** The middle of a window of `shown` px in which `point` is seen, inside the line of `length` px if it fits. */
function centreAlong(rng: Rng, point: number, length: number, shown: number): number {
  const middle = (length - 1) / 2;
  const room = Math.max(length - shown, 0.1 * length) / 2;
  const near = point + 0.8 * shown * (rng.uniform() - 0.5);
  return Math.min(Math.max(near, middle - room), middle + room);
}

/** A smaller image, antialiased; its labels are those at the new pixels' centres. */
function shrunk(source: LabelledImage, zoom: number): LabelledImage {
  const height = Math.max(1, Math.round(source.height * zoom));
  const width = Math.max(1, Math.round(source.width * zoom));
  const labels = new Uint16Array(height * width);
  for (let y = 0, i = 0; y < height; y++) {
    const row = Math.floor(((y + 0.5) * source.height) / height) * source.width;
    for (let x = 0; x < width; x++, i++) {
      labels[i] = source.labels[row + Math.floor(((x + 0.5) * source.width) / width)]!;
    }
  }
  return { height, width, grey: resizeBytes(source.grey, source, { height, width }), labels };
}

function sampleGrey(source: LabelledImage, size: Size, back: Affine): Uint8Array {
  const { height, width, grey } = source;
  const out = new Uint8Array(size.height * size.width);
  for (let y = 0, i = 0; y < size.height; y++) {
    for (let x = 0; x < size.width; x++, i++) {
      const sx = back.a * x + back.b * y + back.tx;
      const sy = back.c * x + back.d * y + back.ty;
      if (sx < 0 || sy < 0 || sx > width - 1 || sy > height - 1) continue;
      out[i] = Math.round(bilinear(grey, source, sx, sy));
    }
  }
  return out;
}

/**
 * Labels by a vote of the four nearest pixels, each as strong as its weight in bilinear interpolation: for one object
 * the same as its interpolated mask from one half on, without the steps of the nearest pixel.
 */
function sampleLabels({ height, width, labels }: LabelledImage, size: Size, back: Affine): Uint16Array {
  const out = new Uint16Array(size.height * size.width);
  for (let y = 0, i = 0; y < size.height; y++) {
    for (let x = 0; x < size.width; x++, i++) {
      const sx = back.a * x + back.b * y + back.tx;
      const sy = back.c * x + back.d * y + back.ty;
      if (sx < 0 || sy < 0 || sx > width - 1 || sy > height - 1) continue;
      const [x0, y0] = [Math.floor(sx), Math.floor(sy)];
      const [x1, y1] = [Math.min(x0 + 1, width - 1), Math.min(y0 + 1, height - 1)];
      const [a, b] = [labels[y0 * width + x0]!, labels[y0 * width + x1]!];
      const [c, d] = [labels[y1 * width + x0]!, labels[y1 * width + x1]!];
      out[i] = a === b && a === c && a === d ? a : elected(a, b, c, d, sx - x0, sy - y0);
    }
  }
  return out;
}

/** The label with the most weight of the corners left above, right above, left below, right below. */
function elected(a: number, b: number, c: number, d: number, fx: number, fy: number): number {
  const [wa, wb, wc, wd] = [(1 - fx) * (1 - fy), fx * (1 - fy), (1 - fx) * fy, fx * fy];
  const weightOf = (label: number): number =>
    (a === label ? wa : 0) + (b === label ? wb : 0) + (c === label ? wc : 0) + (d === label ? wd : 0);
  let best = a;
  for (const label of [b, c, d]) if (weightOf(label) > weightOf(best)) best = label;
  return best;
}

/** Another gamma and contrast; for some views all greys used, for a third of them black for white. */
function recoloured(rng: Rng, grey: Uint8Array): Uint8Array {
  const gamma = Math.exp(rng.between(-0.6, 0.6));
  const span = rng.uniform() < 0.5 ? 1 : rng.between(0.5, 1);
  const from = rng.uniform() * (1 - span);
  const [low, high] = rng.uniform() < 0.4 ? usedGreys(grey) : [0, 255];
  const inverted = rng.uniform() < 1 / 3;
  const curve = Uint8Array.from({ length: 256 }, (_, i) => {
    const share = Math.min(Math.max((i - low) / Math.max(high - low, 8), 0), 1);
    const value = from + span * share ** gamma;
    return Math.round(255 * (inverted ? 1 - value : value));
  });
  for (let i = 0; i < grey.length; i++) grey[i] = curve[grey[i]!]!;
  return grey;
}

/** The greys below and above which half a percent of the pixels lie. */
function usedGreys(grey: Uint8Array): [low: number, high: number] {
  const counts = new Uint32Array(256);
  for (let i = 0; i < grey.length; i++) counts[grey[i]!]!++;
  let [low, high] = [0, 255];
  for (let sum = counts[0]!; sum < 0.005 * grey.length && low < 255; sum += counts[low]!) low++;
  for (let sum = counts[255]!; sum < 0.005 * grey.length && high > 0; sum += counts[high]!) high--;
  return [low, high];
}
