/** @file Which mask a class has: the one that was drawn, else the decided one, else the refined one. */
import { emptyTiled, isEmpty, type TiledMask } from '../masks/tiled-mask.ts';
import { itemKey } from '../queue.ts';
import { drawing, items, loaded, type Masks, savedDrawings } from '../store.ts';

/** The mask without what was drawn and not saved. */
export function savedMask(classIndex: number): TiledMask | undefined {
  const now = loaded.value;
  if (now === undefined) return undefined;
  const status = items.value.get(itemKey({ image: now.image.id, classIndex }))?.status;
  if (status === 'rejected') return emptyTiled(now.image);
  return now.decided.get(classIndex) ?? now.layers.refined?.get(classIndex);
}

export function currentMask(classIndex: number): TiledMask | undefined {
  return drawing.value?.present.get(classIndex) ?? savedMask(classIndex);
}

/** Whether something was drawn that is not saved. */
export function isEdited(classIndex: number): boolean {
  const drawn = drawing.value?.present.get(classIndex);
  if (drawn === undefined) return false;
  const saved = savedMask(classIndex);
  return drawn !== saved && !(saved === undefined && isEmpty(drawn));
}

/** All masks of the shown image, without empty ones. */
export function currentMasks(classCount: number): Masks {
  const masks = new Map<number, TiledMask>();
  for (let classIndex = 0; classIndex < classCount; classIndex++) {
    const mask = currentMask(classIndex);
    if (mask !== undefined && !isEmpty(mask)) masks.set(classIndex, mask);
  }
  return masks;
}

export function rememberSaved(key: string, mask: TiledMask): void {
  savedDrawings.value = new Map(savedDrawings.value).set(key, mask);
}

/** What was saved counts no more. */
export function forgetSaved(key: string): void {
  const left = new Map(savedDrawings.value);
  if (left.delete(key)) savedDrawings.value = left;
}
