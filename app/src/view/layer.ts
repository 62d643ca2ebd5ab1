/** @file A part of the picture that is kept while nothing that it shows changes. */

export interface Layer {
  /**
   * Draws what `paint` draws. Where `inputs`, which are all that it depends on, are those of the frame before, it is
   * drawn on a canvas of its own and kept: from then on it costs one copy.
   */
  draw(
    canvas: CanvasRenderingContext2D,
    inputs: readonly unknown[],
    paint: (canvas: CanvasRenderingContext2D) => void,
  ): void;
}

export function createLayer(): Layer {
  let kept: HTMLCanvasElement | undefined;
  let isKept = false;
  let last: readonly unknown[] = [];
  return {
    draw: (canvas, inputs, paint) => {
      const { width, height } = canvas.canvas;
      const now = [width, height, ...inputs];
      const isSame = now.length === last.length && now.every((input, i) => Object.is(input, last[i]));
      last = now;
      // What moves is not worth a copy, and a canvas without pixels cannot be copied.
      if (!isSame || width === 0 || height === 0) {
        isKept = false;
        paint(canvas);
        return;
      }
      kept ??= document.createElement('canvas');
      if (!isKept) {
        // Setting a size clears a canvas, too.
        kept.width = width;
        kept.height = height;
        paint(kept.getContext('2d')!);
        isKept = true;
      }
      canvas.drawImage(kept, 0, 0);
    },
  };
}
