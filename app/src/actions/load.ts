/** @file Getting the room and its images. */

import type { LabelsState } from '../../../src/label/protocol.ts';
import { rleFromString } from '../../../src/masks/rle.ts';
import type {
  ImageMasks,
  LayerMask,
  ReviewImage,
  ReviewItem,
  RoomEvent,
  RoomState,
} from '../../../src/review/protocol.ts';
import { fetchMasks, fetchPixels, fetchRoom, listenForEvents, prepareSmartEdit } from '../api.ts';
import { fromRle } from '../masks/tiled-mask.ts';
import { itemKey, neighbour } from '../queue.ts';
import { Failure, messageOf } from '../request.ts';
import {
  connected,
  failure,
  filter,
  greyWindow,
  imageQueue,
  imagesById,
  items,
  type Loaded,
  labels,
  loaded,
  type Masks,
  NO_PROMPT,
  polygon,
  queue,
  room,
  type Selection,
  type Shown,
  selected,
  shown,
  smartPrompt,
  unsaved,
  unshown,
} from '../store.ts';
import { firstWindow } from '../view/grey.ts';
import { createImagePainter } from '../view/image-painter.ts';
import { forgetOutlines } from '../view/mask-painter.ts';
import { restoreDrafts } from './drafts.ts';
import { showImage } from './look.ts';

/** Images that wait in memory: the one before, this one and the next. */
const KEPT_IMAGES = 3;

const images = new Map<string, Promise<Loaded>>();

export async function openRoom(): Promise<void> {
  try {
    // First of all, so that nothing changes unheard while the room is on its way.
    const early: RoomEvent[] = [];
    await listen(early);
    const state = await fetchRoom();
    items.value = new Map(state.items.map((item) => [itemKey(item), item]));
    room.value = state;
    for (const event of early) keep(event);
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

/**
 * What nobody told while there was no connection. Of an image with something drawn and not saved, saving says what became
 * of it.
 */
async function catchUp(): Promise<void> {
  const state = await fetchRoom().catch(() => undefined);
  if (state === undefined) return;
  if (state.labels !== undefined) keepLabels(state.labels);
  const drawnOn = new Set([...unsaved.value.values()].map(({ image }) => image));
  const newer = state.items.filter(
    (item) => item.revision > (items.value.get(itemKey(item))?.revision ?? 0) && !drawnOn.has(item.image),
  );
  newer.forEach(keepItem);
  const at = selected.value;
  if (at === undefined || !newer.some(({ image }) => image === loaded.value?.image.id)) return;
  forgetImage(at.image);
  loaded.value = undefined;
  await select(at);
}

function keep(event: RoomEvent): void {
  if (event.event === 'labels') keepLabels(event.data);
  else keepItem(event.data);
}

/** Where all is done or decided, there is still something to look at. */
function firstOf({ labels, items: all, images: every }: RoomState): Selection | undefined {
  if (labels !== undefined) {
    const image = imageQueue.value[0] ?? every[0];
    return image && { image: image.id, classIndex: 0 };
  }
  return queue.value[0] ?? all[0];
}

function keepItem(item: ReviewItem): void {
  items.value = new Map(items.value).set(itemKey(item), item);
  if (loaded.value?.image.id !== item.image) forgetImage(item.image);
}

export function keepLabels(next: LabelsState): void {
  const { classes } = next;
  if (room.value !== undefined) room.value = { ...room.value, classes, labels: next };
}

/** Shows an item, and gets the image after it meanwhile. */
export async function select({ image, classIndex }: Selection): Promise<void> {
  selected.value = { image, classIndex };
  smartPrompt.value = NO_PROMPT;
  polygon.value = [];
  shown.value = shownFirst({ image, classIndex });
  if (loaded.value?.image.id !== image) await showLoaded(image);
}

/** Of what nobody has decided about: the mask of the stage that the queue is of. */
function shownFirst(at: Selection): Shown {
  const { stage } = filter.value;
  const item = items.value.get(itemKey(at));
  return stage !== 'refined' && item?.status === 'pending' && item.stages.includes(stage) ? stage : 'mask';
}

async function showLoaded(image: string): Promise<void> {
  loaded.value = undefined;
  unshown.value = undefined;
  try {
    const found = await obtain(image);
    // Meanwhile the user may have gone on.
    if (selected.value?.image !== image) return;
    forgetOutlines();
    greyWindow.value = firstWindow(found.grey);
    loaded.value = found;
    showImage();
    prefetch();
  } catch (error) {
    if (selected.value?.image === image) unshown.value = messageOf(error);
  }
}

function prefetch(): void {
  const at = selected.value;
  if (at === undefined) return;
  if (room.value && 'model' in room.value.smartEdit) prepareSmartEdit(at.image).catch(() => undefined);
  const next =
    labels.value === undefined ? nextReviewed(at) : imageQueue.value.find(({ id }) => id !== at.image)?.id;
  if (next !== undefined) obtain(next).catch(() => undefined);
}

function nextReviewed(at: Selection): string | undefined {
  const others = queue.value.filter(({ image }) => image !== at.image);
  return neighbour(others, queue.value, itemKey(at), 1)?.image;
}

function obtain(id: string): Promise<Loaded> {
  const found = images.get(id) ?? load(imagesById.value.get(id)!);
  images.delete(id);
  images.set(id, found);
  found.catch(() => images.delete(id));
  if (images.size > KEPT_IMAGES) images.delete(images.keys().next().value!);
  return found;
}

/** The image is got anew when it is shown next. */
export function forgetImage(id: string): void {
  images.delete(id);
}

/** A decision changed what is known of the shown image. */
export function replaceLoaded(next: Loaded): void {
  images.set(next.image.id, Promise.resolve(next));
  loaded.value = next;
}

async function load(image: ReviewImage): Promise<Loaded> {
  const [grey, masks] = await Promise.all([fetchPixels(image.id, image), fetchMasks(image.id)]);
  return { image, grey, painter: createImagePainter(grey), ...readMasks(masks, image) };
}

function readMasks(
  { layers, decided }: ImageMasks,
  image: ReviewImage,
): Pick<Loaded, 'layers' | 'about' | 'decided'> {
  const read = (masks: readonly LayerMask[]): Masks =>
    new Map(masks.map(({ classIndex, counts }) => [classIndex, fromRle(rleFromString(counts, image))]));
  return {
    layers: Object.fromEntries(Object.entries(layers).map(([layer, masks]) => [layer, read(masks)])),
    about: new Map((layers.refined ?? []).map((mask) => [mask.classIndex, mask])),
    decided: read(decided),
  };
}
