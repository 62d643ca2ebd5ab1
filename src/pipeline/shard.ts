/**
 * @file Shards: parts of the images of a stage, each worked on by a process of its own, on whichever machine sees the
 * run directory. A shard writes journals and nothing else; whoever does the stage as a whole takes them up.
 */
import { ConfigError, RunError } from '../base/errors.ts';
import { commandLine } from '../base/text.ts';
import type { StageName } from './observer.ts';
import type { RunDirectory } from './run-directory.ts';

/** One of several parts, counted from 1. */
export interface Shard {
  readonly index: number;
  readonly count: number;
}

/** A part of the images, all of which are done. */
export interface Part {
  readonly shard: Shard;
  readonly images: number;
  /** Images that were done before this process began. */
  readonly before: number;
}

/** `2/4`: the second of four. @throws ConfigError for anything else. */
export function parseShard(text: string): Shard {
  const [, index = 0, count = 0] = (/^(\d+)\/(\d+)$/.exec(text) ?? []).map(Number);
  if (index >= 1 && index <= count) return { index, count };
  throw new ConfigError({
    seen: `--shard is ${text}`,
    need: 'Which part of how many: 1/4, 2/4, 3/4 or 4/4',
    fix: 'Count parts from 1 on, and give each process another one',
  });
}

/** Every so many-th item, so that parts are equally long and equally hard. */
export function shardOf<T>(items: readonly T[], { index, count }: Shard): T[] {
  return items.filter((_, i) => i % count === index - 1);
}

/** `part 2 of 4`. */
export function describeShard({ index, count }: Shard): string {
  return `part ${index} of ${count}`;
}

/** Commands that end with a stage. */
const COMMANDS: Readonly<Partial<Record<StageName, string>>> = {
  checkModel: 'train',
  initial: 'train',
  predict: 'predict',
  folds: 'adapt',
  adapt: 'adapt',
  closeUp: 'adapt',
  refine: 'refine',
  final: 'train --final',
};

/** The error for a stage that is no work on single images and stands before one that is. */
export function notDone({ root }: RunDirectory, stage: StageName): RunError {
  return new RunError({
    seen: `The stage ${stage} of ${root} is not done with these settings and images`,
    need: 'Before images are divided among processes, one process has done what comes before',
    fix: `Do it without --shard: ${commandLine([COMMANDS[stage] ?? 'run', root])}`,
  });
}
