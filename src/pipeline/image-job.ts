/**
 * @file Work on many images that processes can share: each writes a journal of its own and reads those of all. Results
 * depend on the image alone, so it does no harm where two processes do the same one; no lock is needed, which a
 * killed process on another machine would leave for ever.
 */
import { randomUUID } from 'node:crypto';
import { readdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import type { Case } from '../dataset/types.ts';
import { eachImage } from './each-image.ts';
import { readJournal } from './journal.ts';
import { joinResults, type Results } from './results.ts';
import { type Part, type Shard, shardOf } from './shard.ts';
import type { RunContext } from './stage.ts';

export interface ImageJob<T> {
  readonly cases: readonly Case[];
  /** Of the process that does all images that no shard has done. */
  readonly journal: string;
  /** Folder of the journals of shards. */
  readonly parts: string;
  /** What images are worked on with; opened only where there is work. */
  readonly open: () => Promise<ImageWorker<T>>;
}

export interface ImageWorker<T> {
  readonly work: (item: Case) => Promise<T>;
  readonly close: () => Promise<void>;
}

/** Does all images that neither this journal nor a shard's holds, and returns all results by case id. */
export async function doImages<T>(context: RunContext, job: ImageJob<T>): Promise<Results<T>> {
  return workOn(context, job, job.cases, await partsDone<T>(job), job.journal);
}

/** Does what is left of one part of the images. */
export async function doPart<T>(context: RunContext, job: ImageJob<T>, shard: Shard): Promise<Part> {
  const known = await partsDone<T>(job);
  const cases = shardOf(job.cases, shard);
  const name = `${shard.index}-of-${shard.count}-${randomUUID()}.jsonl`;
  await workOn(context, job, cases, known, join(job.parts, name));
  return { shard, images: cases.length, before: cases.filter(({ id }) => known.has(id)).length };
}

/** Removes the journals, once what they hold is written elsewhere. */
export async function forgetJournals({
  journal,
  parts,
}: Pick<ImageJob<unknown>, 'journal' | 'parts'>): Promise<void> {
  await rm(journal, { force: true });
  await rm(parts, { recursive: true, force: true });
}

async function workOn<T>(
  context: RunContext,
  { open }: ImageJob<T>,
  cases: readonly Case[],
  known: Results<T>,
  journal: string,
): Promise<Results<T>> {
  if (cases.every(({ id }) => known.has(id))) return known;
  const { work, close } = await open();
  try {
    return await eachImage(context, cases, journal, work, known);
  } finally {
    await close();
  }
}

/** What shards have done so far. */
async function partsDone<T>({ parts }: ImageJob<T>): Promise<Results<T>> {
  const names = await readdir(parts).catch(() => []);
  const all: Results<T>[] = [];
  for (const name of names.filter((file) => file.endsWith('.jsonl')))
    all.push(await readJournal<T>(join(parts, name)));
  return joinResults(all);
}
