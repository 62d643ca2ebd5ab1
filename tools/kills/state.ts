/** @file What a run directory holds at the moment of a kill: what is done, and whether all of it can be read. */
import { readdir, readFile } from 'node:fs/promises';
import { basename, dirname, extname, join } from 'node:path';
import { readLines } from '../../src/base/line-file.ts';
import { decodeModel } from '../../src/graph/onnx/decode.ts';
import { openSafetensors } from '../../src/tensor/safetensors.ts';

export interface RunState {
  /** Keys of finished stages. */
  readonly finished: ReadonlyMap<string, string>;
  /** The stage that was being worked on; `check` before the first one and between two. */
  readonly working: string;
  /** Whole lines of the journals of images, by path. */
  readonly journals: ReadonlyMap<string, readonly string[]>;
  /** Steps in the checkpoints of trainings, by folder. */
  readonly checkpoints: ReadonlyMap<string, Checkpoint>;
  /** Folders of trainings that have come to their end. */
  readonly trained: ReadonlySet<string>;
  /** Files under a final name that cannot be read. */
  readonly corrupt: readonly string[];
}

interface Checkpoint {
  /** Tells the training. */
  readonly key: string;
  readonly step: number;
}

export async function readState(root: string): Promise<RunState> {
  const entries = await readdir(root, { recursive: true, withFileTypes: true }).catch(() => []);
  const files = entries
    .filter((entry) => entry.isFile() && !entry.name.startsWith('.'))
    .map((entry) => join(entry.parentPath, entry.name));
  const corrupt: string[] = [];
  for (const file of files) {
    await readWhole(file).catch((error: unknown) => corrupt.push(`${file}: ${String(error)}`));
  }
  const records = files.filter((file) => basename(dirname(file)) === 'stages' && file.endsWith('.json'));
  const finished = new Map<string, string>();
  let working = 'check';
  for (const file of records) {
    const { key, state } = JSON.parse(await readFile(file, 'utf8')) as { key: string; state: string };
    if (state === 'finished') finished.set(basename(file, '.json'), key);
    else working = basename(file, '.json');
  }
  const journals = new Map<string, readonly string[]>();
  for (const file of files.filter((path) => basename(path) === 'journal.jsonl')) {
    journals.set(
      file,
      (await readLines(file)).map((line) => JSON.stringify(line)),
    );
  }
  const checkpoints = new Map<string, Checkpoint>();
  for (const file of files.filter((path) => basename(path) === 'state.safetensors')) {
    checkpoints.set(dirname(dirname(file)), await readCheckpoint(file));
  }
  const trained = new Set(
    files.filter((path) => basename(path) === 'model.onnx').map((path) => dirname(path)),
  );
  return { finished, working, journals, checkpoints, trained, corrupt };
}

async function readCheckpoint(path: string): Promise<Checkpoint> {
  const file = await openSafetensors(path);
  const { key = '', state = '' } = file.metadata;
  await file.close();
  const { step } = JSON.parse(state) as { step: number };
  return { key, step };
}

/** Throws where a file is cut off or otherwise not what its ending says. */
async function readWhole(path: string): Promise<void> {
  switch (extname(path)) {
    case '.json':
      JSON.parse(await readFile(path, 'utf8'));
      break;
    case '.jsonl':
      if ((await readLines(path)).includes(undefined)) throw new Error('a line is no JSON');
      break;
    case '.safetensors':
      await (await openSafetensors(path)).close();
      break;
    case '.onnx':
      decodeModel(await readFile(path));
      break;
    case '.html':
      if (!/<\/html>\s*$/.test(await readFile(path, 'utf8'))) throw new Error('it has no end');
      break;
  }
}

/** What was done before a process and is not any more after it, one line each. */
export function lostWork(before: RunState, after: RunState): string[] {
  const wentOn = after.finished.size > before.finished.size;
  return [
    ...[...before.finished].flatMap(([stage, key]) =>
      after.finished.get(stage) === key ? [] : [`the finished stage ${stage}`],
    ),
    ...[...before.journals].flatMap(([path, lines]) => {
      const now = after.journals.get(path);
      // A journal goes when its stage is finished.
      if (now === undefined) return wentOn ? [] : [`the journal ${path}`];
      return lines.every((line, i) => now[i] === line) ? [] : [`images in the journal ${path}`];
    }),
    ...[...before.checkpoints].flatMap(([folder, { key, step }]) => {
      const now = after.checkpoints.get(folder);
      // So does a checkpoint when its training is, of which a stage may have several.
      if (now === undefined)
        return wentOn || after.trained.has(folder) ? [] : [`the checkpoint of ${folder}`];
      return now.key !== key || now.step >= step ? [] : [`steps ${now.step} to ${step} of ${folder}`];
    }),
  ];
}
