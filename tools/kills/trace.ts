/** @file What a process told of its work, see probe.ts, and what that comes to. */

/** Something that a process did: a stage begun or done, a network run, something that outlives a kill; or its end. */
export type Mark =
  | { readonly what: 'started' | 'finished'; readonly stage: string }
  | { readonly what: 'ran' | 'saved' | 'killed' };

/** Work of a stage, in runs of networks: a step of a training is one, as is the mask of an image. */
export interface StageWork {
  readonly runs: number;
  /** Most of them between two savings: what a kill at the worst moment costs. */
  readonly unsaved: number;
}

/** The work of processes, one after the other, by stage; of stages that ran no network too. */
export function workOf(marks: readonly Mark[]): ReadonlyMap<string, StageWork> {
  const work = new Map<string, StageWork>();
  let stage: string | undefined;
  let unsaved = 0;
  for (const mark of marks) {
    if (mark.what === 'ran') {
      unsaved++;
      if (stage === undefined) continue;
      const before = work.get(stage)!;
      work.set(stage, { runs: before.runs + 1, unsaved: Math.max(before.unsaved, unsaved) });
    } else {
      unsaved = 0;
      if (mark.what === 'started') {
        stage = mark.stage;
        if (!work.has(stage)) work.set(stage, { runs: 0, unsaved: 0 });
      } else if (mark.what !== 'saved') stage = undefined;
    }
  }
  return work;
}
