/** @file The room as the server has it: opened, and kept up with what is done in other pages. */
import { batch, effect, untracked } from '@preact/signals';
import type { LabelsState } from '../../../src/label/protocol.ts';
import type { ReviewItem, RoomEvent, RoomState } from '../../../src/review/protocol.ts';
import { fetchMasks, fetchRoom, listenForEvents } from '../api.ts';
import { step } from '../edit/history.ts';
import { itemKey } from '../queue.ts';
import { Failure, messageOf } from '../request.ts';
import {
  connected,
  drawings,
  failure,
  imageQueue,
  items,
  labels,
  loaded,
  queue,
  room,
  type Selection,
  saving,
  unsaved,
} from '../store.ts';
import { restoreDrafts } from './drafts.ts';
import { forgetImage, readMasks, replaceLoaded, select } from './load.ts';
import { forgetSaved } from './masks.ts';

export async function openRoom(): Promise<void> {
  try {
    // First of all, so that nothing changes unheard while the room is on its way.
    const early: RoomEvent[] = [];
    await listen(early);
    const state = await fetchRoom();
    items.value = new Map(state.items.map((item) => [itemKey(item), item]));
    room.value = state;
    early.forEach(keep);
    document.title = `${state.run} · Packmule ${state.labels === undefined ? 'review' : 'labels'}`;
    const first = restoreDrafts(state) ?? firstOf(state);
    if (first !== undefined) await select(first);
  } catch (error) {
    failure.value = {
      seen: messageOf(error),
      fix: error instanceof Failure ? error.fix : 'Load the page again',
    };
  }
}

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
        if (up && room.value !== undefined) void catchUp();
        resolve();
      },
    );
  });
}

/** What nobody told while there was no connection. */
async function catchUp(): Promise<void> {
  const state = await fetchRoom().catch(() => undefined);
  if (state === undefined) return;
  if (state.labels !== undefined) keepLabels(state.labels);
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

/** What the server told of while a decision of this page was on its way, that decision perhaps among it. */
let heard: ReviewItem[] = [];

function hear(told: readonly ReviewItem[]): void {
  heard = heard.concat(told);
  void takeHeard();
}

/** Hears what was told while this page saved, for as long as the page is open. */
export function followOthers(): void {
  effect(() => {
    if (saving.value === 0) untracked(() => void takeHeard());
  });
}

let taking = false;

async function takeHeard(): Promise<void> {
  if (taking) return;
  taking = true;
  try {
    while (heard.length > 0 && saving.value === 0) {
      const told = heard.filter(isNews);
      heard = [];
      if (told.length > 0) await takeUp(told);
    }
  } catch {
    // The server does not answer: the next connection tells it again.
  } finally {
    taking = false;
  }
}

/** Whether it was done elsewhere. Where drawings are saved at once, saving says what becomes of one that is not. */
function isNews(item: ReviewItem): boolean {
  const key = itemKey(item);
  const isKnown = item.revision <= (items.value.get(key)?.revision ?? 0);
  return !isKnown && (labels.value === undefined || !unsaved.value.has(key));
}

/**
 * Goes on from what others made of items: whoever drew on an older mask under a newer revision would overwrite theirs
 * unseen. Items and masks therefore change together. Undo brings back what was drawn here before.
 * @throws Failure where the masks of the shown image cannot be had; nothing is taken then.
 */
export async function takeUp(told: readonly ReviewItem[]): Promise<void> {
  const shown = loaded.value?.image;
  const isOfShown = ({ image }: ReviewItem): boolean => image === shown?.id;
  const decided =
    shown && told.some(isOfShown) ? readMasks((await fetchMasks(shown.id)).decided, shown) : undefined;
  // Meanwhile the user may have gone on to an image that is among them.
  if (loaded.value?.image.id !== shown?.id) return takeUp(told);
  batch(() => {
    items.value = new Map([...items.value, ...told.map((item) => [itemKey(item), item] as const)]);
    for (const item of told) {
      if (!isOfShown(item)) forgetImage(item.image);
      if (labels.value !== undefined || !unsaved.value.has(itemKey(item))) putAway(item);
    }
    if (decided === undefined) return;
    const now = new Map(loaded.value!.decided);
    for (const { classIndex } of told.filter(isOfShown)) {
      const theirs = decided.get(classIndex);
      if (theirs === undefined) now.delete(classIndex);
      else now.set(classIndex, theirs);
    }
    replaceLoaded({ ...loaded.value!, decided: now });
  });
}

/** A drawing that somebody's decision has replaced. */
function putAway(item: ReviewItem): void {
  forgetSaved(itemKey(item));
  const history = drawings.value.get(item.image);
  if (!history?.present.has(item.classIndex)) return;
  const left = new Map(history.present);
  left.delete(item.classIndex);
  drawings.value = new Map(drawings.value).set(item.image, step(history, left));
}
