/** @file A part of the picture that is kept while nothing that it shows changes, or only its place does. */

/** Where a part of the picture lies, px of the canvas. */
export interface Place {
  readonly x: number;
  readonly y: number;
  /** Whether all of it is on the canvas, so that it can be moved without showing what was not drawn. */
  readonly isWhole: boolean;
}

export interface Layer {
  /**
   * Draws what `paint` draws. Where `inputs`, which are all that it depends on but its place, are those of the frame
   * before, it is drawn on a canvas of its own and kept: from then on it costs one copy.
   */
  draw(
    canvas: CanvasRenderingContext2D,
    inputs: readonly unknown[],
    place: Place,
    paint: (canvas: CanvasRenderingContext2D) => void,
  ): void;
}

export function createLayer(): Layer {
  let picture: HTMLCanvasElement | undefined;
  let kept: Place | undefined;
  let last: { readonly inputs: readonly unknown[]; readonly place: Place } | undefined;
  return {
    draw: (canvas, inputs, place, paint) => {
      const { width, height } = canvas.canvas;
      const now = [width, height, ...inputs];
      const before = last;
      last = { inputs: now, place };
      const isSame =
        before?.inputs.length === now.length && now.every((input, i) => Object.is(input, before.inputs[i]));
      if (!isSame) kept = undefined;
      if (kept !== undefined && !isMovedTo(kept, place)) kept = undefined;
      // What changes with each frame is not worth a copy, and a canvas without pixels cannot be copied.
      const isWorthIt = isSame && (place.isWhole || isAt(before.place, place)) && width > 0 && height > 0;
      if (kept === undefined && !isWorthIt) {
        paint(canvas);
        return;
      }
      picture ??= document.createElement('canvas');
      if (kept === undefined) {
        // Setting a size clears a canvas, too.
        picture.width = width;
        picture.height = height;
        paint(picture.getContext('2d')!);
        kept = place;
      }
      canvas.drawImage(picture, Math.round(place.x - kept.x), Math.round(place.y - kept.y));
    },
  };
}

const isAt = (a: Place, b: Place): boolean => a.x === b.x && a.y === b.y;

/** Whether a picture shows what it would at another place: moved by whole px it stays as sharp as it is. */
function isMovedTo(kept: Place, place: Place): boolean {
  return isAt(kept, place) || (kept.isWhole && isWhole(place.x - kept.x) && isWhole(place.y - kept.y));
}

/** Up to what adding and subtracting leaves. */
const isWhole = (distance: number): boolean => Math.abs(distance - Math.round(distance)) < 1e-6;
