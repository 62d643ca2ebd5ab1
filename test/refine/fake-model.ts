/** @file A promptable model that records what it is asked and answers with disks around the prompt. */
import type {
  DecodeOptions,
  EncodedImage,
  MaskPrediction,
  MaskPrompt,
  PromptableModel,
} from '../../src/sam/promptable.ts';
import { disk } from './scenes.ts';

export interface FakeModel extends PromptableModel {
  readonly encoded: string[];
  readonly decoded: { prompts: readonly MaskPrompt[]; options: DecodeOptions }[];
}

/** The single mask has the first of `ious`, the candidates have all of them, in their order; radius 0 answers with an empty mask. */
export function fakeModel(ious: readonly number[] = [0.6], radius = 7): FakeModel {
  const encoded: string[] = [];
  const decoded: FakeModel['decoded'] = [];
  return {
    name: 'fake',
    encoded,
    decoded,
    async encode(image, imageKey): Promise<EncodedImage> {
      encoded.push(imageKey);
      return { size: { height: image.height, width: image.width }, data: imageKey };
    },
    async decode({ size }, prompts, options): Promise<MaskPrediction[][]> {
      decoded.push({ prompts, options });
      const [single] = ious as [number];
      const asked = options.multimask ? [...(options.withSingle ? [single] : []), ...ious] : [single];
      const pass = decoded.length;
      return prompts.map((prompt, k) =>
        asked.map((predictedIou, candidate) => {
          const [x0, y0, x1, y1] = prompt.box ?? [...prompt.points![0]!.xy, ...prompt.points![0]!.xy];
          const mask = disk((x0 + x1) / 2, (y0 + y1) / 2, radius + candidate, size);
          if (radius === 0) mask.data.fill(0);
          return { mask, predictedIou, lowResLogits: Float32Array.of(pass, k, candidate) };
        }),
      );
    },
  };
}
