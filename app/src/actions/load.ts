/** @file Getting the images of a room, and which is shown. */
import { rleFromString } from '../../../src/masks/rle.ts';
import type { LayerMask, ReviewImage } from '../../../src/review/protocol.ts';
import { fetchMasks, fetchPixels, prepareSmartEdit } from '../api.ts';
import { fromRle } from '../masks/tiled-mask.ts';
import { itemKey, neighbour } from '../queue.ts';
import { messageOf } from '../request.ts';
import {
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
  unshown,
} from '../store.ts';
import { firstWindow } from '../view/grey.ts';
import { createImagePainter } from '../view/image-painter.ts';
import { forgetOutlines } from '../view/mask-painter.ts';
import { showImage } from './look.ts';

/** Images that wait in memory: the one before, this one and the next. */
const KEPT_IMAGES = 3;

const images = new Map<string, Promise<Loaded>>();

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
    const found = await obtainNewest(image);
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

/** Somebody may have changed the image while it was on its way. */
async function obtainNewest(id: string): Promise<Loaded> {
  const image = obtain(id);
  const found = await image;
  return images.get(id) === image || selected.value?.image !== id ? found : obtainNewest(id);
}

function obtain(id: string): Promise<Loaded> {
  const found = images.get(id) ?? load(imagesById.value.get(id)!);
  images.delete(id);
  images.set(id, found);
  found.catch(() => {
    if (images.get(id) === found) images.delete(id);
  });
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
  const [grey, { layers, decided }] = await Promise.all([fetchPixels(image.id, image), fetchMasks(image.id)]);
  return {
    image,
    grey,
    painter: createImagePainter(grey),
    layers: Object.fromEntries(
      Object.entries(layers).map(([layer, masks]) => [layer, readMasks(masks, image)]),
    ),
    about: new Map((layers.refined ?? []).map((mask) => [mask.classIndex, mask])),
    decided: readMasks(decided, image),
  };
}

export function readMasks(masks: readonly LayerMask[], image: ReviewImage): Masks {
  return new Map(masks.map(({ classIndex, counts }) => [classIndex, fromRle(rleFromString(counts, image))]));
}
