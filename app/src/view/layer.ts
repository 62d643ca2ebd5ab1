/** @file A part of the picture that is kept while nothing that it shows changes, or only its place does. */

/** Where a part of the picture lies, px of the canvas. */
export interface Place {
  readonly x: number;
  readonly y: number;
  /** Px of the canvas per px of the image. */
  readonly scale: number;
  /** Whether all of it is on the canvas, so that it can be moved without showing what was not drawn. */
  readonly isWhole: boolean;
}

export interface Layer {
  /**
   * Draws what `paint` draws. Where `inputs`, which are all that it depends on but its place, are those of the frame
   * before, it is drawn on a canvas of its own and kept: from then on it costs one copy.
   *
   * @returns whether it is as sharp as `paint` draws it, and not enlarged or made smaller from what was kept
   */
  draw(
    canvas: CanvasRenderingContext2D,
    inputs: readonly unknown[],
    place: Place,
    paint: (canvas: CanvasRenderingContext2D) => void,
  ): boolean;
}

/** How much larger or smaller than it was drawn a kept picture may be shown. */
const MOST_STRETCH = 2;

/** @param stretches whether the picture may be stretched from frame to frame while its scale changes */
export function createLayer({ stretches }: { readonly stretches: boolean }): Layer {
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
      const isStill = isSame && isAt(before.place, place);
      if (!isSame) kept = undefined;
      if (stretches && kept !== undefined && !isStill && isStretchedTo(kept, place)) {
        const ratio = place.scale / kept.scale;
        const [left, top] = [place.x - ratio * kept.x, place.y - ratio * kept.y];
        canvas.drawImage(picture!, left, top, ratio * width, ratio * height);
        return false;
      }
      if (kept === undefined || !isMovedTo(kept, place)) {
        // What changes with each frame is not worth a copy, and a canvas without pixels cannot be copied.
        const staysOfUse = place.isWhole && (stretches || before?.place.scale === place.scale);
        if (!isSame || !(isStill || staysOfUse) || width === 0 || height === 0) {
          paint(canvas);
          return true;
        }
        picture ??= document.createElement('canvas');
        // Setting a size clears a canvas, too.
        picture.width = width;
        picture.height = height;
        paint(picture.getContext('2d')!);
        kept = place;
      }
      canvas.drawImage(picture!, Math.round(place.x - kept.x), Math.round(place.y - kept.y));
      return true;
    },
  };
}

const isAt = (a: Place, b: Place): boolean => a.x === b.x && a.y === b.y && a.scale === b.scale;

/** Whether a picture shows what it would at another place: moved by whole px it stays as sharp as it is. */
function isMovedTo(kept: Place, place: Place): boolean {
  if (kept.scale !== place.scale) return false;
  return isAt(kept, place) || (kept.isWhole && isWhole(place.x - kept.x) && isWhole(place.y - kept.y));
}

function isStretchedTo(kept: Place, { scale }: Place): boolean {
  return (
    kept.isWhole &&
    scale !== kept.scale &&
    scale <= MOST_STRETCH * kept.scale &&
    kept.scale <= MOST_STRETCH * scale
  );
}

/** Up to what adding and subtracting leaves. */
const isWhole = (distance: number): boolean => Math.abs(distance - Math.round(distance)) < 1e-6;
