/** @file One picture of everything on the canvas: image, masks, prompts, and what a tool is about to do. */

import type { BoxXyxy, PointXy, Size } from '../../../src/base/geometry.ts';
import { currentMasks } from '../actions/masks.ts';
import { isSet, tiledArea } from '../masks/tiled-mask.ts';
import {
  brushRadius,
  colourOf,
  fillOpacity,
  greyWindow,
  hiddenClasses,
  loaded,
  type Masks,
  polygon,
  room,
  selected,
  showMasks,
  shown,
  showOutlines,
  showPrompts,
  smartPrompt,
  tool,
  viewport,
} from '../store.ts';
import { createLayer, type Layer, type Place } from './layer.ts';
import { type MaskStyle, paintMask } from './mask-painter.ts';
import { toScreen, type Viewport } from './viewport.ts';

/** What only the pointer knows, px of the canvas. */
export interface PointerState {
  readonly at: PointXy | undefined;
  /** A box that is being dragged. */
  readonly box: BoxXyxy | undefined;
  /** Keys moved it last: no system draws it then. */
  readonly isByKeys: boolean;
}

/** Windowing leaves masks as they are, and drawing leaves the image and the other masks. */
const imageLayer = createLayer({ stretches: false });
/** From afar masks have many lines on few px, which take longer than a frame of a zoom has. */
const otherMasks = createLayer({ stretches: true });
const activeMask = createLayer({ stretches: true });

/**
 * Draws the state of the store. `pixelRatio` is px of the canvas per px of the page.
 *
 * @returns whether all of it is sharp; if not, the same is to be drawn again once nothing moves
 */
export function paintScene(
  canvas: CanvasRenderingContext2D,
  pointer: PointerState,
  pixelRatio: number,
): boolean {
  const { width, height } = canvas.canvas;
  const now = loaded.value;
  const view = viewport.value;
  canvas.setTransform(1, 0, 0, 1, 0, 0);
  canvas.clearRect(0, 0, width, height);
  if (now === undefined) return true;
  const { painter } = now;
  const grey = greyWindow.value;
  const place = placeOf(view, now.image, canvas.canvas);
  imageLayer.draw(canvas, [painter, grey], place, (onto) => painter.paint(onto, view, grey));
  const isSharp = !showMasks.value || paintMasks(canvas, view, place, pixelRatio);
  if (showMasks.value && showPrompts.value) paintRefinerPrompts(canvas, view, pixelRatio);
  paintSmartPrompt(canvas, view, pixelRatio);
  paintPolygon(canvas, view, pointer, pixelRatio);
  if (pointer.box !== undefined) paintBox(canvas, pointer.box, '#fff', pixelRatio);
  paintBrush(canvas, view, pointer, pixelRatio);
  if (pointer.isByKeys && pointer.at !== undefined) paintCrosshair(canvas, pointer.at, pixelRatio);
  return isSharp;
}

function paintCrosshair(canvas: CanvasRenderingContext2D, [x, y]: PointXy, ratio: number): void {
  for (const [style, width] of [
    ['rgba(0, 0, 0, 0.75)', 4],
    ['#fff', 1.5],
  ] as const) {
    canvas.beginPath();
    for (const [dx, dy] of [
      [1, 0],
      [-1, 0],
      [0, 1],
      [0, -1],
    ] as const) {
      canvas.moveTo(x + 5 * dx * ratio, y + 5 * dy * ratio);
      canvas.lineTo(x + 16 * dx * ratio, y + 16 * dy * ratio);
    }
    canvas.strokeStyle = style;
    canvas.lineWidth = width * ratio;
    canvas.stroke();
  }
}

function placeOf({ scale, x, y }: Viewport, image: Size, screen: Size): Place {
  const [right, bottom] = [x + image.width * scale, y + image.height * scale];
  return { x, y, scale, isWhole: x >= 0 && y >= 0 && right <= screen.width && bottom <= screen.height };
}

function paintMasks(canvas: CanvasRenderingContext2D, view: Viewport, place: Place, ratio: number): boolean {
  const layer = shown.value;
  const classCount = room.value!.classes.length;
  const masks: Masks =
    layer === 'mask' ? currentMasks(classCount) : (loaded.value!.layers[layer] ?? new Map());
  const active = selected.value?.classIndex;
  const [fill, hasOutlines] = [fillOpacity.value, showOutlines.value];
  const style = (classIndex: number): MaskStyle => {
    const isOnTop = classIndex === active;
    return {
      colour: colourOf(classIndex),
      fill: isOnTop ? fill : fill * 0.55,
      outline: hasOutlines ? (isOnTop ? 2 : 1.1) * ratio : 0,
      halo: isOnTop,
    };
  };
  const visible = [...masks].filter(([classIndex]) => !hiddenClasses.value.has(classIndex));
  const paint = (onto: Layer, which: typeof visible): boolean => {
    const colours = which.map(([classIndex]) => colourOf(classIndex).join());
    const inputs = [ratio, layer, fill, hasOutlines, ...colours, ...which.flat()];
    return onto.draw(canvas, inputs, place, (picture) => {
      for (const [classIndex, mask] of which)
        paintMask(picture, mask, `${layer} ${classIndex}`, style(classIndex), view);
    });
  };
  const isActive = ([classIndex]: (typeof visible)[number]): boolean => classIndex === active;
  const areOthersSharp = paint(
    otherMasks,
    visible.filter((one) => !isActive(one)),
  );
  // The one that is worked on lies on top.
  return paint(activeMask, visible.filter(isActive)) && areOthersSharp;
}

/** The prompt by which the shown mask was made, where a promptable model refined it. */
function paintRefinerPrompts(canvas: CanvasRenderingContext2D, view: Viewport, ratio: number): void {
  const at = selected.value;
  const prompts = at && loaded.value?.about.get(at.classIndex)?.prompts;
  if (prompts === undefined || tool.value === 'smart') return;
  if (prompts.box !== undefined) paintBox(canvas, onScreen(prompts.box, view), '#fff', ratio);
  for (const point of prompts.positive) paintPoint(canvas, toScreen(view, point), true, ratio);
  for (const point of prompts.negative) paintPoint(canvas, toScreen(view, point), false, ratio);
}

function paintSmartPrompt(canvas: CanvasRenderingContext2D, view: Viewport, ratio: number): void {
  const { points, box } = smartPrompt.value;
  if (box !== undefined) paintBox(canvas, onScreen(box, view), '#fff', ratio);
  for (const { xy, positive } of points) paintPoint(canvas, toScreen(view, xy), positive, ratio);
}

function onScreen([x0, y0, x1, y1]: BoxXyxy, view: Viewport): BoxXyxy {
  return [...toScreen(view, [x0, y0]), ...toScreen(view, [x1, y1])];
}

function paintBox(
  canvas: CanvasRenderingContext2D,
  [x0, y0, x1, y1]: BoxXyxy,
  colour: string,
  ratio: number,
): void {
  for (const [style, width] of [
    ['rgba(0, 0, 0, 0.7)', 3],
    [colour, 1.5],
  ] as const) {
    canvas.strokeStyle = style;
    canvas.lineWidth = width * ratio;
    canvas.setLineDash([6 * ratio, 4 * ratio]);
    canvas.strokeRect(x0, y0, x1 - x0, y1 - y0);
  }
  canvas.setLineDash([]);
}

/** A plus for what is the object, a minus for what is not: told apart without colours. */
function paintPoint(
  canvas: CanvasRenderingContext2D,
  [x, y]: PointXy,
  positive: boolean,
  ratio: number,
): void {
  const radius = 7 * ratio;
  canvas.beginPath();
  canvas.arc(x, y, radius, 0, 2 * Math.PI);
  canvas.fillStyle = positive ? '#fff' : '#16191d';
  canvas.fill();
  canvas.lineWidth = 1.5 * ratio;
  canvas.strokeStyle = positive ? '#16191d' : '#fff';
  canvas.stroke();
  canvas.beginPath();
  canvas.moveTo(x - radius / 2, y);
  canvas.lineTo(x + radius / 2, y);
  if (positive) {
    canvas.moveTo(x, y - radius / 2);
    canvas.lineTo(x, y + radius / 2);
  }
  canvas.lineWidth = 2 * ratio;
  canvas.stroke();
}

function paintPolygon(
  canvas: CanvasRenderingContext2D,
  view: Viewport,
  { at }: PointerState,
  ratio: number,
): void {
  const points = polygon.value.map((point) => toScreen(view, point));
  if (points.length === 0) return;
  for (const [style, width] of [
    ['rgba(0, 0, 0, 0.75)', 4],
    ['#fff', 1.75],
  ] as const) {
    canvas.beginPath();
    for (const [x, y] of points) canvas.lineTo(x, y);
    if (at !== undefined) canvas.lineTo(...at);
    canvas.strokeStyle = style;
    canvas.lineWidth = width * ratio;
    canvas.stroke();
  }
  canvas.fillStyle = '#fff';
  for (const [x, y] of points) canvas.fillRect(x - 2.5 * ratio, y - 2.5 * ratio, 5 * ratio, 5 * ratio);
}

function paintBrush(
  canvas: CanvasRenderingContext2D,
  view: Viewport,
  { at }: PointerState,
  ratio: number,
): void {
  const isBrush = tool.value === 'brush' || tool.value === 'erase';
  if (!isBrush || at === undefined) return;
  for (const [style, width] of [
    ['rgba(0, 0, 0, 0.75)', 3],
    ['#fff', 1.25],
  ] as const) {
    canvas.beginPath();
    canvas.arc(at[0], at[1], Math.max(1, brushRadius.value * view.scale), 0, 2 * Math.PI);
    canvas.strokeStyle = style;
    canvas.lineWidth = width * ratio;
    canvas.setLineDash(tool.value === 'erase' ? [4 * ratio, 3 * ratio] : []);
    canvas.stroke();
  }
  canvas.setLineDash([]);
}

/** The class of the topmost shown mask at a pixel; the smallest one where several lie over each other. */
export function classAt([x, y]: PointXy): number | undefined {
  const now = loaded.value;
  if (now === undefined || !showMasks.value) return undefined;
  const [column, row] = [Math.round(x), Math.round(y)];
  return [...currentMasks(room.value!.classes.length)]
    .filter(([classIndex, mask]) => !hiddenClasses.value.has(classIndex) && isSet(mask, column, row))
    .sort(([, a], [, b]) => tiledArea(a) - tiledArea(b))
    .at(0)?.[0];
}
