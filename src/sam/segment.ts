/** @file Segments one object of one image by prompts: what `packmule segment` does. */
import { createHash } from 'node:crypto';
import { RefineError } from '../base/errors.ts';
import type { Size } from '../base/geometry.ts';
import type { Image } from '../imaging/image.ts';
import type { EncodedImage, MaskPrediction, MaskPrompt, PromptableModel } from './promptable.ts';

/**
 * The mask of the object that the prompt asks for. A prompt of one point alone may mean a whole, a part or a subpart:
 * then the candidate with the highest predicted IoU is taken, as the original suggests; else the single mask.
 *
 * @throws RefineError when a point or box lies outside the image
 */
export async function segmentImage(
  model: PromptableModel,
  image: Image,
  prompt: MaskPrompt,
): Promise<MaskPrediction> {
  refuseOutside(image, prompt);
  return segmentEncoded(model, await model.encode(image, imageKey(image)), prompt);
}

/** The same for an image that is encoded already. @throws RefineError when a point or box lies outside the image */
export async function segmentEncoded(
  model: PromptableModel,
  encoded: EncodedImage,
  prompt: MaskPrompt,
): Promise<MaskPrediction> {
  refuseOutside(encoded.size, prompt);
  const isAmbiguous =
    prompt.box === undefined && prompt.points?.length === 1 && prompt.lowResLogits === undefined;
  const [candidates] = await model.decode(encoded, [prompt], { multimask: isAmbiguous });
  return candidates!.reduce((best, candidate) =>
    candidate.predictedIou > best.predictedIou ? candidate : best,
  );
}

/** The hash of an image's content, by which its embedding is stored: 64 hexadecimal digits. */
export function imageKey(image: Image): string {
  const { data } = image;
  return createHash('sha256')
    .update(`${image.height}x${image.width}x${image.bits}:${data.BYTES_PER_ELEMENT}`)
    .update(data)
    .digest('hex');
}

function refuseOutside({ width, height }: Size, { box, points = [] }: MaskPrompt): void {
  const inside = (x: number, y: number): boolean => x >= 0 && y >= 0 && x <= width && y <= height;
  const badPoint = points.find(({ xy }) => !inside(...xy));
  const badBox =
    box && !(inside(box[0], box[1]) && inside(box[2], box[3]) && box[0] < box[2] && box[1] < box[3]);
  if (!badPoint && !badBox) return;
  throw new RefineError({
    seen: badPoint
      ? `The point ${badPoint.xy.join(', ')} is outside the image`
      : `The box ${box!.join(', ')} is empty or outside the image`,
    need: `Coordinates in px within ${width} x ${height}, x before y; boxes as x0, y0, x1, y1`,
    fix: 'Read the coordinates off the image at its own size',
  });
}
