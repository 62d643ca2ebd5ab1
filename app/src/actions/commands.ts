/** @file From a key press or button to what it does. */
import { type Command, commandOf, KEY_GROUPS, LABEL_KEY_GROUPS } from '../keys.ts';
import type { QueueFilter } from '../queue.ts';
import {
  filter,
  greyWindow,
  helpOpen,
  labels,
  loaded,
  NO_PROMPT,
  polygon,
  queue,
  room,
  selected,
  showMasks,
  showOutlines,
  smartPrompt,
  tool,
} from '../store.ts';
import { firstWindow } from '../view/grey.ts';
import { acceptImage, acceptShown, decide, move } from './decide.ts';
import { clearMask, closePolygon, redoDrawing, takeShown, undoDrawing } from './draw.ts';
import { chooseClass, finishImage, goToImage, reopenImage } from './label.ts';
import { select } from './load.ts';
import { changeBrush, changeWindow, showImage, showMask, soloClass, toggleShown, zoom } from './look.ts';

type Doings = Readonly<Record<Command, (key: string) => unknown>>;

const DOES: Doings = {
  accept: () => (polygon.value.length > 2 ? closePolygon(1) : acceptShown()),
  acceptImage,
  reject: () => decide('rejected'),
  skip: () => decide('skipped'),
  withdraw: () => decide('withdrawn'),
  next: () => move(1),
  previous: () => move(-1),
  class: () => undefined,
  look: () => chooseTool('look'),
  brush: () => chooseTool('brush'),
  erase: () => chooseTool('erase'),
  polygon: () => chooseTool('polygon'),
  smart: () => chooseTool('smart'),
  smaller: () => changeBrush(1 / 1.25),
  larger: () => changeBrush(1.25),
  undo: undoDrawing,
  redo: redoDrawing,
  cancel: () => {
    if (helpOpen.value) helpOpen.value = false;
    else if (polygon.value.length > 0) polygon.value = [];
    else chooseTool('look');
  },
  close: () => closePolygon(1),
  take: takeShown,
  fitImage: showImage,
  fitMask: showMask,
  zoomIn: () => zoom(1.4),
  zoomOut: () => zoom(1 / 1.4),
  resetWindow: () => {
    if (loaded.value !== undefined) greyWindow.value = firstWindow(loaded.value.grey);
  },
  darker: () => changeWindow(0, -WINDOW_STEP),
  lighter: () => changeWindow(0, WINDOW_STEP),
  softer: () => changeWindow(WINDOW_STEP, 0),
  harder: () => changeWindow(-WINDOW_STEP, 0),
  negative: () => {
    const { low, high } = greyWindow.value;
    greyWindow.value = { low: high, high: low };
  },
  toggleMasks: () => {
    showMasks.value = !showMasks.value;
  },
  toggleOutlines: () => {
    showOutlines.value = !showOutlines.value;
  },
  solo: () => {
    const at = selected.value;
    if (at !== undefined) soloClass(at.classIndex, room.value!.classes.length);
  },
  // Shown for as long as the key is held: see listenForKeys.
  blink: () => undefined,
  initial: () => toggleShown('initial'),
  final: () => toggleShown('final'),
  truth: () => toggleShown('truth'),
  help: () => {
    helpOpen.value = !helpOpen.value;
  },
};

/** Where images are labelled from nothing, decisions are about whole images. */
const LABEL_DOES: Doings = {
  ...DOES,
  accept: () => (polygon.value.length > 2 ? closePolygon(1) : finishImage()),
  reject: clearMask,
  skip: () => goToImage(1),
  withdraw: reopenImage,
  next: () => goToImage(1),
  previous: () => goToImage(-1),
  class: (key) => chooseClass(Number(key) - 1),
};

/** Px of a drag that one press stands for. */
const WINDOW_STEP = 30;

/** `key` is the one that was pressed, where the command goes by several. */
export function run(command: Command, key = ''): void {
  void (labels.value === undefined ? DOES : LABEL_DOES)[command](key);
}

/** Smart edit without a model stays out of reach. */
function chooseTool(next: typeof tool.value): void {
  const state = room.value?.smartEdit;
  if (next === 'smart' && !(state && 'model' in state)) return;
  tool.value = next;
  polygon.value = [];
  smartPrompt.value = NO_PROMPT;
}

/** Another list; who looks at the masks of another stage begins at its head. */
export function changeFilter(change: Partial<QueueFilter>): void {
  filter.value = { ...filter.value, ...change };
  const [first] = queue.value;
  if (change.stage !== undefined && first !== undefined) void select(first);
}

/** Whether the key does something to the control that has the focus; all others are commands there too. */
function isOfControl({ target, key, ctrlKey, metaKey }: KeyboardEvent): boolean {
  if (target instanceof HTMLSelectElement) return key !== 'Escape';
  if (target instanceof HTMLButtonElement) return !ctrlKey && !metaKey && (key === 'Enter' || key === ' ');
  if (!(target instanceof HTMLInputElement)) return false;
  if (target.type === 'text') return true;
  return target.type === 'range' ? /^(Arrow|Home|End|Page)/.test(key) : key === ' ';
}

export function listenForKeys(): void {
  addEventListener('keydown', (event) => {
    const command = commandOf(event, labels.value === undefined ? KEY_GROUPS : LABEL_KEY_GROUPS);
    if (command === undefined || isOfControl(event)) return;
    if (helpOpen.value && command !== 'cancel' && command !== 'help') return;
    event.preventDefault();
    if (command !== 'blink') run(command, event.key);
    else if (!event.repeat) showMasks.value = false;
  });
  addEventListener('keyup', (event) => {
    if (event.key === ' ' && !(event.target instanceof HTMLButtonElement)) showMasks.value = true;
  });
}
