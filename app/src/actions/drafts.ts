/**
 * @file Drawings of a review before they are decided about: the server keeps them as they are drawn, and gives them
 * back to a page that is opened later.
 */
import { effect } from '@preact/signals';
import { rleFromString, rleToString } from '../../../src/masks/rle.ts';
import type { DraftRequest, RoomState } from '../../../src/review/protocol.ts';
import { sendDraft } from '../api.ts';
import { startHistory, step } from '../edit/history.ts';
import { fromRle, type TiledMask, toRle } from '../masks/tiled-mask.ts';
import { itemKey } from '../queue.ts';
import { messageOf } from '../request.ts';
import {
  connected,
  type Drawn,
  drawings,
  imagesById,
  items,
  labels,
  type Masks,
  notice,
  room,
  type Selection,
  stroking,
  unsaved,
} from '../store.ts';

/** What the server keeps of a drawing, and since which decision: it forgets drawings when somebody decides. */
interface Kept extends Selection {
  readonly mask: TiledMask;
  readonly revision: number;
}

const kept = new Map<string, Kept>();
const revisionOf = (key: string): number => items.value.get(key)?.revision ?? 0;

/** Has the server keep what is drawn, stroke by stroke, for as long as the page is open. */
export function keepDrafts(): void {
  effect(() => {
    if (room.value === undefined || labels.value !== undefined || stroking.value) return;
    // The next attempt is when something else is drawn, or the server is there again.
    if (firstChange() !== undefined && connected.value) void sendChanges();
  });
}

/** Whether all that is drawn would outlive the page. */
export const isKept = (): boolean => [...unsaved.value].every(([key, drawn]) => isKeptAsDrawn(key, drawn));

function isKeptAsDrawn(key: string, { mask }: Drawn): boolean {
  const known = kept.get(key);
  return known?.mask === mask && known.revision === revisionOf(key);
}

/** A drawing that the server does not keep as it is now; without a mask one that it should forget. */
function firstChange(): (Selection & { readonly mask?: TiledMask }) | undefined {
  for (const [key, drawn] of unsaved.value) if (!isKeptAsDrawn(key, drawn)) return drawn;
  for (const [key, { image, classIndex }] of kept) if (!unsaved.value.has(key)) return { image, classIndex };
  return undefined;
}

let sending = false;

/** One drawing after the other; what is drawn meanwhile comes after them. */
async function sendChanges(): Promise<void> {
  if (sending) return;
  sending = true;
  try {
    for (let next = firstChange(); next !== undefined; next = firstChange()) {
      const { image, classIndex, mask } = next;
      const key = itemKey(next);
      const revision = revisionOf(key);
      await sendDraft({ image, classIndex, ...(mask && { counts: rleToString(toRle(mask)) }) });
      if (mask === undefined) kept.delete(key);
      else kept.set(key, { image, classIndex, mask, revision });
    }
  } catch (error) {
    // Where there is no connection the head of the page says so.
    if (connected.value)
      notice.value = { kind: 'problem', text: `The drawing is not kept: ${messageOf(error)}` };
  } finally {
    sending = false;
  }
}

/** Puts drawings that were left open where they were, and says so; the first of them, to be shown. */
export function restoreDrafts({ drafts = [] }: RoomState): Selection | undefined {
  for (const draft of drafts) restore(draft);
  const [first] = drafts;
  if (first === undefined) return undefined;
  const they =
    drafts.length === 1
      ? 'A drawing that was not saved is'
      : `${drafts.length} drawings that were not saved are`;
  notice.value = { kind: 'news', text: `${they} here again. A saves, Ctrl Z takes back.` };
  return first;
}

function restore({ image, classIndex, counts = '' }: DraftRequest): void {
  const mask = fromRle(rleFromString(counts, imagesById.value.get(image)!));
  const history = drawings.value.get(image) ?? startHistory<Masks>(new Map());
  const key = itemKey({ image, classIndex });
  kept.set(key, { image, classIndex, mask, revision: revisionOf(key) });
  drawings.value = new Map(drawings.value).set(
    image,
    step(history, new Map(history.present).set(classIndex, mask)),
  );
}
