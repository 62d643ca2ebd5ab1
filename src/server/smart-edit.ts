/** @file Smart edit: a promptable model draws the object that a click or a box asks for. */
import { hashFile } from '../base/hash.ts';
import type { Case } from '../dataset/types.ts';
import { hashOfView, readCase } from '../dataset/view.ts';
import { encodeRle, rleToString } from '../masks/rle.ts';
import type { SegmentAnswer, SmartEditState } from '../review/protocol.ts';
import type { EncodedImage, MaskPrompt, PromptableModel } from '../sam/promptable.ts';
import { segmentEncoded } from '../sam/segment.ts';
import { createMemory } from './memory.ts';
import type { Pictures } from './pictures.ts';
import { Unusable } from './refusals.ts';

/** A model that is opened when it is first needed. */
export interface ModelSource {
  /** For people. */
  readonly label: string;
  open(): Promise<PromptableModel & { close(): Promise<void> }>;
}

export interface SmartEdit {
  readonly state: SmartEditState;
  /** Encodes an image before it is asked for, so that the first answer does not wait. */
  prepare(item: Case): Promise<void>;
  /** What the image looks like, as a point; undefined where no model tells. */
  describe(item: Case): Promise<Float32Array | undefined>;
  /** @throws Unusable where there is no model, RefineError for prompts outside the image. */
  segment(item: Case, prompt: MaskPrompt): Promise<SegmentAnswer>;
  close(): Promise<void>;
}

const MISSING =
  'It needs a promptable model. Start with `--model mobile-sam`; `packmule models` lists others.';

export function createSmartEdit(source: ModelSource | undefined, pictures: Pictures): SmartEdit {
  if (source === undefined) {
    return {
      state: { missing: MISSING },
      prepare: async () => undefined,
      describe: async () => undefined,
      segment: async () => {
        throw new Unusable({
          seen: 'There is no promptable model',
          need: 'A model that redraws a class by clicks',
          fix: MISSING,
        });
      },
      close: async () => undefined,
    };
  }
  const models = createMemory<Awaited<ReturnType<ModelSource['open']>>>(1);
  const open = (): ReturnType<ModelSource['open']> => models.get(source.label, source.open);
  const encodings = createMemory<EncodedImage>(8);
  // Runs store embeddings under the hash of what is seen of the file: what a run has encoded is found again.
  const keyOf = async (item: Case): Promise<string> => hashOfView(await hashFile(item.imagePath), item);
  const encode = async (item: Case): Promise<EncodedImage> => {
    const model = await open();
    return encodings.get(item.id, async () => model.encode(await pictures.image(item), await keyOf(item)));
  };
  return {
    state: { model: source.label },
    prepare: async (item) => {
      await encode(item);
    },
    describe: async (item) => {
      const model = await open();
      // Beside the memories: whoever draws meanwhile is to find there what he works on.
      const encoded =
        (await encodings.peek(item.id)) ?? (await model.encode(await readCase(item), await keyOf(item)));
      return model.describe?.(encoded);
    },
    segment: async (item, prompt) => {
      const encoded = await encode(item);
      const { mask, predictedIou } = await segmentEncoded(await open(), encoded, prompt);
      return { counts: rleToString(encodeRle(mask)), predictedIou };
    },
    close: async () => {
      await (await models.peek(source.label)?.catch(() => undefined))?.close();
    },
  };
}
