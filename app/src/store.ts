/** @file What the page knows and shows, as signals. Only the files in actions/ change them. */
import { computed, signal } from '@preact/signals';
import type { BoxXyxy, PointXy } from '../../src/base/geometry.ts';
import { classColour, type Rgb } from '../../src/imaging/palette.ts';
import type { Layer, LayerMask, ReviewImage, ReviewItem, RoomState } from '../../src/review/protocol.ts';
import type { History } from './edit/history.ts';
import { type DoneFilter, orderedImages } from './images.ts';
import type { TiledMask } from './masks/tiled-mask.ts';
import { itemKey, type QueueFilter, queueOf, WHOLE_QUEUE } from './queue.ts';
import type { GreyImage, GreyWindow } from './view/grey.ts';
import type { ImagePainter } from './view/image-painter.ts';
import type { Viewport } from './view/viewport.ts';

export type Masks = ReadonlyMap<number, TiledMask>;

/** An image with everything about it. */
export interface Loaded {
  readonly image: ReviewImage;
  readonly grey: GreyImage;
  readonly painter: ImagePainter;
  readonly layers: Readonly<Partial<Record<Layer, Masks>>>;
  /** What is known of the refined masks, by class. */
  readonly about: ReadonlyMap<number, LayerMask>;
  /** The masks of decisions, by class. */
  readonly decided: Masks;
}

export interface Selection {
  readonly image: string;
  readonly classIndex: number;
}

export type Tool = 'look' | 'brush' | 'erase' | 'polygon' | 'smart';

/** `mask`: the one that is worked on; else that of a stage, to compare. */
export type Shown = 'mask' | Layer;

export interface Notice {
  /** `done` is gone after a while; the others wait to be understood. */
  readonly kind: 'done' | 'news' | 'problem';
  readonly text: string;
}

export interface SmartPrompt {
  readonly points: readonly { readonly xy: PointXy; readonly positive: boolean }[];
  readonly box?: BoxXyxy;
}

export const NO_PROMPT: SmartPrompt = { points: [] };

export const room = signal<RoomState | undefined>(undefined);
/** Why there is nothing to show. */
export const failure = signal<{ readonly seen: string; readonly fix: string } | undefined>(undefined);
export const items = signal<ReadonlyMap<string, ReviewItem>>(new Map());
export const filter = signal<QueueFilter>(WHOLE_QUEUE);
export const doneFilter = signal<DoneFilter>('open');
export const selected = signal<Selection | undefined>(undefined);
/** The image that is shown; undefined while it loads. */
export const loaded = signal<Loaded | undefined>(undefined);
/** Why the selected image cannot be shown. */
export const unshown = signal<string | undefined>(undefined);
/** Masks that were drawn, by image; they stand before those of decisions and stages. */
export const drawings = signal<ReadonlyMap<string, History<Masks>>>(new Map());

/** What of the drawings was saved last, by item. */
export const savedDrawings = signal<ReadonlyMap<string, TiledMask>>(new Map());

export const tool = signal<Tool>('look');
/** Of brush and eraser, px of the image. */
export const brushRadius = signal(6);
export const shown = signal<Shown>('mask');
export const hiddenClasses = signal<ReadonlySet<number>>(new Set());
export const showMasks = signal(true);
export const showPrompts = signal(true);
export const fillOpacity = signal(0.28);
export const showOutlines = signal(true);
export const greyWindow = signal<GreyWindow>({ low: 0, high: 255 });
/** In px of the canvas, which are those of the screen. */
export const viewport = signal<Viewport>({ scale: 1, x: 0, y: 0 });
export const smartPrompt = signal<SmartPrompt>(NO_PROMPT);
export const polygon = signal<readonly PointXy[]>([]);

/** While a brush is down: what it draws is saved when it is lifted. */
export const stroking = signal(false);
/** Decisions on their way to the disk. */
export const saving = signal(0);
export const connected = signal(true);
export const smartBusy = signal(false);
export const notice = signal<Notice | undefined>(undefined);
export const helpOpen = signal(false);

export const imagesById = computed(() => new Map(room.value?.images.map((image) => [image.id, image])));
export const allItems = computed(() => [...items.value.values()]);
export const queue = computed(() => queueOf(allItems.value, imagesById.value, filter.value));
export const poolItems = computed(() =>
  allItems.value.filter(({ image }) => imagesById.value.get(image)?.split === 'unlabelled'),
);
/** Of the mask that is worked on. */
export const selectedKey = computed(() => selected.value && itemKey(selected.value));
export const selectedItem = computed(() =>
  selectedKey.value === undefined ? undefined : items.value.get(selectedKey.value),
);
/** Where images are labelled from nothing: what of that may change. */
export const labels = computed(() => room.value?.labels);
/** The images to be labelled, in their order. */
export const imageQueue = computed(() =>
  labels.value === undefined ? [] : orderedImages(room.value!.images, labels.value, doneFilter.value),
);
/** Whether decisions about the shown image are wanted, and there is a class to decide about. */
export const canDecide = computed(
  () => loaded.value?.image.split === 'unlabelled' && (room.value?.classes.length ?? 0) > 0,
);

/** What of the shown image one key accepts: what is to be seen and nobody has said anything about. */
export const acceptable = computed(() =>
  canDecide.value && shown.value === 'mask' && showMasks.value
    ? allItems.value.filter(
        ({ image, classIndex, status, trust }) =>
          image === loaded.value?.image.id &&
          status === 'pending' &&
          trust !== undefined &&
          !hiddenClasses.value.has(classIndex),
      )
    : [],
);

/** 0..255 per channel: chosen where images are labelled, else that of the class's number. */
export function colourOf(classIndex: number): Rgb {
  return classColour(labels.value?.colours[classIndex] ?? classIndex);
}

export interface Drawn extends Selection {
  readonly mask: TiledMask;
}

/** What is drawn and not saved, of whatever image, by item. */
export const unsaved = computed(() => {
  const found = new Map<string, Drawn>();
  for (const [image, { present }] of drawings.value) {
    for (const [classIndex, mask] of present) {
      const key = itemKey({ image, classIndex });
      if (savedDrawings.value.get(key) !== mask) found.set(key, { image, classIndex, mask });
    }
  }
  return found;
});

/** The drawing of the shown image. */
export const drawing = computed(() => {
  const id = loaded.value?.image.id;
  return id === undefined ? undefined : drawings.value.get(id);
});
