/**
 * @file The labels of a folder while people draw them. Every mask is a line of a journal that is never changed; the
 * annotation file, which runs read, is made of it and of what it held before.
 *
 * An image is written into the annotation file when somebody said that it is done: a network learns from every
 * annotated image that classes without a mask are not there.
 */
import { join } from 'node:path';
import { z } from 'zod';
import { coco } from '../annotations/coco.ts';
import type { AnnotatedImage, Structure } from '../annotations/types.ts';
import { RunError } from '../base/errors.ts';
import { openLineFile } from '../base/line-file.ts';
import type { LabelFolder } from '../dataset/label-folder.ts';
import { requireOwnHashes } from '../dataset/other-secret.ts';
import type { Case } from '../dataset/types.ts';
import { turnStructures } from '../dataset/view.ts';
import { mirrorRle } from '../masks/mirror.ts';
import { type Rle, rleArea, rleFromString, rleToString } from '../masks/rle.ts';
import { type Decision, isFinal, statusOf } from '../review/decision.ts';
import { openDecisionJournal, readDecisions } from '../review/decision-journal.ts';
import {
  changeClasses,
  keyOfName,
  type LabelClass,
  readClasses,
  withNames,
  writeClasses,
} from './classes.ts';
import type { ClassChange } from './protocol.ts';

/** A folder beside the images; its name begins with a dot, so that no data set takes it for its own. */
const KEPT = '.packmule';

const doneSchema = z.strictObject({
  image: z.string(),
  done: z.boolean(),
  by: z.string(),
  /** ISO time. */
  time: z.string(),
});

/** Masks are in the frame of the case, as a page shows it; on the disk in that of the image file. */
export interface LabelBook {
  classes(): readonly LabelClass[];
  /** @throws AnnotationError for an impossible change. */
  change(change: ClassChange): Promise<void>;
  /** The mask of a class; undefined where there is none. */
  mask(item: Case, classIndex: number): Rle | undefined;
  /** The last word about a class of an image; undefined where nobody said anything here. */
  decision(item: Case, classIndex: number): Decision | undefined;
  /**
   * Saves the mask of a class, an empty one for none, on the knowledge of decision `basedOn`, unless somebody saved
   * another one in between.
   */
  draw(item: Case, classIndex: number, mask: Rle, basedOn: number): Promise<boolean>;
  isDone(item: Case): boolean;
  /** Says that an image is done, or not; returns the classes that were decided by that, as only the annotation file had them. */
  finish(item: Case, done: boolean): Promise<readonly number[]>;
  /** Waits for what is being written. */
  close(): Promise<void>;
}

/** Where the lock of a labelled folder is. */
export const labelLock = (root: string): string => join(root, KEPT, 'lock.json');

export const labelAddress = (root: string): string => join(root, KEPT, 'address.json');

/** @throws RunError where the journals are damaged or cannot be written, DatasetError as requireOwnHashes. */
export async function openLabelBook(folder: LabelFolder, by: string): Promise<LabelBook> {
  const { root, annotations, cases } = folder;
  const path = (name: string): string => join(root, KEPT, name);
  const drawn = await readDecisions(path('masks.jsonl'));
  requireOwnHashes(
    path('masks.jsonl'),
    drawn.map(({ image }) => image),
    cases,
  );
  let classes = withNames(await readClasses(path('classes.json')), folder.classes);
  /** What the classes of the opened file are from now on, whatever names change hands. */
  const filedKeys = folder.classes.map((name) => keyOfName(classes, name));
  const journal = await openDecisionJournal(path('masks.jsonl'));
  const doneFile = await openLineFile(path('done.jsonl'), { durable: true });
  const done = new Map(doneFile.lines.map((line, i) => doneLine(path('done.jsonl'), line, i)));
  /** The masks of the annotation file when it was opened, in the frame of the case. */
  const filed = new Map(cases.map(({ id, structures = [] }) => [id, structures]));

  const decision = ({ id }: Case, classIndex: number): Decision | undefined =>
    journal.find({ image: id, className: classes[classIndex]!.key });
  const numberOf = ({ classIndex }: Structure): number =>
    classes.findIndex(({ key }) => key === filedKeys[classIndex]);
  const filedMask = ({ id }: Case, classIndex: number): Rle | undefined =>
    filed.get(id)?.find((structure) => numberOf(structure) === classIndex)?.rle;
  const mask = (item: Case, classIndex: number): Rle | undefined => {
    const said = decision(item, classIndex);
    if (!isFinal(statusOf(said))) return filedMask(item, classIndex);
    const { counts } = said!;
    return counts === undefined ? undefined : turned(rleFromString(counts, item.size, item.id), item);
  };
  const isDone = (item: Case): boolean => done.get(item.id) ?? item.split === 'labelled';
  const draw = async (item: Case, classIndex: number, drawn: Rle, basedOn: number): Promise<boolean> => {
    const target = { image: item.id, className: classes[classIndex]!.key, by };
    const draft =
      rleArea(drawn) === 0
        ? { ...target, verdict: 'rejected' as const }
        : { ...target, verdict: 'corrected' as const, counts: rleToString(turned(drawn, item)) };
    return 'saved' in (await journal.decide(draft, basedOn));
  };
  /** Masks that only the annotation file holds, which forgets an image that is not done. */
  const keepFiled = async (item: Case): Promise<number[]> => {
    const kept: number[] = [];
    for (const classIndex of classes.keys()) {
      const found = filedMask(item, classIndex);
      if (found === undefined || decision(item, classIndex) !== undefined) continue;
      await draw(item, classIndex, found, 0);
      kept.push(classIndex);
    }
    return kept;
  };

  /** One file after the other. */
  let writing: Promise<void> = Promise.resolve();
  const write = (): Promise<void> => {
    const next = writing.then(async () => {
      const images = [
        ...cases.filter(isDone).map((item) => annotatedImage(item, classes, mask)),
        ...folder.elsewhere.map((image) => ({
          ...image,
          structures: image.structures.map((one) => ({ ...one, classIndex: numberOf(one) })),
        })),
      ];
      await coco.write(annotations, { classes: classes.map(({ name }) => name), images });
    });
    writing = next.catch(() => undefined);
    return next;
  };
  const saveClasses = async (next: readonly LabelClass[]): Promise<void> => {
    classes = next;
    await writeClasses(path('classes.json'), classes);
  };

  await saveClasses(classes);
  // A kill may have come between a line of the journal and the file that is made of it.
  if (done.size > 0 || (journal.all().length > 0 && cases.some(isDone))) await write();
  return {
    classes: () => classes,
    change: async (change) => {
      await saveClasses(changeClasses(classes, change));
      if (cases.some(isDone) || folder.elsewhere.length > 0) await write();
    },
    mask,
    decision,
    draw: async (item, classIndex, drawn, basedOn) => {
      const saved = await draw(item, classIndex, drawn, basedOn);
      if (saved && isDone(item)) await write();
      return saved;
    },
    isDone,
    finish: async (item, isNow) => {
      const kept = isNow ? [] : await keepFiled(item);
      await doneFile.append({ image: item.id, done: isNow, by, time: new Date().toISOString() });
      done.set(item.id, isNow);
      await write();
      return kept;
    },
    close: async () => {
      await writing;
      await journal.close();
      await doneFile.close();
    },
  };
}

function turned(rle: Rle, item: Case): Rle {
  return item.view?.mirrored ? mirrorRle(rle) : rle;
}

/** As the annotation file has it: in the frame of the image file. */
function annotatedImage(item: Case, classes: readonly LabelClass[], mask: LabelBook['mask']): AnnotatedImage {
  const structures = classes.flatMap((_, classIndex): Structure[] => {
    const rle = mask(item, classIndex);
    return rle === undefined ? [] : [{ classIndex, rle }];
  });
  return { fileName: item.name, ...item.size, structures: turnStructures(structures, item) };
}

function doneLine(path: string, line: unknown, index: number): readonly [image: string, done: boolean] {
  const parsed = doneSchema.safeParse(line);
  if (parsed.success) return [parsed.data.image, parsed.data.done];
  throw new RunError({
    seen: `Line ${index + 1} of ${path} says of no image that it is done`,
    need: 'The journal as Packmule wrote it',
    fix: `Restore the file from a copy, or delete line ${index + 1}`,
  });
}
