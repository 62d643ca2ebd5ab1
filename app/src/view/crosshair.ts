/**
 * @file Pointing with the keyboard, once Tab led to the canvas: arrows move a crosshair and Enter uses the tool there.
 * Brush and eraser come down with one Enter and are lifted by the next.
 */
import type { PointXy } from '../../../src/base/geometry.ts';
import { stroke } from '../actions/draw.ts';
import { canDecide, loaded, polygon, stroking, tool, viewport } from '../store.ts';
import { askAbout, chooseAt, type Gestures, onNextMask, strokeValue } from './gestures.ts';
import { panBy, toImage } from './viewport.ts';

/** Px of the page for one press, where a pixel of the image is smaller. */
const STEP = 4;
/** With Shift. */
const FARTHER = 8;

const WAYS: Readonly<Record<string, PointXy>> = {
  ArrowLeft: [-1, 0],
  ArrowRight: [1, 0],
  ArrowUp: [0, -1],
  ArrowDown: [0, 1],
};

/** Listens on the canvas until the returned function is called. */
export function listenForCrosshair(canvas: HTMLCanvasElement, gestures: Gestures): () => void {
  let isDown = false;
  const lift = (): void => {
    if (isDown) stroking.value = false;
    isDown = false;
  };
  const place = (): PointXy => gestures.pointer.at ?? [canvas.width / 2, canvas.height / 2];

  const go = ([dx, dy]: PointXy, isFar: boolean): void => {
    const reach = Math.max(viewport.value.scale, STEP * devicePixelRatio) * (isFar ? FARTHER : 1);
    const [x, y] = place();
    const wished: PointXy = [x + dx * reach, y + dy * reach];
    const next: PointXy = [limited(wished[0], canvas.width), limited(wished[1], canvas.height)];
    const from = toImage(viewport.value, [x, y]);
    // The image follows where the crosshair is at the edge.
    viewport.value = panBy(viewport.value, next[0] - wished[0], next[1] - wished[1]);
    gestures.point(next);
    if (isDown) stroke(from, toImage(viewport.value, next), strokeValue(), false);
  };

  const use = (isOther: boolean): void => {
    const at = toImage(viewport.value, place());
    gestures.point(place());
    if (tool.value === 'look' || !canDecide.value) chooseAt(at);
    else if (tool.value === 'smart') askAbout(at, !isOther);
    else if (tool.value === 'polygon') polygon.value = [...polygon.value, at];
    else if (isDown) lift();
    else {
      isDown = true;
      stroking.value = true;
      stroke(at, at, strokeValue(), true);
    }
  };

  const onKey = (event: KeyboardEvent): void => {
    if (event.ctrlKey || event.metaKey || event.altKey || event.key === 'Shift') return;
    if (loaded.value === undefined) return;
    const way = WAYS[event.key];
    if (way === undefined && event.key !== 'Enter') {
      lift();
      return;
    }
    // The keys of the page would go along the queue and accept.
    event.preventDefault();
    event.stopPropagation();
    if (way !== undefined) go(way, event.shiftKey);
    else use(event.shiftKey);
  };
  canvas.addEventListener('keydown', onKey);
  canvas.addEventListener('blur', lift);
  const stopEffect = onNextMask(lift);
  return () => {
    stopEffect();
    canvas.removeEventListener('keydown', onKey);
    canvas.removeEventListener('blur', lift);
  };
}

const limited = (value: number, length: number): number => Math.min(length - 1, Math.max(0, value));
