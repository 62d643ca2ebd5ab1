/** @file Changing masks: strokes, polygons, the masks of other stages, and the promptable model. */
import type { PointXy } from '../../../src/base/geometry.ts';
import { rleFromString } from '../../../src/masks/rle.ts';
import { segment } from '../api.ts';
import { amend, type History, redo, startHistory, step, undo } from '../edit/history.ts';
import { strokeSpans, withPolygon } from '../edit/stroke.ts';
import { emptyTiled, fromRle, isEmpty, type TiledMask, withSpans } from '../masks/tiled-mask.ts';
import { messageOf } from '../request.ts';
import {
  brushRadius,
  canDecide,
  drawing,
  drawings,
  labels,
  loaded,
  type Masks,
  NO_PROMPT,
  notice,
  polygon,
  type SmartPrompt,
  selected,
  shown,
  smartBusy,
  smartPrompt,
} from '../store.ts';
import { currentMask, savedMask } from './masks.ts';

/** Puts a mask in the place of the one that is worked on. `isSameStep` goes on with the last change. */
function putMask(mask: TiledMask, isSameStep = false): void {
  const at = selected.value;
  if (at === undefined || mask === currentMask(at.classIndex)) return;
  shown.value = 'mask';
  changeDrawing((history) => {
    const next = new Map(history.present).set(at.classIndex, mask);
    if (isSameStep) return amend(history, next);
    return step(labels.value === undefined ? history : withSaved(history, at.classIndex), next);
  });
}

/**
 * Where every stroke is saved at once, what is saved follows the drawing: to go back, the drawing has to know what
 * there was before it.
 */
function withSaved(history: History<Masks>, classIndex: number): History<Masks> {
  if (history.present.has(classIndex)) return history;
  const before = savedMask(classIndex) ?? emptyTiled(loaded.value!.image);
  return amend(history, new Map(history.present).set(classIndex, before));
}

/** Changes the drawing of the shown image, which begins with nothing drawn. */
export function changeDrawing(change: (history: History<Masks>) => History<Masks>): void {
  const id = loaded.value?.image.id;
  if (id === undefined) return;
  const before = drawing.value ?? startHistory<Masks>(new Map());
  drawings.value = new Map(drawings.value).set(id, change(before));
}

/** The mask that is worked on; an empty one for a class that has none yet. Undefined where nothing can be drawn. */
function workedOn(): TiledMask | undefined {
  const [at, now] = [selected.value, loaded.value];
  if (at === undefined || now === undefined || !canDecide.value) return undefined;
  return currentMask(at.classIndex) ?? emptyTiled(now.image);
}

/** A stroke of the brush (1) or eraser (0) from one point to the next; the first of its kind is a step to be undone. */
export function stroke(from: PointXy, to: PointXy, value: 0 | 1, isFirst: boolean): void {
  const mask = workedOn();
  if (mask !== undefined) putMask(withSpans(mask, strokeSpans(from, to, brushRadius.value), value), !isFirst);
}

/** Fills the polygon that was drawn, or cuts it out. */
export function closePolygon(value: 0 | 1): void {
  const mask = workedOn();
  const points = polygon.value;
  polygon.value = [];
  if (mask !== undefined) putMask(withPolygon(mask, points, value));
}

/** How many steps undo could go back on the shown image. */
export const drawnSteps = (): number => drawing.value?.past.length ?? 0;

/** Forgets the last steps but for the first `kept`; they cannot be done again. */
export function dropSteps(kept: number): void {
  if (drawnSteps() <= kept) return;
  changeDrawing((history) => {
    let left = history;
    while (left.past.length > kept) left = undo(left);
    return { ...left, future: [] };
  });
}

/** Nothing of the class. */
export function clearMask(): void {
  const mask = workedOn();
  if (mask !== undefined && !isEmpty(mask)) putMask(emptyTiled(mask));
}

/** Takes the mask of the stage that is shown as a drawing of one's own. */
export function takeShown(): void {
  const [at, layer] = [selected.value, shown.value];
  if (at === undefined || layer === 'mask' || workedOn() === undefined) return;
  const mask = loaded.value?.layers[layer]?.get(at.classIndex);
  if (mask === undefined) notice.value = { kind: 'problem', text: 'This stage has no mask of the class' };
  else putMask(mask);
}

export function undoDrawing(): void {
  smartPrompt.value = NO_PROMPT;
  if (drawing.value !== undefined) changeDrawing(undo);
}

export function redoDrawing(): void {
  if (drawing.value !== undefined) changeDrawing(redo);
}

/** The prompt whose answer is waited for; it may have been dropped meanwhile. */
let asked: SmartPrompt = NO_PROMPT;

/** Has the promptable model draw what the prompt asks for. A later prompt makes an earlier answer worthless. */
export async function askModel(prompt: SmartPrompt): Promise<void> {
  const at = selected.value;
  if (at === undefined || workedOn() === undefined) return;
  asked = prompt;
  smartPrompt.value = prompt;
  smartBusy.value = true;
  try {
    const { box, points } = prompt;
    const { counts } = await segment(at.image, {
      ...(box && { box: [...box] }),
      points: points.map(mutable),
    });
    if (smartPrompt.value !== prompt || selected.value !== at || loaded.value === undefined) return;
    putMask(fromRle(rleFromString(counts, loaded.value.image)));
  } catch (error) {
    notice.value = { kind: 'problem', text: messageOf(error) };
  } finally {
    if (asked === prompt) smartBusy.value = false;
  }
}

const mutable = ({
  xy: [x, y],
  positive,
}: SmartPrompt['points'][number]): { xy: [number, number]; positive: boolean } => ({
  xy: [x, y],
  positive,
});
