/** @file What the start page and the runs page say to the server, as JSON under the page's own address. */
import { z } from 'zod';

/** GET home: where one begins. */
export interface Home {
  /** The folder in which Packmule was started; runs and new data lie in it unless another one is chosen. */
  readonly project: string;
  /** The home folder of who started it, which people write as ~. */
  readonly userHome: string;
  /** Folders below which the page may look. */
  readonly roots: readonly string[];
}

/** GET folders?path=: the folders in a folder. */
export interface FolderList {
  readonly path: string;
  /** Absent where there is nothing above it to be seen. */
  readonly parent?: string;
  readonly folders: readonly { readonly name: string; readonly path: string }[];
  /** Images that lie in it, DICOM files also in folders beneath. */
  readonly images: number;
  /** Not all folders beneath were looked into: there may be more. */
  readonly more?: true;
}

const path = z.string().min(1).max(4096);
/** Of a run or of a folder of data. */
export const nameSchema = z
  .string()
  .max(100)
  .regex(/^[A-Za-z0-9][\w.-]*$/, 'a name is made of letters, digits, dots, hyphens and underscores');

/** POST recognise, POST labels: the folder of a data set. */
export const folderRequestSchema = z.strictObject({ folder: path });

/** The answer to POST recognise. `ready`: a run can start. `bare`: images that nobody has annotated. */
export interface Recognised {
  readonly kind: 'ready' | 'bare';
  readonly folder: string;
  readonly name: string;
  /** What was found, a few sentences. */
  readonly summary: readonly string[];
  /** How it was understood, full sentences with the names of settings. */
  readonly found: readonly string[];
  /** What somebody should know before a run, sentences. */
  readonly warnings: readonly string[];
  readonly images: number;
  /** Whether the folder has a settings file, which runs then go by. */
  readonly hasSettings: boolean;
}

/** POST check: what is wrong with files, as `packmule run` would say it; empty where all is well. */
export interface Checked {
  readonly problems: readonly string[];
}

/** POST uploads: begins a new data folder. */
export const uploadRequestSchema = z.strictObject({
  project: path,
  name: nameSchema,
  files: z.int().min(1),
  bytes: z.int().min(0),
});
export type UploadRequest = z.input<typeof uploadRequestSchema>;

/** The answer; files follow as PUT uploads/ID?path=images/a.png. */
export interface Upload {
  readonly id: string;
  readonly folder: string;
}

/** POST runs: starts a run. */
export const runRequestSchema = z.strictObject({
  folder: path,
  project: path,
  name: nameSchema,
  /** Of training each network; as the settings say unless given. */
  minutes: z.number().min(0.1).max(1440).optional(),
});
export type RunRequest = z.input<typeof runRequestSchema>;

/** POST demo: starts the run over phantoms in a project, or goes on with it. */
export const demoRequestSchema = z.strictObject({ project: path });

/** The answer to POST runs, POST runs/ID/round and POST demo. */
export interface RunStarted {
  readonly id: string;
}

/** The answer to POST rooms/...: where the page of the room is, relative to this one. */
export interface RoomOpened {
  readonly path: string;
}

/** working: a process does it. failed: the process that this server started ended with an error. */
export type RunState = 'working' | 'finished' | 'stopped' | 'failed';

/** A run in a list, GET runs. */
export interface RunCard {
  readonly id: string;
  readonly name: string;
  /** Folder of the run. */
  readonly folder: string;
  readonly state: RunState;
  /** ISO time of its last start; absent where that is not known. */
  readonly started?: string;
  /** Dice of the best known stage on the last measured split, [0, 1]. */
  readonly dice?: number;
  /** Whether there are masks to review. */
  readonly hasMasks: boolean;
}

export interface RunStage {
  readonly name: string;
  readonly title: string;
  readonly state: 'done' | 'working' | 'waiting';
  readonly seconds?: number;
}

export interface RunCurve {
  readonly stage: 'initial' | 'final';
  readonly points: readonly {
    readonly epoch: number;
    readonly minutes: number;
    readonly loss: number;
    readonly valDice?: number;
  }[];
}

export interface RunFigure {
  readonly split: string;
  readonly stage: string;
  /** Mean Dice of present classes, [0, 1]; null where there is none. */
  readonly dice: number | null;
  readonly low?: number;
  readonly high?: number;
}

/** GET runs/ID, and the event `run` of GET runs/ID/events. */
export interface RunDetail extends RunCard {
  readonly stages: readonly RunStage[];
  /** Of the stage that is being done. */
  readonly progress?: {
    readonly title: string;
    readonly fraction: number;
    readonly detail?: string;
    readonly secondsLeft?: number;
  };
  readonly curves: readonly RunCurve[];
  readonly figures: readonly RunFigure[];
  /** By dotted name, values as text. */
  readonly settings: Readonly<Record<string, string>>;
  readonly hasReport: boolean;
  /** How many masks people have decided about. */
  readonly decided: number;
  /** What the process said last, where it failed. */
  readonly failure?: string;
}

/** GET runs. */
export interface RunList {
  readonly runs: readonly RunCard[];
  readonly benchmarks: readonly { readonly id: string; readonly name: string }[];
}
