/** @file Which images to label next: a model looks at them one after the other while people work. */
import { PackmuleError } from '../base/errors.ts';
import { createRng } from '../base/rng.ts';
import type { Case } from '../dataset/types.ts';
import { type Candidate, type Suggestion, suggest } from '../label/suggest.ts';
import { describeDefect } from './answers.ts';

/** More are not looked at: they would keep a laptop busy for many minutes, and so many show what a folder holds. */
const MOST_IMAGES = 200;
/** As many as one labels in a sitting. */
const SUGGESTIONS = 5;

export interface AdvisorOptions {
  readonly cases: readonly Case[];
  /** What an image looks like. */
  readonly describe: (item: Case) => Promise<Float32Array | undefined>;
  /** Doubt about what a run found in an image, [0, 1], by id; none where there is no run. */
  readonly doubts: ReadonlyMap<string, number> | undefined;
  /** There is something new to tell. */
  readonly changed: () => void;
  /** For the terminal: a defect of ours. */
  readonly note: (text: string) => void;
}

export interface Advisor {
  looked(): { readonly done: number; readonly total: number };
  /** None until all images are looked at. */
  suggestions(isDone: (id: string) => boolean): readonly Suggestion[];
  /** Waits for the image that is being looked at. */
  close(): Promise<void>;
}

export function startAdvisor({ cases, describe, doubts, changed, note }: AdvisorOptions): Advisor {
  const some = createRng(0).child('advisor').shuffled(cases).slice(0, MOST_IMAGES);
  const points = new Map<string, Float32Array>();
  let [done, closed] = [0, false];
  const look = async (): Promise<void> => {
    for (const item of some) {
      if (closed) return;
      const point = await describe(item).catch((error: unknown) => {
        // The page says so when the image is opened.
        if (error instanceof PackmuleError) return undefined;
        throw error;
      });
      if (point !== undefined) points.set(item.id, point);
      done++;
      changed();
    }
  };
  const looking = look().catch((error: unknown) => note(describeDefect(error)));
  const candidate = ({ id }: Case): Candidate[] => {
    const point = points.get(id);
    if (point === undefined) return [];
    return [{ image: id, point, ...(doubts && { doubt: doubts.get(id) ?? 1 }) }];
  };
  return {
    looked: () => ({ done, total: some.length }),
    suggestions: (isDone) => {
      if (done < some.length) return [];
      const open = some.filter(({ id }) => !isDone(id)).flatMap(candidate);
      return suggest(open, some.filter(({ id }) => isDone(id)).flatMap(candidate), SUGGESTIONS);
    },
    close: async () => {
      closed = true;
      await looking;
    },
  };
}
