/**
 * @file What pointers do on the canvas: mouse, pen and fingers. One pointer uses the tool, the right button changes
 * brightness and contrast, the middle one (or two fingers) moves the image. Where a pen draws, fingers only move.
 */
import { effect, untracked } from '@preact/signals';
import type { BoxXyxy, PointXy } from '../../../src/base/geometry.ts';
import { askModel, closePolygon, drawnSteps, dropSteps, stroke } from '../actions/draw.ts';
import { select } from '../actions/load.ts';
import { changeWindow } from '../actions/look.ts';
import { canDecide, loaded, polygon, selectedKey, smartPrompt, stroking, tool, viewport } from '../store.ts';
import { classAt, type PointerState } from './scene.ts';
import { panBy, toImage, zoomAt } from './viewport.ts';

/** A press that moved less than this, px of the page, is a click. */
const CLICK_REACH = 4;
/** Corners of a polygon that is drawn in one go lie this far apart at least, px of the page. */
const CORNER_REACH = 4;

type Drag = 'pan' | 'window' | 'stroke' | 'polygon' | 'box' | 'nothing';
/** Those that are about one mask. */
const DRAWS: readonly Drag[] = ['stroke', 'polygon', 'box'];

interface Press {
  readonly drag: Drag;
  readonly start: PointXy;
  /** What was drawn before it. */
  readonly steps: number;
  readonly corners: number;
  last: PointXy;
  moved: boolean;
}

export interface Gestures {
  readonly pointer: PointerState;
  /** Puts the pointer somewhere by keys, px of the canvas. */
  point(at: PointXy): void;
  /** Takes the listeners away. */
  stop(): void;
}

/** Listens on the canvas; `changed` is called when only the pointer moved, the rest is in the store. */
export function listenForGestures(canvas: HTMLCanvasElement, changed: () => void): Gestures {
  const state: { -readonly [Key in keyof PointerState]: PointerState[Key] } = {
    at: undefined,
    box: undefined,
    isByKeys: false,
  };
  const presses = new Map<number, Press>();
  let hasPen = false;
  const ending = new AbortController();
  const { signal } = ending;

  /** Px of the canvas. */
  const place = (event: MouseEvent): PointXy => {
    const { left, top } = canvas.getBoundingClientRect();
    return [(event.clientX - left) * devicePixelRatio, (event.clientY - top) * devicePixelRatio];
  };
  const inImage = (point: PointXy): PointXy => toImage(viewport.value, point);

  const begin = (event: PointerEvent): Drag => {
    if (event.button === 1 || (event.shiftKey === true && tool.value === 'look')) return 'pan';
    if (event.button === 2) return 'window';
    // The hand that holds the pen lies on the screen.
    if (hasPen && event.pointerType === 'touch') return 'pan';
    if (tool.value === 'look' || !canDecide.value) return 'pan';
    if (tool.value === 'smart') return 'box';
    return tool.value === 'polygon' ? 'polygon' : 'stroke';
  };

  canvas.addEventListener(
    'pointerdown',
    (event) => {
      if (loaded.value === undefined) return;
      canvas.setPointerCapture(event.pointerId);
      hasPen ||= event.pointerType === 'pen';
      const at = place(event);
      // A second finger: both move the image from now on, and what the first one began was not meant.
      const drag = presses.size === 1 && event.pointerType === 'touch' ? 'pan' : begin(event);
      if (drag === 'pan') {
        for (const [id, press] of presses) {
          takeBack(press);
          presses.set(id, { ...press, drag: 'pan', moved: true });
        }
      }
      const [steps, corners] = [drawnSteps(), polygon.value.length];
      presses.set(event.pointerId, { drag, start: at, steps, corners, last: at, moved: false });
      stroking.value = drag === 'stroke';
      if (drag === 'stroke') stroke(inImage(at), inImage(at), strokeValue(), true);
      if (drag === 'polygon') polygon.value = [...polygon.value, inImage(at)];
      state.box = undefined;
      changed();
    },
    { signal },
  );

  canvas.addEventListener(
    'pointermove',
    (event) => {
      const at = place(event);
      state.at = at;
      state.isByKeys = false;
      const press = presses.get(event.pointerId);
      if (press !== undefined) {
        if (distance(press.start, at) > CLICK_REACH * devicePixelRatio) press.moved = true;
        follow(press, at);
      }
      changed();
    },
    { signal },
  );

  const stopEffect = onNextMask(() => {
    for (const [id, press] of presses)
      if (DRAWS.includes(press.drag)) presses.set(id, { ...press, drag: 'nothing' });
    stroking.value = false;
    state.box = undefined;
  });

  function follow(press: Press, at: PointXy): void {
    const [dx, dy] = [at[0] - press.last[0], at[1] - press.last[1]];
    if (presses.size === 2) {
      pinch(press, at);
      return;
    }
    if (press.drag === 'pan') {
      // By whole px: what is drawn already can then be moved as it is.
      const [right, down] = [Math.round(dx), Math.round(dy)];
      viewport.value = panBy(viewport.value, right, down);
      press.last = [press.last[0] + right, press.last[1] + down];
      return;
    }
    if (press.drag === 'window') changeWindow(dx / devicePixelRatio, dy / devicePixelRatio);
    if (press.drag === 'stroke') stroke(inImage(press.last), inImage(at), strokeValue(), false);
    if (press.drag === 'box' && press.moved) state.box = sorted(press.start, at);
    if (press.drag === 'polygon' && press.moved) {
      if (distance(press.last, at) < CORNER_REACH * devicePixelRatio) return;
      polygon.value = [...polygon.value, inImage(at)];
    }
    press.last = at;
  }

  /** Two fingers: their middle moves the image, their distance its size. */
  function pinch(press: Press, at: PointXy): void {
    const [other] = [...presses.values()].filter((one) => one !== press);
    const before = distance(press.last, other!.last);
    const after = distance(at, other!.last);
    const middle: PointXy = [(at[0] + other!.last[0]) / 2, (at[1] + other!.last[1]) / 2];
    const moved = panBy(viewport.value, (at[0] - press.last[0]) / 2, (at[1] - press.last[1]) / 2);
    viewport.value = before > 0 ? zoomAt(moved, middle, after / before) : moved;
    press.last = at;
  }

  const end = (event: PointerEvent): void => {
    const press = presses.get(event.pointerId);
    presses.delete(event.pointerId);
    stroking.value = false;
    if (press === undefined || event.type === 'pointercancel') return;
    const at = place(event);
    if (press.drag === 'pan' && !press.moved && event.button === 0) chooseAt(inImage(at));
    if (press.drag === 'polygon' && press.moved) closePolygon(event.shiftKey ? 0 : 1);
    if (press.drag === 'box' && !press.moved) askAbout(inImage(at), !event.shiftKey);
    if (press.drag === 'box' && press.moved)
      void askModel({ points: [], box: inside(sorted(inImage(press.start), inImage(at))) });
    state.box = undefined;
    changed();
  };
  canvas.addEventListener('pointerup', end, { signal });
  canvas.addEventListener('pointercancel', end, { signal });

  canvas.addEventListener(
    'dblclick',
    (event) => {
      if (tool.value === 'polygon') closePolygon(event.shiftKey ? 0 : 1);
    },
    { signal },
  );
  canvas.addEventListener(
    'pointerleave',
    () => {
      state.at = undefined;
      changed();
    },
    { signal },
  );
  canvas.addEventListener('contextmenu', (event) => event.preventDefault(), { signal });
  canvas.addEventListener(
    'wheel',
    (event) => {
      event.preventDefault();
      // A wheel gives steps of a hundred or so, a touchpad many small ones; a pinch on one comes with Ctrl.
      const speed = event.ctrlKey ? 0.01 : event.deltaMode === 0 ? 0.0016 : 0.05;
      viewport.value = zoomAt(viewport.value, place(event), Math.exp(-event.deltaY * speed));
    },
    { signal, passive: false },
  );

  // A click leaves the keys to the page: the arrows go along the queue unless Tab led to the image.
  canvas.addEventListener(
    'mousedown',
    (event) => {
      event.preventDefault();
      if (document.activeElement instanceof HTMLElement) document.activeElement.blur();
    },
    { signal },
  );

  return {
    pointer: state,
    point: (at) => {
      state.at = at;
      state.isByKeys = true;
      changed();
    },
    stop: () => {
      ending.abort();
      stopEffect();
    },
  };
}

/** Calls back when another mask is worked on: what was begun on one does not go on on the next. Returns what ends that. */
export function onNextMask(end: () => void): () => void {
  return effect(() => {
    void selectedKey.value;
    untracked(end);
  });
}

/** Forgets what a press has drawn so far. */
function takeBack({ drag, steps, corners }: Press): void {
  if (drag === 'stroke') dropSteps(steps);
  if (drag === 'polygon') polygon.value = polygon.value.slice(0, corners);
}

/** Chooses the class whose mask is at a point of the image. */
export function chooseAt(point: PointXy): void {
  const classIndex = classAt(point);
  if (classIndex !== undefined) void select({ image: loaded.value!.image.id, classIndex });
}

/** Asks the model anew, with one more point of the image that is the object or is not. */
export function askAbout(point: PointXy, positive: boolean): void {
  const { points } = smartPrompt.value;
  void askModel({ ...smartPrompt.value, points: [...points, { xy: clamped(point), positive }] });
}

export const strokeValue = (): 0 | 1 => (tool.value === 'brush' ? 1 : 0);

const distance = ([ax, ay]: PointXy, [bx, by]: PointXy): number => Math.hypot(bx - ax, by - ay);

const sorted = ([ax, ay]: PointXy, [bx, by]: PointXy): BoxXyxy => [
  Math.min(ax, bx),
  Math.min(ay, by),
  Math.max(ax, bx),
  Math.max(ay, by),
];

/** The part of a box that lies in the image. */
function inside([x0, y0, x1, y1]: BoxXyxy): BoxXyxy {
  return [...clamped([x0, y0]), ...clamped([x1, y1])];
}

function clamped([x, y]: PointXy): PointXy {
  const { width, height } = loaded.value!.image;
  return [Math.min(width - 1, Math.max(0, x)), Math.min(height - 1, Math.max(0, y))];
}
