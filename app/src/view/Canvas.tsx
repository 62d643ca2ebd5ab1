/** @file The canvas: drawn again when something it shows changed, at most once a frame. */
import { effect } from '@preact/signals';
import { useEffect, useRef } from 'preact/hooks';
import { resizeScreen } from '../actions/look.ts';
import { room, selected, tool, viewport } from '../store.ts';
import { listenForCrosshair } from './crosshair.ts';
import { listenForGestures } from './gestures.ts';
import { paintScene } from './scene.ts';

/** Nothing moves any more when so many ms have passed without a frame. */
const REST = 80;

export function Canvas() {
  const ref = useRef<HTMLCanvasElement>(null);
  useEffect(() => {
    const canvas = ref.current!;
    const context = canvas.getContext('2d', { alpha: true })!;
    let frame = 0;
    let rest = 0;
    const again = (): void => {
      if (frame === 0) frame = requestAnimationFrame(draw);
    };
    const gestures = listenForGestures(canvas, again);
    const stopCrosshair = listenForCrosshair(canvas, gestures);
    let stopEffect: () => void = () => undefined;
    const draw = (): void => {
      frame = 0;
      stopEffect();
      // What is read while drawing is what the picture depends on: the effect runs again when it changes.
      let isFirst = true;
      let isSharp = true;
      stopEffect = effect(() => {
        if (isFirst) isSharp = paintScene(context, gestures.pointer, devicePixelRatio);
        else again();
        isFirst = false;
      });
      clearTimeout(rest);
      if (!isSharp) rest = window.setTimeout(again, REST);
      const { scale, x, y } = viewport.peek();
      canvas.dataset.viewport = `${scale} ${x} ${y}`;
    };
    const observer = new ResizeObserver(() => {
      canvas.width = Math.round(canvas.clientWidth * devicePixelRatio);
      canvas.height = Math.round(canvas.clientHeight * devicePixelRatio);
      resizeScreen({ width: canvas.width, height: canvas.height });
      again();
    });
    observer.observe(canvas);
    return () => {
      observer.disconnect();
      gestures.stop();
      stopCrosshair();
      stopEffect();
      cancelAnimationFrame(frame);
      clearTimeout(rest);
    };
  }, []);
  const at = selected.value;
  const label =
    at === undefined
      ? 'Image'
      : `Image ${at.image} with its masks, ${room.value!.classes[at.classIndex]} chosen`;
  return (
    // biome-ignore lint/a11y/noInteractiveElementToNoninteractiveRole: it is worked on, by pointers and by keys.
    <canvas
      ref={ref}
      class={`canvas tool-${tool.value}`}
      role="application"
      aria-roledescription="image to be drawn on"
      aria-label={`${label}. Arrows move a crosshair, Enter uses the tool`}
      tabIndex={0}
    />
  );
}
