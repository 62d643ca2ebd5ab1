/**
 * @file Drawings that nobody has decided about: kept as they are drawn, so that neither a reload nor a crash loses the
 * work of a hand, and forgotten with the decision. They are no decisions: no run learns from them.
 */
import { z } from 'zod';
import { writeFileAtomic } from '../base/files.ts';
import { readListFile } from '../base/list-file.ts';
import { type ReviewTarget, targetKey } from './decision.ts';

const drawingSchema = z.strictObject({
  image: z.string(),
  className: z.string(),
  /** The mask in COCO's string form. */
  counts: z.string(),
});

export type Drawing = Readonly<z.infer<typeof drawingSchema>>;

export interface DraftBook {
  /** One per mask, in the order in which they were begun. */
  all(): readonly Drawing[];
  /** On the disk when it returns, in the place of an earlier one of this mask. @throws RunError when it cannot be written. */
  keep(drawing: Drawing): Promise<void>;
  /** @throws as keep. */
  forget(target: ReviewTarget): Promise<void>;
  /** Waits for what is being written. */
  close(): Promise<void>;
}

/** @throws RunError for a damaged file. */
export async function openDraftBook(path: string): Promise<DraftBook> {
  const drawings = new Map((await readDrawings(path)).map((one) => [targetKey(one), one]));
  let writing: Promise<void> = Promise.resolve();
  const write = (): Promise<void> => {
    const next = writing.then(() => writeFileAtomic(path, `${JSON.stringify([...drawings.values()])}\n`));
    writing = next.catch(() => undefined);
    return next;
  };
  return {
    all: () => [...drawings.values()],
    keep: (drawing) => {
      drawings.set(targetKey(drawing), drawing);
      return write();
    },
    forget: async (target) => {
      if (drawings.delete(targetKey(target))) await write();
    },
    close: () => writing,
  };
}

const readDrawings = (path: string): Promise<readonly Drawing[]> =>
  readListFile(path, drawingSchema, {
    need: 'The drawings as Packmule kept them',
    fix: 'Restore the file from a copy, or delete it: decisions are not in it',
  });
