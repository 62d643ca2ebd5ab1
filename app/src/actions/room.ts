/** @file The room as the server has it: opened, and kept up with what is done in other pages. */
import { batch, effect, untracked } from '@preact/signals';
import type { LabelsState } from '../../../src/label/protocol.ts';
import { rleFromString } from '../../../src/masks/rle.ts';
import type { ReviewItem, RoomEvent, RoomState } from '../../../src/review/protocol.ts';
import { fetchMasks, fetchRoom, listenForEvents } from '../api.ts';
import { mapHistory, startHistory, step } from '../edit/history.ts';
import { emptyTiled, fromRle, type TiledMask } from '../masks/tiled-mask.ts';
import { itemKey } from '../queue.ts';
import { Failure, messageOf } from '../request.ts';
import {
  connected,
  drawings,
  failure,
  imageQueue,
  imagesById,
  items,
  labels,
  loaded,
  type Masks,
  notice,
  queue,
  room,
  type Selection,
  saving,
  stroking,
  unsaved,
} from '../store.ts';
import { restoreDrafts } from './drafts.ts';
import { forgetImage, readMasks, replaceLoaded, select } from './load.ts';
import { forgetSaved, rememberSaved } from './masks.ts';

export async function openRoom(): Promise<void> {
  try {
    // First of all, so that nothing changes unheard while the room is on its way.
    const early: RoomEvent[] = [];
    await listen(early);
    const heardBy = connections;
    const state = await fetchRoom();
    items.value = new Map(state.items.map((item) => [itemKey(item), item]));
    room.value = state;
    document.title = `${state.run} · Packmule ${state.labels === undefined ? 'review' : 'labels'}`;
    // Before what was heard: the server forgets drawings of what somebody decides about.
    const first = restoreDrafts(state) ?? firstOf(state);
    early.forEach(keep);
    if (connections > heardBy) void catchUp();
    if (first !== undefined) await select(first);
  } catch (error) {
    failure.value = {
      seen: messageOf(error),
      fix: error instanceof Failure ? error.fix : 'Load the page again',
    };
  }
}

/** How often the server was reached: it tells nothing of what happened in between. */
let connections = 0;

/** Waits for the connection, or for its failure; keeps in `early` what is told before there is a room. */
function listen(early: RoomEvent[]): Promise<void> {
  return new Promise((resolve) => {
    listenForEvents(
      (event) => {
        if (room.value === undefined) early.push(event);
        else keep(event);
      },
      (up) => {
        connected.value = up;
        if (up) connections++;
        if (up && room.value !== undefined) void catchUp();
        resolve();
      },
    );
  });
}

/** What nobody told while there was no connection. */
async function catchUp(): Promise<void> {
  const before = labels.value;
  const state = await fetchRoom().catch(() => undefined);
  if (state === undefined) return;
  if (state.labels !== undefined && labels.value === before) keepLabels(state.labels);
  hear(state.items);
}

function keep(event: RoomEvent): void {
  if (event.event === 'labels') keepLabels(event.data);
  else hear([event.data]);
}

/** Where all is done or decided, there is still something to look at. */
function firstOf({ labels, items: all, images: every }: RoomState): Selection | undefined {
  if (labels !== undefined) {
    const image = imageQueue.value[0] ?? every[0];
    return image && { image: image.id, classIndex: 0 };
  }
  return queue.value[0] ?? all[0];
}

export function keepLabels(next: LabelsState): void {
  const { classes } = next;
  if (room.value !== undefined) room.value = { ...room.value, classes, labels: next };
}

/** What was decided elsewhere, as far as this page knows, and is not taken over yet. */
let heard: readonly ReviewItem[] = [];
let taking = false;

function hear(told: readonly ReviewItem[]): void {
  heard = [...heard, ...told];
  void takeHeard();
}

/** Takes over what was heard while something was drawn or saved here, for as long as the page is open. */
export function followOthers(): void {
  effect(() => {
    if (saving.value === 0 && !stroking.value) untracked(() => void takeHeard());
  });
}

async function takeHeard(): Promise<void> {
  if (taking) return;
  taking = true;
  try {
    for (let told = takeable(); told.length > 0; told = takeable()) await takeUp(told);
  } catch {
    // The masks cannot be had now: with what is heard or saved next they are asked for again.
  } finally {
    taking = false;
  }
}

/** While this page saves, what is heard may be that. */
function takeable(): readonly ReviewItem[] {
  if (saving.value > 0 || stroking.value) return [];
  heard = heard.filter(isNewer);
  return heard.filter((item) => !isDrawnOn(item));
}

const isNewer = (item: ReviewItem): boolean =>
  item.revision > (items.value.get(itemKey(item))?.revision ?? 0);

const isUnsaved = (item: ReviewItem): boolean => unsaved.value.has(itemKey(item));

/** Where drawings are saved at once, saving says what becomes of one that is not. */
const isDrawnOn = (item: ReviewItem): boolean => labels.value !== undefined && isUnsaved(item);

/**
 * Goes on from what others made of items: whoever drew on an older mask under a newer revision would overwrite theirs
 * unseen. Items and masks therefore change together.
 * @throws Failure where the masks of the shown image cannot be had; nothing is taken then.
 */
export async function takeUp(told: readonly ReviewItem[]): Promise<void> {
  const shown = loaded.value?.image;
  const isOfShown = ({ image }: ReviewItem): boolean => image === shown?.id;
  const decided =
    shown && told.some(isOfShown) ? readMasks((await fetchMasks(shown.id)).decided, shown) : undefined;
  // Meanwhile the user may have gone on to an image that is among them, or drawn.
  if (loaded.value?.image.id !== shown?.id) return takeUp(told);
  const news = told.filter((item) => isNewer(item) && !isDrawnOn(item));
  batch(() => {
    items.value = new Map([...items.value, ...news.map((item) => [itemKey(item), item] as const)]);
    for (const item of news) {
      if (isOfShown(item)) replaceDecided(item, decided?.get(item.classIndex));
      else forgetImage(item.image);
      if (isUnsaved(item)) warn(item);
      else forgetDrawing(item);
    }
  });
}

/** Puts what somebody else drew in the place of what could not be saved; undo brings that back. */
export function giveWay(item: ReviewItem, counts: string | undefined): void {
  const image = imagesById.value.get(item.image)!;
  const theirs = counts === undefined ? emptyTiled(image) : fromRle(rleFromString(counts, image));
  batch(() => {
    items.value = new Map(items.value).set(itemKey(item), item);
    rememberSaved(itemKey(item), theirs);
    const history = drawings.value.get(item.image) ?? startHistory<Masks>(new Map());
    const present = new Map(history.present).set(item.classIndex, theirs);
    drawings.value = new Map(drawings.value).set(item.image, step(history, present));
    if (loaded.value?.image.id === item.image)
      replaceDecided(item, counts === undefined ? undefined : theirs);
    else forgetImage(item.image);
  });
}

function replaceDecided({ classIndex }: ReviewItem, mask: TiledMask | undefined): void {
  const decided = new Map(loaded.value!.decided);
  if (mask === undefined) decided.delete(classIndex);
  else decided.set(classIndex, mask);
  replaceLoaded({ ...loaded.value!, decided });
}

/** A drawing that is saved, and that somebody else's decision has replaced. */
function forgetDrawing(item: ReviewItem): void {
  forgetSaved(itemKey(item));
  const history = drawings.value.get(item.image);
  if (history === undefined) return;
  const without = (masks: Masks): Masks =>
    new Map([...masks].filter(([classIndex]) => classIndex !== item.classIndex));
  drawings.value = new Map(drawings.value).set(item.image, mapHistory(history, without, areSame));
}

const areSame = (a: Masks, b: Masks): boolean =>
  a.size === b.size && [...a].every(([classIndex, mask]) => b.get(classIndex) === mask);

/** In a review a drawing stays until it is decided about. */
function warn({ image, classIndex, by, status }: ReviewItem): void {
  const [name, className] = [imagesById.value.get(image)?.name, room.value!.classes[classIndex]];
  notice.value = {
    kind: 'problem',
    text: `${by} decided about ${className} in ${name} meanwhile (${status}). What you drew of it is not saved: deciding now replaces theirs, undo shows it.`,
  };
}
