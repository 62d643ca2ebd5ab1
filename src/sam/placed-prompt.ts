/** @file A prompt in px of an image becomes one in px of the encoder's input. */
import type { Size } from '../base/geometry.ts';
import type { SamConfig } from './config.ts';
import { gridLogits, type PaintedParts } from './painted-prompt.ts';
import { toInputBox, toInputPoint } from './preprocess.ts';
import type { MaskPrompt } from './promptable.ts';

/** @param resized size of the image inside the encoder's input */
export function placePrompt(
  config: Pick<SamConfig, 'imageSize' | 'gridSize'>,
  { points = [], box, lowResLogits, mask }: MaskPrompt,
  original: Size,
  resized: Size,
): PaintedParts {
  return {
    points: points.map(({ xy, positive }) => ({ xy: toInputPoint(xy, original, resized), positive })),
    box: box && toInputBox(box, original, resized),
    mask: lowResLogits ?? (mask && gridLogits(config, mask, resized)),
  };
}
