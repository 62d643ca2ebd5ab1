/** @file Which images to label next: a model looks at some of them, one after the other, while people work. */
import { PackmuleError } from '../base/errors.ts';
import type { Case } from '../dataset/types.ts';
import { imagesToLookAt } from '../label/sample.ts';
import { type Candidate, type Suggestion, suggest } from '../label/suggest.ts';
import { describeDefect } from './answers.ts';

/** So many show what a folder holds, however many it has. */
const MOST_IMAGES = 200;
/** A slow model looks at fewer: it is to keep no laptop busy for longer, and so many are enough to choose from. */
const [MOST_MS, LEAST_IMAGES] = [180_000, 20] as const;
/** As many as one labels in a sitting. */
const SUGGESTIONS = 5;

/** Doubt about what a run found in an image, [0, 1], by id. */
export type Doubts = ReadonlyMap<string, number>;

export interface AdvisorOptions {
  readonly cases: readonly Case[];
  readonly isDone: (item: Case) => boolean;
  /** What an image looks like. */
  readonly describe: (item: Case) => Promise<Float32Array | undefined>;
  /** There is something new to tell. */
  readonly changed: () => void;
  /** For the terminal: a defect of ours. */
  readonly note: (text: string) => void;
  /** Milliseconds, of any clock. */
  readonly now?: () => number;
}

export interface Advisor {
  /** How many of the images that it looks at are behind it. */
  looked(): { readonly done: number; readonly total: number };
  /** None until the first images are looked at. */
  suggestions(): readonly Suggestion[];
  /** What is done is what others are compared with: it is looked at too. */
  finished(item: Case): void;
  /** A run over the images, or none. */
  takeDoubts(doubts: Doubts | undefined): void;
  /** Waits for the image that is being looked at. */
  close(): Promise<void>;
}

export function startAdvisor(options: AdvisorOptions): Advisor {
  const { cases, isDone, describe, changed, note, now = () => performance.now() } = options;
  const byId = new Map(cases.map((item) => [item.id, item]));
  /** What was looked at; undefined for what cannot be read. */
  const points = new Map<string, Float32Array | undefined>();
  let doubts: Doubts | undefined;
  let plan: readonly string[] = [];
  let [hasLooked, closed] = [false, false];
  let looking: Promise<void> | undefined;

  const lookAt = async (id: string): Promise<void> => {
    const point = await describe(byId.get(id)!).catch((error: unknown) => {
      // The page says so when the image is opened.
      if (error instanceof PackmuleError) return undefined;
      throw error;
    });
    points.set(id, point);
  };
  const next = (): string | undefined => (closed ? undefined : plan.find((id) => !points.has(id)));
  const look = async (): Promise<void> => {
    const end = now() + MOST_MS;
    try {
      for (let id = next(); id !== undefined; id = next()) {
        await lookAt(id);
        if (now() > end && points.size >= LEAST_IMAGES) plan = plan.filter((one) => points.has(one));
        if (next() === undefined) hasLooked = true;
        changed();
      }
    } catch (error) {
      note(describeDefect(error));
    } finally {
      looking = undefined;
    }
  };
  const goOn = (): void => {
    if (next() !== undefined) looking ??= look();
  };
  const planAnew = (): void => {
    const ids = cases.map(({ id }) => id);
    plan = imagesToLookAt(ids, { isDone: (id) => isDone(byId.get(id)!), doubts, count: MOST_IMAGES });
    goOn();
  };
  const candidate = (item: Case): Candidate[] => {
    const point = points.get(item.id);
    if (point === undefined) return [];
    return [{ image: item.id, point, ...(doubts && { doubt: doubts.get(item.id) ?? 1 }) }];
  };

  planAnew();
  return {
    looked: () => ({ done: plan.filter((id) => points.has(id)).length, total: plan.length }),
    suggestions: () => {
      if (!hasLooked) return [];
      const open = cases.filter((item) => !isDone(item)).flatMap(candidate);
      return suggest(open, cases.filter(isDone).flatMap(candidate), SUGGESTIONS);
    },
    finished: ({ id }) => {
      if (plan.includes(id)) return;
      plan = [...plan, id];
      goOn();
    },
    takeDoubts: (found) => {
      doubts = found;
      planAnew();
      changed();
    },
    close: async () => {
      closed = true;
      await looking;
    },
  };
}
