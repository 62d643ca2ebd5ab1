/** @file Deciding: what is sent, what follows from the answer, and where to go next. */
import { batch } from '@preact/signals';
import { rleToString } from '../../../src/masks/rle.ts';
import type { DecisionRequest, ReviewItem } from '../../../src/review/protocol.ts';
import { sendDecision } from '../api.ts';
import { step } from '../edit/history.ts';
import { isEmpty, type TiledMask, toRle } from '../masks/tiled-mask.ts';
import { itemKey, neighbour } from '../queue.ts';
import { messageOf } from '../request.ts';
import {
  acceptable,
  canDecide,
  filter,
  items,
  loaded,
  notice,
  queue,
  room,
  type Selection,
  saving,
  selected,
  shown,
} from '../store.ts';
import { changeDrawing } from './draw.ts';
import { forgetImage, replaceLoaded, select } from './load.ts';
import { currentMask, forgetSaved, rememberSaved } from './masks.ts';
import { takeUp } from './room.ts';

const SAID: Readonly<Record<DecisionRequest['verdict'], string>> = {
  accepted: 'accepted',
  corrected: 'saved as corrected',
  rejected: 'rejected: nothing of it is to be seen',
  skipped: 'left for later',
  withdrawn: 'open again',
};

/** What is seen is right: as a stage found it, as it was drawn, or that there is nothing. */
export async function acceptShown(): Promise<void> {
  const at = selected.value;
  if (at === undefined || !canDecide.value) return;
  const mask =
    shown.value === 'mask'
      ? currentMask(at.classIndex)
      : loaded.value!.layers[shown.value]?.get(at.classIndex);
  if (mask === undefined) {
    notice.value = {
      kind: 'problem',
      text: 'There is no mask of this class to be accepted: draw it, or reject the class',
    };
  } else if (isEmpty(mask)) await decide('rejected');
  else if (isRefined(at.classIndex, mask)) await decide('accepted');
  else await decide('corrected', mask);
}

const isRefined = (classIndex: number, mask: TiledMask): boolean =>
  loaded.value?.layers.refined?.get(classIndex) === mask;

/**
 * All masks of the image that are seen and wait for a first word are right: with one key, where the doubtful ones are
 * dealt with.
 */
export async function acceptImage(): Promise<void> {
  const open = acceptable.value;
  const [at, now] = [selected.value, loaded.value];
  if (open.length === 0 || at === undefined || now === undefined || saving.value > 0) return;
  const before = queue.value;
  // As they are seen now: the user may go on to another image, and others may decide about some of them.
  const seen = open.map((item) => {
    const mask = currentMask(item.classIndex)!;
    return { item, ...(!isRefined(item.classIndex, mask) && { mask }) };
  });
  let accepted = 0;
  for (const { item, mask } of seen) {
    if (items.value.get(itemKey(item))?.revision !== item.revision) continue;
    if (!(await save(item, mask === undefined ? 'accepted' : 'corrected', mask))) return;
    accepted++;
  }
  notice.value = { kind: 'done', text: `${accepted} masks of ${now.image.name} accepted` };
  if (selected.value === at) await goOn(before, itemKey(at));
}

/** Decides about the selected item and goes on to the next one, but for a decision that is taken back. */
export async function decide(verdict: DecisionRequest['verdict'], mask?: TiledMask): Promise<void> {
  const [at, now] = [selected.value, loaded.value];
  if (at === undefined || now === undefined || now.image.id !== at.image || !canDecide.value) return;
  // One at a time: a second one about this mask would be based on what the first is about to change.
  if (saving.value > 0) return;
  const before = queue.value;
  if (!(await save(at, verdict, mask))) return;
  notice.value = {
    kind: 'done',
    text: `${room.value!.classes[at.classIndex]} in ${now.image.name} ${SAID[verdict]}`,
  };
  if (verdict !== 'withdrawn' && selected.value === at) await goOn(before, itemKey(at));
}

/** Whether the decision is on the disk; where it is not, the page says why. */
async function save(
  { image, classIndex }: Selection,
  verdict: DecisionRequest['verdict'],
  mask?: TiledMask,
): Promise<boolean> {
  const at = { image, classIndex };
  const basedOn = items.value.get(itemKey(at))?.revision ?? 0;
  const counts = mask && rleToString(toRle(mask));
  saving.value++;
  try {
    const { saved, item } = await sendDecision({
      ...at,
      verdict,
      basedOn,
      ...(counts !== undefined && { counts }),
    });
    if (!saved) {
      await takeUp([item]);
      tellConflict(item);
      return false;
    }
    // At once: between the new revision and the end of its drawing, the server would be told to keep that again.
    batch(() => {
      items.value = new Map(items.value).set(itemKey(item), item);
      if (mask !== undefined) rememberSaved(itemKey(item), mask);
      else if (verdict === 'withdrawn') forgetSaved(itemKey(item));
      keepDecided(item, mask);
    });
    return true;
  } catch (error) {
    notice.value = { kind: 'problem', text: `Not saved: ${messageOf(error)}` };
    return false;
  } finally {
    saving.value--;
  }
}

/** The mask of a decision is what the class has from now on. */
function keepDecided({ image, classIndex, status }: ReviewItem, mask: TiledMask | undefined): void {
  const now = loaded.value;
  if (now?.image.id !== image) {
    forgetImage(image);
    return;
  }
  const decided = new Map(now.decided);
  const kept = mask ?? (status === 'accepted' ? now.layers.refined?.get(classIndex) : undefined);
  if (kept === undefined) decided.delete(classIndex);
  else decided.set(classIndex, kept);
  replaceLoaded({ ...now, decided });
  if (status === 'pending' || status === 'skipped') return;
  // A drawing that was not what was decided has lost its purpose; undo brings it back.
  changeDrawing((history) => {
    const drawn = history.present.get(classIndex);
    if (drawn === undefined || drawn === mask) return history;
    const next = new Map(history.present);
    next.delete(classIndex);
    return step(history, next);
  });
}

function tellConflict({ by, status }: ReviewItem): void {
  notice.value = {
    kind: 'problem',
    text: `Not saved: ${by} decided meanwhile (${status}). Look again; what you decide now counts.`,
  };
}

async function goOn(before: readonly ReviewItem[], key: string): Promise<void> {
  // A list of decided masks stays where it is: whoever looks at it reads rather than works.
  const steps = filter.value.status === 'open' || filter.value.status === 'all' ? 1 : 0;
  const next = neighbour(queue.value, before, key, steps);
  if (next !== undefined) await select(next);
}

/** Goes along the queue. */
export async function move(steps: number): Promise<void> {
  const at = selected.value;
  const next = at === undefined ? queue.value[0] : neighbour(queue.value, queue.value, itemKey(at), steps);
  if (next !== undefined) await select(next);
}
