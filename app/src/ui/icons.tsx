/** @file Pictures on buttons: lines of one width in the colour of the text. Names stand beside them or in labels. */
import type { ComponentChildren } from 'preact';

const PATHS = {
  look: 'M4 3l7 17 2.5-7 7-2.5z',
  brush: 'M14 4l6 6-8 8H8l-2-2v-4zM6 16l-3 5 5-3',
  erase: 'M9 20h11M14 5l5 5-9 9H6l-2-2v-3z',
  polygon:
    'M5 8l8-4 7 7-4 8-10-1zM5 8m-1.5 0a1.5 1.5 0 103 0 1.5 1.5 0 10-3 0M16 19m-1.5 0a1.5 1.5 0 103 0 1.5 1.5 0 10-3 0',
  smart: 'M5 19L15 9M13 3v3M19 9h3M17.5 4.5l-2 2M20 14l-2-1.5M9 4l1 2',
  undo: 'M9 14L4 9l5-5M4 9h10a6 6 0 010 12h-3',
  redo: 'M15 14l5-5-5-5M20 9H10a6 6 0 000 12h3',
  fit: 'M4 9V4h5M15 4h5v5M20 15v5h-5M9 20H4v-5',
  target: 'M12 3v4M12 17v4M3 12h4M17 12h4M12 8a4 4 0 100 8 4 4 0 000-8',
  plus: 'M12 5v14M5 12h14',
  minus: 'M5 12h14',
  accept: 'M4 12.5l5.5 5.5L20 6.5',
  reject: 'M6 6l12 12M18 6L6 18',
  skip: 'M12 7v5l3.5 2M12 3a9 9 0 100 18 9 9 0 000-18',
  shown: 'M2.5 12S6 5.5 12 5.5 21.5 12 21.5 12 18 18.5 12 18.5 2.5 12 2.5 12zM12 9a3 3 0 100 6 3 3 0 000-6',
  hidden:
    'M3 3l18 18M9.5 5.9A9.5 9.5 0 0112 5.5c6 0 9.5 6.5 9.5 6.5a17 17 0 01-3 3.7M6.3 7.7A16 16 0 002.5 12S6 18.5 12 18.5c1.5 0 2.8-.4 4-1',
  help: 'M9 9a3 3 0 115 2.2c-1.2.9-2 1.5-2 2.8M12 17.5v.5M12 2.5a9.5 9.5 0 100 19 9.5 9.5 0 000-19',
  close: 'M6 6l12 12M18 6L6 18',
  pencil: 'M4 20l1-5L16 4l4 4L9 19z',
} as const;

export type IconName = keyof typeof PATHS;

export function Icon({ name }: { readonly name: IconName }) {
  return (
    <svg class="icon" viewBox="0 0 24 24" aria-hidden="true">
      <path d={PATHS[name]} />
    </svg>
  );
}

/** A key as it is printed on a keyboard. */
export function KeyCap({ children }: { readonly children: ComponentChildren }) {
  return <kbd>{children}</kbd>;
}
