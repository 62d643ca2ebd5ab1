/** @file A random view of a labelled image: zoomed, turned, mirrored, shifted and recoloured, image and objects alike. */
import type { PointXy, Size } from '../../base/geometry.ts';
import type { Rng } from '../../base/rng.ts';
import { resizeBytes } from '../../imaging/resample.ts';
import { type Affine, affineAbout } from '../drawing/affine.ts';
import type { LabelledImage } from './folder.ts';

/** A view of `size` px. Equal states of `rng` give equal views. Beyond the image its edge goes on, without objects. */
export function randomView(rng: Rng, source: LabelledImage, size: Size): LabelledImage {
  const fit = Math.min(size.height / source.height, size.width / source.width);
  const zoom = fit * Math.exp(rng.between(Math.log(0.8), Math.log(3)));
  const input = zoom < 0.7 ? shrunk(source, zoom) : source;
  const scale = (zoom * source.width) / input.width;
  const flip = rng.uniform() < 0.5 ? -1 : 1;
  const quarter = (rng.below(4) * Math.PI) / 2;
  const radians = quarter + (rng.uniform() < 0.5 ? rng.between(-0.6, 0.6) : 0);
  const centre: PointXy = [
    centreAlong(rng, input.width, size.width / scale),
    centreAlong(rng, input.height, size.height / scale),
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

/** A centre from which a window of `shown` px lies inside the image, or anywhere near the middle if it is larger. */
function centreAlong(rng: Rng, length: number, shown: number): number {
  const room = Math.max(length - shown, 0.1 * length);
  return length / 2 - 0.5 + room * (rng.uniform() - 0.5);
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

function sampleGrey({ height, width, grey }: LabelledImage, size: Size, back: Affine): Uint8Array {
  const out = new Uint8Array(size.height * size.width);
  for (let y = 0, i = 0; y < size.height; y++) {
    for (let x = 0; x < size.width; x++, i++) {
      const sx = Math.min(Math.max(back.a * x + back.b * y + back.tx, 0), width - 1);
      const sy = Math.min(Math.max(back.c * x + back.d * y + back.ty, 0), height - 1);
      const [x0, y0] = [Math.floor(sx), Math.floor(sy)];
      const [x1, y1] = [Math.min(x0 + 1, width - 1), Math.min(y0 + 1, height - 1)];
      const [fx, fy] = [sx - x0, sy - y0];
      const upper = grey[y0 * width + x0]! * (1 - fx) + grey[y0 * width + x1]! * fx;
      const lower = grey[y1 * width + x0]! * (1 - fx) + grey[y1 * width + x1]! * fx;
      out[i] = Math.round(upper * (1 - fy) + lower * fy);
    }
  }
  return out;
}

function sampleLabels({ height, width, labels }: LabelledImage, size: Size, back: Affine): Uint16Array {
  const out = new Uint16Array(size.height * size.width);
  for (let y = 0, i = 0; y < size.height; y++) {
    for (let x = 0; x < size.width; x++, i++) {
      const sx = Math.round(back.a * x + back.b * y + back.tx);
      const sy = Math.round(back.c * x + back.d * y + back.ty);
      if (sx >= 0 && sy >= 0 && sx < width && sy < height) out[i] = labels[sy * width + sx]!;
    }
  }
  return out;
}

/** Another gamma and contrast, and for a third of the views black for white. */
function recoloured(rng: Rng, grey: Uint8Array): Uint8Array {
  const gamma = Math.exp(rng.between(-0.6, 0.6));
  const span = rng.uniform() < 0.5 ? 1 : rng.between(0.5, 1);
  const from = rng.uniform() * (1 - span);
  const inverted = rng.uniform() < 1 / 3;
  const curve = Uint8Array.from({ length: 256 }, (_, i) => {
    const value = from + span * (i / 255) ** gamma;
    return Math.round(255 * (inverted ? 1 - value : value));
  });
  for (let i = 0; i < grey.length; i++) grey[i] = curve[grey[i]!]!;
  return grey;
}
