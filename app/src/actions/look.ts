/** @file Moving over the image: what part of it is seen, and how. */
import type { BoxXyxy, Size } from '../../../src/base/geometry.ts';
import { tiledBox } from '../masks/tiled-mask.ts';
import {
  brushRadius,
  greyWindow,
  hiddenClasses,
  loaded,
  type Shown,
  selected,
  shown,
  viewport,
} from '../store.ts';
import { draggedWindow } from '../view/grey.ts';
import { fitBox, fitImage, zoomAt } from '../view/viewport.ts';
import { currentMask } from './masks.ts';

/** A mask is shown no larger than this, so that its surroundings are seen. */
const CLOSEST = 12;

let screen: Size = { width: 1, height: 1 };

/** The canvas has another size. The image stays where it is unless there was none yet. */
export function resizeScreen(size: Size): void {
  const isFirst = screen.width <= 1;
  screen = size;
  if (isFirst) showImage();
}

/** The whole image. */
export function showImage(): void {
  const now = loaded.value;
  if (now !== undefined) viewport.value = fitImage(now.image, screen);
}

/** The mask that is worked on, with as much again around it. */
export function showMask(): void {
  const at = selected.value;
  const mask = at && currentMask(at.classIndex);
  const box = mask && tiledBox(mask);
  if (box === undefined) showImage();
  else viewport.value = fitBox(grown(box), screen, CLOSEST);
}

function grown([x0, y0, x1, y1]: BoxXyxy): BoxXyxy {
  const [mx, my] = [(x1 - x0 + 1) / 2, (y1 - y0 + 1) / 2];
  return [x0 - mx, y0 - my, x1 + mx, y1 + my];
}

export function zoom(factor: number): void {
  viewport.value = zoomAt(viewport.value, [screen.width / 2, screen.height / 2], factor);
}

/** Contrast and brightness after a drag over the screen, px of the page. */
export function changeWindow(dx: number, dy: number): void {
  const now = loaded.value;
  if (now === undefined) return;
  greyWindow.value = draggedWindow(greyWindow.value, dx, dy, 2 ** now.grey.bits - 1);
}

export function changeBrush(factor: number): void {
  brushRadius.value = Math.min(200, Math.max(0.5, Math.round(brushRadius.value * factor * 2) / 2));
}

/** Shows the masks of a stage; the same again goes back. */
export function toggleShown(next: Shown): void {
  shown.value = shown.value === next ? 'mask' : next;
}

export function toggleClass(classIndex: number): void {
  const hidden = new Set(hiddenClasses.value);
  if (!hidden.delete(classIndex)) hidden.add(classIndex);
  hiddenClasses.value = hidden;
}

/** Hides all classes but one; where they are hidden already, shows all. */
export function soloClass(classIndex: number, classCount: number): void {
  const others = new Set(Array.from({ length: classCount }, (_, i) => i).filter((i) => i !== classIndex));
  const isSolo = hiddenClasses.value.size === others.size && !hiddenClasses.value.has(classIndex);
  hiddenClasses.value = isSolo ? new Set() : others;
}
