/** @file Smart edit: a promptable model draws the object that a click or a box asks for. */
import { hashFile } from '../base/hash.ts';
import type { Case } from '../dataset/types.ts';
import { hashOfView } from '../dataset/view.ts';
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
  /** @throws Unusable where there is no model, RefineError for prompts outside the image. */
  segment(item: Case, prompt: MaskPrompt): Promise<SegmentAnswer>;
  close(): Promise<void>;
}

const MISSING =
  'It needs a promptable model. Start with `packmule review RUN --model mobile-sam`; `packmule models` lists others.';

export function createSmartEdit(source: ModelSource | undefined, pictures: Pictures): SmartEdit {
  if (source === undefined) {
    return {
      state: { missing: MISSING },
      prepare: async () => undefined,
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
  const encode = async (item: Case): Promise<EncodedImage> => {
    const model = await open();
    // Runs store embeddings under the hash of what is seen of the file: what a run has encoded is found again.
    return encodings.get(item.id, async () =>
      model.encode(await pictures.image(item), hashOfView(await hashFile(item.imagePath), item)),
    );
  };
  return {
    state: { model: source.label },
    prepare: async (item) => {
      await encode(item);
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
