/** @file What each key does: one table for the keyboard, the tooltips and the help. */

export type Command =
  | 'accept'
  | 'acceptImage'
  | 'reject'
  | 'skip'
  | 'withdraw'
  | 'next'
  | 'previous'
  | 'look'
  | 'brush'
  | 'erase'
  | 'polygon'
  | 'smart'
  | 'smaller'
  | 'larger'
  | 'undo'
  | 'redo'
  | 'cancel'
  | 'close'
  | 'take'
  | 'fitImage'
  | 'fitMask'
  | 'zoomIn'
  | 'zoomOut'
  | 'resetWindow'
  | 'darker'
  | 'lighter'
  | 'softer'
  | 'harder'
  | 'negative'
  | 'toggleMasks'
  | 'toggleOutlines'
  | 'solo'
  | 'blink'
  | 'initial'
  | 'final'
  | 'truth'
  | 'class'
  | 'help';

export interface Key {
  readonly command: Command;
  /** As KeyboardEvent.key gives it, letters in lower case. */
  readonly keys: readonly string[];
  /** With Ctrl, or Cmd on a Mac. */
  readonly control?: boolean;
  readonly shift?: boolean;
  /** What it does, for people. */
  readonly does: string;
}

export interface KeyGroup {
  readonly title: string;
  readonly keys: readonly Key[];
}

export const KEY_GROUPS: readonly KeyGroup[] = [
  {
    title: 'Decide',
    keys: [
      {
        command: 'accept',
        keys: ['a', 'Enter'],
        does: 'What is seen is right: accept it, or save what was drawn',
      },
      {
        command: 'acceptImage',
        keys: ['Enter'],
        control: true,
        does: 'All masks of the image that are open and seen are right',
      },
      { command: 'reject', keys: ['r'], does: 'Nothing of this class is to be seen' },
      { command: 'skip', keys: ['s'], does: 'Leave it for later' },
      { command: 'withdraw', keys: ['t'], does: 'Take the decision back' },
      { command: 'next', keys: ['ArrowDown', 'j'], does: 'Next mask of the queue' },
      { command: 'previous', keys: ['ArrowUp', 'k'], does: 'Mask before' },
    ],
  },
  {
    title: 'Mend',
    keys: [
      { command: 'look', keys: ['v'], does: 'Look: drag moves the image, a click chooses a mask' },
      {
        command: 'smart',
        keys: ['w'],
        does: 'Smart edit: click the object, Shift-click what is not it, or drag a box',
      },
      { command: 'brush', keys: ['b'], does: 'Brush' },
      { command: 'erase', keys: ['e'], does: 'Eraser' },
      {
        command: 'polygon',
        keys: ['p'],
        does: 'Polygon: click corners or draw around it; hold Shift to cut out',
      },
      { command: 'close', keys: ['c'], does: 'Close the polygon' },
      { command: 'cancel', keys: ['Escape'], does: 'Drop polygon or clicks; back to looking' },
      { command: 'smaller', keys: ['['], does: 'Smaller brush' },
      { command: 'larger', keys: [']'], does: 'Larger brush' },
      { command: 'take', keys: ['u'], does: 'Use the mask of the stage that is shown' },
      { command: 'undo', keys: ['z'], control: true, does: 'Undo' },
      { command: 'redo', keys: ['z'], control: true, shift: true, does: 'Redo' },
    ],
  },
  {
    title: 'Look',
    keys: [
      { command: 'blink', keys: [' '], does: 'Hold: no masks, the bare image' },
      { command: 'initial', keys: ['1'], does: 'Masks of the initial network, and back' },
      { command: 'final', keys: ['2'], does: 'Masks of the final network, and back' },
      { command: 'truth', keys: ['3'], does: 'Ground truth, and back' },
      { command: 'fitImage', keys: ['0'], does: 'Whole image' },
      { command: 'fitMask', keys: ['f'], does: 'Close to the mask' },
      { command: 'zoomIn', keys: ['+', '='], does: 'Closer' },
      { command: 'zoomOut', keys: ['-'], does: 'Farther' },
      { command: 'toggleMasks', keys: ['h'], does: 'Hide and show all masks' },
      { command: 'toggleOutlines', keys: ['o'], does: 'Outlines on and off' },
      { command: 'solo', keys: ['i'], does: 'This class alone, and back' },
      { command: 'resetWindow', keys: ['x'], does: 'Brightness and contrast as at first' },
      { command: 'darker', keys: ['d'], does: 'Darker' },
      { command: 'lighter', keys: ['l'], does: 'Lighter' },
      { command: 'softer', keys: [','], does: 'Less contrast' },
      { command: 'harder', keys: ['.'], does: 'More contrast' },
      { command: 'negative', keys: ['n'], does: 'Negative: black and white exchanged' },
      { command: 'help', keys: ['?'], does: 'This list' },
    ],
  },
];

/** Stages of a run, which a folder without one does not have. */
const OF_RUNS: readonly Command[] = ['take', 'initial', 'final', 'truth'];

/** The keys where images are labelled from nothing. */
export const LABEL_KEY_GROUPS: readonly KeyGroup[] = [
  {
    title: 'Label',
    keys: [
      { command: 'accept', keys: ['a', 'Enter'], does: 'The image is done; on to the next one' },
      { command: 'skip', keys: ['s'], does: 'Leave the image for later' },
      { command: 'withdraw', keys: ['t'], does: 'The image is not done after all' },
      { command: 'reject', keys: ['r'], does: 'Clear this class' },
      {
        command: 'class',
        keys: ['1', '2', '3', '4', '5', '6', '7', '8', '9'],
        does: 'Choose a class',
      },
      { command: 'next', keys: ['ArrowDown', 'j'], does: 'Next image of the list' },
      { command: 'previous', keys: ['ArrowUp', 'k'], does: 'Image before' },
    ],
  },
  ...KEY_GROUPS.slice(1).map(({ title, keys }) => ({
    title,
    keys: keys.filter(({ command }) => !OF_RUNS.includes(command)),
  })),
];

const keysOf = (groups: readonly KeyGroup[]): readonly Key[] => groups.flatMap(({ keys }) => keys);

export interface Pressed {
  readonly key: string;
  readonly ctrlKey: boolean;
  readonly metaKey: boolean;
  readonly shiftKey: boolean;
  readonly altKey: boolean;
}

/** What a key press asks for. Shift counts with Ctrl alone: signs such as ? come with it on some keyboards only. */
export function commandOf(
  { key, ctrlKey, metaKey, shiftKey, altKey }: Pressed,
  groups = KEY_GROUPS,
): Command | undefined {
  if (altKey) return undefined;
  const name = key.length === 1 ? key.toLowerCase() : key;
  const control = ctrlKey || metaKey;
  return keysOf(groups).find(
    (one) =>
      one.keys.includes(name) &&
      (one.control ?? false) === control &&
      (!control || (one.shift ?? false) === shiftKey),
  )?.command;
}

const NAMES: Readonly<Record<string, string>> = {
  ' ': 'Space',
  ArrowDown: '↓',
  ArrowUp: '↑',
  Escape: 'Esc',
};

/** How a key is written on the page, such as `A` or `Ctrl Shift Z`. */
export function keyLabel(command: Command): string {
  const found = keysOf(KEY_GROUPS).find((one) => one.command === command)!;
  const [key] = found.keys as [string];
  const name = NAMES[key] ?? (key.length === 1 ? key.toUpperCase() : key);
  return [found.control ? 'Ctrl' : '', found.shift ? 'Shift' : '', name]
    .filter((part) => part !== '')
    .join(' ');
}

/** All keys of an entry as they are written; the first and last of many. */
export function keyNames({ keys, control, shift }: Key): string[] {
  if (keys.length > 4) return [keys[0]!, '…', keys.at(-1)!];
  const before = `${control ? 'Ctrl ' : ''}${shift ? 'Shift ' : ''}`;
  return keys.map((key) => `${before}${NAMES[key] ?? (key.length === 1 ? key.toUpperCase() : key)}`);
}
