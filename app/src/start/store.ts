/** @file What the start page and the runs page know and show, as signals. Only actions.ts changes them. */
import { signal } from '@preact/signals';
import type {
  Checked,
  FolderList,
  Home,
  Recognised,
  RunDetail,
  RunList,
} from '../../../src/desk/protocol.ts';

/** What is shown, as it stands behind the # of the address. */
export type View =
  | { readonly name: 'start' }
  | { readonly name: 'runs' }
  | { readonly name: 'run'; readonly id: string }
  | { readonly name: 'compare'; readonly ids: readonly [string, string] };

export interface Problem {
  readonly seen: string;
  readonly fix: string;
}

export interface Sending {
  readonly name: string;
  readonly done: number;
  readonly total: number;
}

export const home = signal<Home | undefined>(undefined);
export const view = signal<View>({ name: 'start' });
/** Where new data and runs go. */
export const project = signal('');
/** The folder browser, open at a folder. */
export const browsing = signal<FolderList | undefined>(undefined);
/** A dropped folder on its way. */
export const sending = signal<Sending | undefined>(undefined);
/** A folder that is being looked at. */
export const looking = signal<string | undefined>(undefined);
export const recognised = signal<Recognised | undefined>(undefined);
/** What a look at every file found; undefined while it goes on. */
export const checked = signal<Checked | undefined>(undefined);
export const problem = signal<Problem | undefined>(undefined);
/** Something that was asked for and is being done. */
export const busy = signal(false);
export const runList = signal<RunList | undefined>(undefined);
/** Runs that are shown, by id. */
export const details = signal<ReadonlyMap<string, RunDetail>>(new Map());
