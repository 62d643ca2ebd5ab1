/** @file Labelling from nothing: every stroke is saved, classes are named, images are called done. */
import { effect } from '@preact/signals';
import type { ClassChange, LabelsState } from '../../../src/label/protocol.ts';
import { rleToString } from '../../../src/masks/rle.ts';
import type { ReviewItem } from '../../../src/review/protocol.ts';
import { fetchMasks, sendClass, sendDecision, sendDone } from '../api.ts';
import { type TiledMask, toRle } from '../masks/tiled-mask.ts';
import { itemKey } from '../queue.ts';
import { Failure, messageOf } from '../request.ts';
import {
  connected,
  type Drawn,
  drawings,
  imageQueue,
  imagesById,
  items,
  labels,
  loaded,
  notice,
  room,
  saving,
  selected,
  stroking,
  unsaved,
} from '../store.ts';
import { forgetImage, replaceLoaded, select } from './load.ts';
import { rememberSaved } from './masks.ts';
import { giveWay, keepLabels } from './room.ts';

/** Saves what is drawn, stroke by stroke, for as long as the page is open. */
export function saveAsDrawn(): void {
  effect(() => {
    if (labels.value === undefined || stroking.value || drawings.value.size === 0) return;
    // One attempt tells the user; the next is when the server is there again.
    if (connected.value || !hasFailed) void saveDrawn();
  });
}

/** Whether what is drawn could not be saved last time. */
let hasFailed = false;

/** One mask after the other; what is drawn meanwhile comes after them. */
let drain: Promise<boolean> | undefined;

/** Whether all that is drawn is saved. */
function saveDrawn(): Promise<boolean> {
  drain ??= saveAll().finally(() => {
    drain = undefined;
  });
  return drain;
}

async function saveAll(): Promise<boolean> {
  saving.value++;
  try {
    let isAsDrawn = true;
    for (let next = firstUnsaved(); next !== undefined; next = firstUnsaved())
      isAsDrawn = (await save(next)) && isAsDrawn;
    if (hasFailed && isAsDrawn) notice.value = { kind: 'done', text: 'All that was drawn is saved now' };
    hasFailed = false;
    return isAsDrawn;
  } catch (error) {
    hasFailed = true;
    const fix = error instanceof Failure ? `. ${error.fix}` : '';
    notice.value = { kind: 'problem', text: `Not saved: ${messageOf(error)}${fix}` };
    return false;
  } finally {
    saving.value--;
  }
}

const firstUnsaved = (): Drawn | undefined => unsaved.value.values().next().value;

/** Masks by item whose answer did not come: the server may have saved them all the same. */
const unanswered = new Map<string, Set<string>>();

/** Whether it is on the disk as it was drawn. */
async function save({ image, classIndex, mask }: Drawn): Promise<boolean> {
  const key = itemKey({ image, classIndex });
  const counts = rleToString(toRle(mask));
  const { saved, item } = await sendDecision({
    image,
    classIndex,
    verdict: 'corrected',
    counts,
    basedOn: items.value.get(key)?.revision ?? 0,
  }).catch((error: unknown) => {
    unanswered.set(key, (unanswered.get(key) ?? new Set()).add(counts));
    throw error;
  });
  if (!saved) {
    const { decided } = await fetchMasks(image);
    const kept = decided.find((found) => found.classIndex === classIndex)?.counts;
    const isOwn = kept !== undefined && unanswered.get(key)?.has(kept) === true;
    // What seems to be somebody else's is what this page drew before it lost the server: it goes on from there.
    if (isOwn) items.value = new Map(items.value).set(key, item);
    else takeTheirs(item, kept);
    return isOwn;
  }
  items.value = new Map(items.value).set(key, item);
  unanswered.delete(key);
  rememberSaved(key, mask);
  keepSaved(item, mask);
  return true;
}

/** What is saved is what the class has from now on. */
function keepSaved({ image, classIndex, status }: ReviewItem, mask: TiledMask): void {
  const now = loaded.value;
  if (now?.image.id !== image) {
    forgetImage(image);
    return;
  }
  const decided = new Map(now.decided);
  if (status === 'rejected') decided.delete(classIndex);
  else decided.set(classIndex, mask);
  replaceLoaded({ ...now, decided });
}

/** Somebody drew the class in another page: nothing of theirs is overwritten unseen. */
function takeTheirs(item: ReviewItem, counts: string | undefined): void {
  giveWay(item, counts);
  const [name, className] = [imagesById.value.get(item.image)?.name, room.value!.classes[item.classIndex]];
  notice.value = {
    kind: 'problem',
    text: `${item.by} drew ${className} on ${name} in another page meanwhile: this is what they drew. Undo brings yours back.`,
  };
}

/** The image is as it should be; on to the next one. */
export async function finishImage(): Promise<void> {
  const at = selected.value;
  if (at === undefined || loaded.value === undefined || !(await saveDrawn())) return;
  const name = imagesById.value.get(at.image)?.name;
  if (!isMasked(at.image)) {
    notice.value = { kind: 'problem', text: 'Nothing is drawn on this image yet: draw a class first' };
    return;
  }
  if (!(await change(() => sendDone(at.image, true)))) return;
  notice.value = { kind: 'done', text: `${name} is done` };
  const next = imageQueue.value.find(({ id }) => id !== at.image);
  if (next !== undefined) await select({ image: next.id, classIndex: 0 });
}

const isMasked = (image: string): boolean =>
  [...items.value.values()].some((item) => item.image === image && item.status === 'corrected');

export async function reopenImage(): Promise<void> {
  const at = selected.value;
  if (at !== undefined && labels.value?.done.includes(at.image))
    await change(() => sendDone(at.image, false));
}

/** Goes along the list of images. */
export async function goToImage(steps: number): Promise<void> {
  const list = imageQueue.value;
  const at = list.findIndex(({ id }) => id === selected.value?.image);
  const next = list[at < 0 ? 0 : Math.min(list.length - 1, Math.max(0, at + steps))];
  if (next !== undefined) await select({ image: next.id, classIndex: selected.value?.classIndex ?? 0 });
}

export async function chooseClass(classIndex: number): Promise<void> {
  const at = selected.value;
  if (at !== undefined && classIndex < room.value!.classes.length) await select({ ...at, classIndex });
}

/** Adds a class, or changes its name or colour; a new one is chosen. */
export async function changeClass(wish: ClassChange): Promise<boolean> {
  const isDone = await change(() => sendClass(wish));
  if (isDone && 'add' in wish) await chooseClass(room.value!.classes.length - 1);
  return isDone;
}

async function change(send: () => Promise<LabelsState>): Promise<boolean> {
  saving.value++;
  try {
    keepLabels(await send());
    return true;
  } catch (error) {
    notice.value = { kind: 'problem', text: messageOf(error) };
    return false;
  } finally {
    saving.value--;
  }
}
