/**
 * @file Damages the inputs of every reader and reads them, in processes of their own: `npm run fuzz -- [DIR]`. Every mutant
 * is to be read or refused with a named error, within 5 s of processor time and 1 GB of memory, and nothing is to be
 * written. Exit code 0: all were. 1: some were not, which are listed with the seed that makes them again. 2: wrong use.
 */
import { spawn } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { Command } from 'commander';
import { ConfigError } from '../src/base/errors.ts';
import { listImages } from '../src/dataset/layout.ts';
import { counted } from '../src/report/format.ts';
import { runTool, wholeNumber } from './exit.ts';
import type { MutantResult } from './fuzz/child.ts';
import { HOSTILE } from './fuzz/hostile.ts';
import { TARGETS } from './fuzz/targets.ts';

const CHILD = fileURLToPath(new URL('./fuzz/child.js', import.meta.url));
const CPU_SECONDS = 5;
const MEMORY_BYTES = 1e9;
/** A process that says nothing for so long hangs, however busy the machine is. */
const SILENCE_MS = 300_000;

interface Defect {
  readonly input: string;
  readonly mutant: number;
  readonly what: string;
}

interface Tally {
  read: number;
  refused: number;
  slowest: number;
  peakBytes: number;
  readonly defects: Defect[];
}

await runTool(async () => {
  const program = new Command('fuzz')
    .description('Read damaged inputs of every reader, and name those that do harm.')
    .argument('[dir]', 'folder of further sound image files, such as DICOM')
    .option('--mutants <number>', 'how many damaged copies for each reader', wholeNumber, 10_000)
    .option(
      '--seed <number>',
      'seed of the damage; default: the date, so that every day has its own',
      wholeNumber,
    )
    .option('--reader <name>', 'one of them alone')
    .option('--json', 'print one JSON object in place of the table')
    .exitOverride()
    .parse();
  const [dir] = program.args;
  const options = program.opts<{ mutants: number; seed?: number; reader?: string; json?: boolean }>();
  const seed = options.seed ?? seedOf(new Date());
  process.stderr.write(`seed ${seed}\n`);
  const tallies = new Map<string, Tally>();
  for (const { name, count } of await inputs(dir, options)) {
    tallies.set(name, await fuzzInput(name, seed, count));
    if (!options.json) process.stderr.write(`${name}\n`);
  }
  const defects = [...tallies.values()].flatMap((tally) => tally.defects);
  process.stdout.write(
    options.json
      ? `${JSON.stringify({ seed, inputs: Object.fromEntries(tallies) })}\n`
      : table(tallies, seed),
  );
  return defects.length === 0 ? 0 : 1;
});

/** The day in UTC as a number: 20260131. */
function seedOf(date: Date): number {
  return Number(date.toISOString().slice(0, 10).replaceAll('-', ''));
}

interface Input {
  readonly name: string;
  /** Mutants. */
  readonly count: number;
}

/** Every reader, then the files of the folder, which share as many mutants, then what is hostile as it is. */
async function inputs(
  dir: string | undefined,
  { mutants, reader }: { readonly mutants: number; readonly reader?: string },
): Promise<Input[]> {
  const files = dir === undefined ? [] : (await listImages(dir)).map((file) => resolve(dir, file));
  if (dir !== undefined && files.length === 0) {
    throw new ConfigError({
      seen: `${dir} holds no image`,
      need: 'A folder of sound image files',
      fix: 'Name another folder, or none',
    });
  }
  const all: Input[] = [
    ...TARGETS.map(({ name }) => ({ name, count: mutants })),
    ...files.map((name) => ({ name, count: Math.ceil(mutants / files.length) })),
    ...HOSTILE.map(({ name }) => ({ name, count: 1 })),
  ];
  const chosen = all.filter(({ name }) => reader === undefined || name === reader);
  if (chosen.length > 0) return chosen;
  throw new ConfigError({
    seen: `There is no reader ${reader}`,
    need: `One of ${all.map(({ name }) => name).join(', ')}`,
    fix: 'Choose one of these',
  });
}

/** All mutants of an input. A process ends at a mutant that does harm, and another goes on behind it. */
async function fuzzInput(name: string, seed: number, count: number): Promise<Tally> {
  const tally: Tally = { read: 0, refused: 0, slowest: 0, peakBytes: 0, defects: [] };
  for (let from = 0; from < count; ) from = await runChild(name, seed, from, count, tally);
  return tally;
}

/** Runs mutants until the last one or the first that does harm; returns the number of the next. */
async function runChild(name: string, seed: number, from: number, to: number, tally: Tally): Promise<number> {
  const folder = await mkdtemp(join(tmpdir(), 'packmule-fuzz-'));
  const child = spawn(process.execPath, [CHILD, folder, name, String(seed), String(from), String(to)], {
    stdio: ['ignore', 'pipe', 'ignore'],
  });
  let at = from;
  let begun = false;
  let harm: string | undefined;
  const stop = (what: string): void => {
    harm ??= what;
    child.kill('SIGKILL');
  };
  const silence = setTimeout(() => stop(`it says nothing for ${SILENCE_MS / 1000} s`), SILENCE_MS);
  const ended = new Promise<string>((resolve) => {
    child.once('close', (code, signal) => resolve(signal ?? `exit code ${code}`));
  });
  for await (const line of createInterface({ input: child.stdout })) {
    silence.refresh();
    begun = true;
    const message = JSON.parse(line) as { readonly started: number } | MutantResult;
    if ('started' in message) at = message.started;
    else {
      harm ??= harmOf(message);
      if (message.outcome !== 'defect') tally[message.outcome]++;
      tally.slowest = Math.max(tally.slowest, message.cpuSeconds);
      tally.peakBytes = Math.max(tally.peakBytes, message.peakBytes);
      at = message.mutant + 1;
      if (harm !== undefined) {
        tally.defects.push({ input: name, mutant: message.mutant, what: harm });
        child.kill('SIGKILL');
        break;
      }
    }
  }
  clearTimeout(silence);
  const end = await ended;
  await rm(folder, { recursive: true, force: true });
  if (!begun) {
    tally.defects.push({ input: name, mutant: from, what: `the sound input is not read: ${end}` });
    return to;
  }
  if (at === to || (harm !== undefined && tally.defects.at(-1)?.mutant === at - 1)) return at;
  tally.defects.push({ input: name, mutant: at, what: harm ?? `the process ended by ${end}` });
  return at + 1;
}

function harmOf({ outcome, error, cpuSeconds, peakBytes }: MutantResult): string | undefined {
  if (outcome === 'defect') return error ?? 'an error without a text';
  if (cpuSeconds > CPU_SECONDS) return `it took ${cpuSeconds.toFixed(1)} s of processor time`;
  return peakBytes > MEMORY_BYTES ? `it took ${(peakBytes / 1e9).toFixed(2)} GB of memory` : undefined;
}

function table(tallies: ReadonlyMap<string, Tally>, seed: number): string {
  const lines = [...tallies].map(([file, { read, refused, slowest, peakBytes, defects }]) =>
    [
      defects.length === 0 ? 'ok  ' : 'FAIL',
      file.padEnd(Math.max(...[...tallies.keys()].map(({ length }) => length))),
      `${String(read).padStart(6)} read`,
      `${String(refused).padStart(6)} refused`,
      `${slowest.toFixed(2).padStart(6)} s`,
      `${Math.round(peakBytes / 1e6)
        .toString()
        .padStart(5)} MB`,
    ].join('  '),
  );
  const defects = [...tallies.values()].flatMap((tally) => tally.defects);
  const listed = defects.map(({ input, mutant, what }) => `${input}, mutant ${mutant}: ${what}`);
  return `${[...lines, `${counted(tallies.size, 'input')} of seed ${seed}, ${defects.length} did harm.`, ...listed].join('\n')}\n`;
}
