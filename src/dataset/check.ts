/**
 * @file Looking at every file of a data set before any work starts, so that a run does not stop in its third hour
 * at a damaged image. All problems are collected and shown together.
 */
import { createHash } from 'node:crypto';
import { DatasetError, PackmuleError } from '../base/errors.ts';
import { hashJson } from '../base/hash.ts';
import { systemCode } from '../base/system-code.ts';
import { PACKMULE_VERSION } from '../base/version.ts';
import { rleArea } from '../masks/rle.ts';
import { readCaseFile } from './case-file.ts';
import { mapConcurrently } from './concurrent.ts';
import { isHashedName } from './ids.ts';
import { listed, otherSize, sameName, sameSize } from './misfits.ts';
import { type Case, casesOf, type Dataset, SPLIT_NAMES, type SplitName } from './types.ts';
import { decodeCase, hashOfView } from './view.ts';

export type ProblemKind =
  | 'missing-image'
  | 'unreadable-image'
  | 'wrong-size'
  | 'unknown-side'
  | 'not-annotated'
  | 'bad-mask'
  | 'duplicate-name'
  | 'duplicate-image';

/** Something about one case, said twice. */
export interface Remark {
  /** What was seen, as a sentence that names the file. */
  readonly message: string;
  /** The same with the image called as results call it: for what is kept and passed on. */
  readonly publicMessage: string;
}

/** One thing that is wrong with one case. */
export interface Problem extends Remark {
  readonly kind: ProblemKind;
  readonly split: SplitName;
  readonly imagePath: string;
}

export interface CheckOptions {
  /** Drop bad cases instead of stopping. Default false. */
  readonly skipBad?: boolean;
  readonly onProgress?: (done: number, total: number) => void;
  readonly signal?: AbortSignal;
  /** What `onSound` was told before: these images are read and hashed, and not decoded again. */
  readonly sound?: ReadonlySet<string>;
  /**
   * Told of each image that could be decoded, had the size of its annotation and raised no doubt: what stands for it. A
   * promise is waited for.
   */
  readonly onSound?: (token: string) => unknown;
}

export interface CheckedDataset {
  /** Without the bad cases. */
  readonly dataset: Dataset;
  /** Empty unless skipBad. */
  readonly problems: readonly Problem[];
  /** What was seen in images that are used all the same. */
  readonly doubts: readonly Remark[];
  /** SHA-256 of each image, in hex, by case id: of its file's bytes, and of its view where it has one. */
  readonly imageHashes: ReadonlyMap<string, string>;
  /** SHA-256 over class list, splits, names, image hashes and masks, in hex: changes when anything in the data does. */
  readonly fingerprint: string;
}

const AT_ONCE = 4;

/**
 * Decodes every image and compares it with its annotation.
 * @throws DatasetError that lists the problems, unless skipBad; with skipBad when more than half of a split, or all
 * labelled images, would be dropped. Throws the signal's reason when aborted.
 */
export async function checkDataset(dataset: Dataset, options: CheckOptions = {}): Promise<CheckedDataset> {
  const { skipBad = false, onProgress, signal, sound, onSound } = options;
  let done = 0;
  const looked = await mapConcurrently(dataset.cases, AT_ONCE, async (item): Promise<Looked> => {
    signal?.throwIfAborted();
    const result = await lookAt(item, dataset.classes, sound);
    if (isSound(result)) await onSound?.(soundToken(item, result.hash));
    onProgress?.(++done, dataset.cases.length);
    return result;
  });
  addDuplicates(looked);
  const problems = looked.flatMap((entry) => entry.problems);
  if (problems.length > 0 && !skipBad) throw badData(problems, dataset.cases.length);
  const good = looked.filter((entry) => entry.problems.length === 0);
  const checked = { ...dataset, cases: good.map((entry) => entry.item) };
  if (problems.length > 0) requireMost(dataset, checked, problems);
  const imageHashes = new Map(good.map(({ item, hash }) => [item.id, hash] as const));
  const doubts = good.flatMap((entry) => entry.doubts);
  return {
    dataset: checked,
    problems,
    doubts,
    imageHashes,
    fingerprint: fingerprintOf(checked, imageHashes),
  };
}

interface Looked {
  readonly item: Case;
  /** Empty when the file cannot be read. */
  readonly hash: string;
  readonly problems: Problem[];
  readonly doubts: readonly Remark[];
}

/** Stands for an image and its size, in hex. It holds no name. */
export function soundToken({ id, size }: Case, hash: string): string {
  return hashJson([PACKMULE_VERSION, id, size, hash]);
}

const isSound = ({ hash, problems, doubts }: Looked): boolean =>
  hash !== '' && problems.length === 0 && doubts.length === 0;

async function lookAt(item: Case, classes: readonly string[], sound?: ReadonlySet<string>): Promise<Looked> {
  const problems: Problem[] = [];
  const report = (kind: ProblemKind, message: string): void => {
    problems.push(problemOf(kind, item, message));
  };
  const doubts: Remark[] = [];
  let [hash, fileHash] = ['', ''];
  try {
    const { bytes, hash: ofFile } = await readCaseFile(item);
    fileHash = ofFile;
    hash = hashOfView(fileHash, item);
    const known = sound?.has(soundToken(item, hash));
    const image = known
      ? item.size
      : await decodeCase(bytes, item, (doubt) => doubts.push(remarkOf(doubt, item)));
    if (!sameSize(image, item.size)) report('wrong-size', otherSize(item, image, item.size));
    if (item.sideUnknown) {
      report('unknown-side', `${item.imagePath} does not tell which side it shows, by data.laterality`);
    }
  } catch (error) {
    if (!(error instanceof PackmuleError)) throw error;
    if (systemCode(error.cause) === 'ENOENT') {
      const annotated = item.structures === undefined ? '' : 'is annotated but ';
      const hash = isHashedName(item.name)
        ? ' (a hash, of an image that is gone or under the secret of another account)'
        : '';
      report('missing-image', `${item.imagePath} ${annotated}does not exist${hash}`);
    } else report('unreadable-image', error.seen);
  }
  if (item.split !== 'unlabelled' && item.structures === undefined) {
    report('not-annotated', `${item.imagePath} is in the split ${item.split} but has no annotation`);
  }
  for (const { classIndex, rle } of item.structures ?? []) {
    if (!sameSize(rle, item.size)) {
      report(
        'bad-mask',
        `${item.imagePath}: the mask of ${classes[classIndex]} is ${rle.width} x ${rle.height} pixels, not ${item.size.width} x ${item.size.height}`,
      );
    } else if (rleArea(rle) === 0) {
      report('bad-mask', `${item.imagePath}: the mask of ${classes[classIndex]} is empty`);
    }
  }
  return { item: { ...item, fileHash }, hash, problems, doubts };
}

function problemOf(kind: ProblemKind, item: Case, message: string, other: Case = item): Problem {
  return { kind, split: item.split, imagePath: item.imagePath, ...remarkOf(message, item, other) };
}

function remarkOf(message: string, item: Case, other: Case = item): Remark {
  const publicMessage = message.replaceAll(item.imagePath, item.name).replaceAll(other.imagePath, other.name);
  return { message, publicMessage };
}

/**
 * The second of two cases of one name is a problem, because results are kept by name; so is a copy of a val or test
 * image in another split, because results on it would look better than they are.
 */
function addDuplicates(looked: readonly Looked[]): void {
  const byId = new Map<string, Looked>();
  const held = new Map<string, Looked>();
  for (const entry of looked) {
    if (entry.hash === '') continue;
    const { split } = entry.item;
    if (split === 'val' || split === 'test') held.set(entry.hash, held.get(entry.hash) ?? entry);
  }
  for (const entry of looked) {
    const { id, split, imagePath } = entry.item;
    const first = byId.get(id);
    if (first !== undefined) {
      const message = sameName(entry.item, first.item);
      entry.problems.push(problemOf('duplicate-name', entry.item, message, first.item));
    } else byId.set(id, entry);
    const copy = held.get(entry.hash);
    if (copy !== undefined && copy.item.split !== split) {
      const message = `${imagePath} (${split}) is the same image as ${copy.item.imagePath} (${copy.item.split})`;
      entry.problems.push(problemOf('duplicate-image', entry.item, message, copy.item));
    }
  }
}

function badData(problems: readonly Problem[], total: number): DatasetError {
  const bad = new Set(problems.map((problem) => problem.imagePath)).size;
  return new DatasetError({
    seen: `${bad} of ${total} images have problems:\n${listed(problems.map(({ message }) => message))}`,
    need: 'Every image can be read, has a name of its own and fits its annotation',
    fix: 'Correct or remove them, or use --skip-bad to go on without these images',
  });
}

function requireMost(before: Dataset, after: Dataset, problems: readonly Problem[]): void {
  for (const split of SPLIT_NAMES) {
    const had = casesOf(before, split).length;
    const left = casesOf(after, split).length;
    if (left * 2 >= had && (left > 0 || had === 0)) continue;
    const here = problems.filter((problem) => problem.split === split).map(({ message }) => message);
    throw new DatasetError({
      seen: `${had - left} of ${had} images of ${split} have problems:\n${listed(here)}`,
      need: 'At most half of a split is left out by --skip-bad; more than that points to a mistake in the data set',
      fix: 'Correct these files or the settings of the data set',
    });
  }
}

function fingerprintOf(dataset: Dataset, imageHashes: ReadonlyMap<string, string>): string {
  const hash = createHash('sha256').update(JSON.stringify([dataset.classes, dataset.mirroredPairs ?? null]));
  for (const { id, split, name, structures } of dataset.cases) {
    hash.update(JSON.stringify([id, name, split, imageHashes.get(id), structures?.length ?? null]));
    for (const { classIndex, rle } of structures ?? []) {
      hash.update(`${classIndex} ${rle.height} ${rle.width} ${rle.counts.join(',')};`);
    }
  }
  return hash.digest('hex');
}
