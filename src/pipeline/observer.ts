/** @file What a run tells while it works. The command line prints it; a program may do what it likes. */

export type StageName =
  | 'check'
  | 'phantoms'
  | 'foal'
  | 'network'
  | 'prediction'
  | 'refinement'
  | 'download'
  | 'checkModel'
  | 'initial'
  | 'predict'
  | 'refine'
  | 'folds'
  | 'adapt'
  | 'embed'
  | 'tune'
  | 'closeUp'
  | 'trust'
  | 'final'
  | 'predictFinal'
  | 'predictImages'
  | 'refineFinal'
  | 'evaluate'
  | 'report'
  | 'tasks';

export interface RunObserver {
  /** A stage begins; `title` is for people: `Training the initial network`. */
  stageStarted(stage: StageName, title: string): void;
  /** `fraction` of the stage's work is done, in [0, 1]; the seconds left where the stage knows better than the clock. */
  progress(fraction: number, detail?: string, secondsLeft?: number): void;
  stageFinished(stage: StageName, seconds: number): void;
  /** The stage was done before with the same inputs and settings. */
  stageSkipped(stage: StageName, title: string): void;
  /** Something the user should know: a sentence. */
  note(text: string): void;
}

/** The observer of one part of a stage's work, which runs from one fraction of it to another. */
export function partOf(observer: RunObserver, from: number, to: number): RunObserver {
  return {
    ...observer,
    progress: (fraction, detail) => observer.progress(from + fraction * (to - from), detail),
  };
}

/** Says nothing. */
export const silentObserver: RunObserver = {
  stageStarted: () => undefined,
  progress: () => undefined,
  stageFinished: () => undefined,
  stageSkipped: () => undefined,
  note: () => undefined,
};
