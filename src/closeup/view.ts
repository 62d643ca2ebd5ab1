/** @file What the network is shown of a close-up: its three planes. */
import type { Rng } from '../base/rng.ts';
import type { CloseUp } from './crop.ts';
import { drawLook, LOOK_CELLS, lookAt, STRAIGHT } from './look.ts';
import { VIEW_PLANES } from './network.ts';
import { drawSketch } from './sketch.ts';

/** Cells of a plane. */
export const VIEW_CELLS = LOOK_CELLS * LOOK_CELLS;

/** Largest |log| of the exponent on intensities, and largest deviation of noise in those of the view. */
const GAMMA = 0.4;
const NOISE = 0.25;

export interface Lesson {
  /** VIEW_PLANES x VIEW_CELLS */
  readonly view: Float32Array;
  /** VIEW_CELLS of 0 and 1: the true mask. */
  readonly target: Uint8Array;
}

/** A close-up of a true mask as something to learn from: turned and recoloured, with a sketch in the mask's place. */
export function drawLesson(rng: Rng, { image, own, others }: CloseUp): Lesson {
  const look = drawLook(rng);
  const truth = shares(lookAt(own, look));
  const sketch = drawSketch(rng, truth, shares(lookAt(others, look)));
  const exponent = Math.exp(rng.between(-GAMMA, GAMMA));
  const seen = standardised(lookAt(image, look).map((value) => value ** exponent));
  const noise = rng.between(0, NOISE);
  return {
    view: joined([seen.map((value) => value + noise * rng.normal()), sketch.own, sketch.others]),
    target: Uint8Array.from(truth, (share) => Number(share > 0.5)),
  };
}

/** A close-up of a mask that is to be redrawn. */
export function straightView({ image, own, others }: CloseUp): Float32Array {
  const binary = (plane: Uint8Array): Float32Array =>
    shares(lookAt(plane, STRAIGHT)).map((share) => Number(share > 0.5));
  return joined([standardised(lookAt(image, STRAIGHT)), binary(own), binary(others)]);
}

const shares = (values: Float32Array): Float32Array => values.map((value) => value / 255);

/** With mean 0 and deviation 1, or all 0 where nothing differs. */
function standardised(values: Float32Array): Float32Array {
  let [sum, squares] = [0, 0];
  for (const value of values) {
    sum += value;
    squares += value * value;
  }
  const mean = sum / values.length;
  const deviation = Math.sqrt(Math.max(squares / values.length - mean * mean, 0));
  return values.map((value) => (value - mean) / Math.max(deviation, 1e-3));
}

function joined(planes: readonly Float32Array[]): Float32Array {
  const out = new Float32Array(VIEW_PLANES * VIEW_CELLS);
  planes.forEach((plane, i) => {
    out.set(plane, i * VIEW_CELLS);
  });
  return out;
}
