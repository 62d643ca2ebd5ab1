/**
 * @file Damages image files and reads them, in processes of their own: `npm run fuzz -- DIR [--mutants N]`. Every
 * mutant is to be read or refused with a named error, within 5 s of processor time and 1 GB of memory. Exit code 0: all
 * were. 1: some were not, which are listed with the seed that makes them again. 2: the folder cannot be used.
 */
import { spawn } from 'node:child_process';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { Command } from 'commander';
import { ConfigError } from '../src/base/errors.ts';
import { listImages } from '../src/dataset/layout.ts';
import { runTool, wholeNumber } from './exit.ts';
import type { MutantResult } from './fuzz/child.ts';

const CHILD = fileURLToPath(new URL('./fuzz/child.js', import.meta.url));
const CPU_SECONDS = 5;
const MEMORY_BYTES = 1e9;
/** A process that says nothing for so long hangs, however busy the machine is. */
const SILENCE_MS = 60_000;

interface Defect {
  readonly file: string;
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
    .description('Read damaged copies of the image files of a folder, and name those that do harm.')
    .argument('<dir>', 'folder of sound image files')
    .option('--mutants <number>', 'how many damaged copies of all files together', wholeNumber, 10_000)
    .option('--seed <number>', 'seed of the damage', wholeNumber, 1)
    .option('--json', 'print one JSON object in place of the table')
    .exitOverride()
    .parse();
  const [dir] = program.args as [string];
  const options = program.opts<{ mutants: number; seed: number; json?: boolean }>();
  const files = await listImages(dir);
  if (files.length === 0) {
    throw new ConfigError({
      seen: `${dir} holds no image`,
      need: 'A folder of sound image files, of every kind that is to be tried',
      fix: 'Name another folder',
    });
  }
  const each = Math.ceil(options.mutants / files.length);
  const tallies = new Map<string, Tally>();
  for (const file of files) tallies.set(file, await fuzzFile(join(dir, file), options.seed, each));
  const defects = [...tallies.values()].flatMap((tally) => tally.defects);
  process.stdout.write(
    options.json
      ? `${JSON.stringify({ seed: options.seed, each, files: Object.fromEntries(tallies) })}\n`
      : table(tallies, each),
  );
  return defects.length === 0 ? 0 : 1;
});

/** All mutants of a file. A process ends at a mutant that does harm, and another goes on behind it. */
async function fuzzFile(path: string, seed: number, count: number): Promise<Tally> {
  const tally: Tally = { read: 0, refused: 0, slowest: 0, peakBytes: 0, defects: [] };
  for (let from = 0; from < count; ) from = await runChild(path, seed, from, count, tally);
  return tally;
}

/** Runs mutants until the last one or the first that does harm; returns the number of the next. */
async function runChild(path: string, seed: number, from: number, to: number, tally: Tally): Promise<number> {
  const child = spawn(process.execPath, [CHILD, path, String(seed), String(from), String(to)], {
    stdio: ['ignore', 'pipe', 'ignore'],
  });
  let at = from;
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
    const message = JSON.parse(line) as { readonly started: number } | MutantResult;
    if ('started' in message) at = message.started;
    else {
      harm ??= harmOf(message);
      if (message.outcome !== 'defect') tally[message.outcome]++;
      tally.slowest = Math.max(tally.slowest, message.cpuSeconds);
      tally.peakBytes = Math.max(tally.peakBytes, message.peakBytes);
      at = message.mutant + 1;
      if (harm !== undefined) {
        tally.defects.push({ file: path, mutant: message.mutant, what: harm });
        child.kill('SIGKILL');
        break;
      }
    }
  }
  clearTimeout(silence);
  const end = await ended;
  if (at === to || (harm !== undefined && tally.defects.at(-1)?.mutant === at - 1)) return at;
  tally.defects.push({ file: path, mutant: at, what: harm ?? `the process ended by ${end}` });
  return at + 1;
}

function harmOf({ outcome, error, cpuSeconds, peakBytes }: MutantResult): string | undefined {
  if (outcome === 'defect') return error ?? 'an error without a text';
  if (cpuSeconds > CPU_SECONDS) return `it took ${cpuSeconds.toFixed(1)} s of processor time`;
  return peakBytes > MEMORY_BYTES ? `it took ${(peakBytes / 1e9).toFixed(2)} GB of memory` : undefined;
}

function table(tallies: ReadonlyMap<string, Tally>, each: number): string {
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
  const listed = defects.map(({ file, mutant, what }) => `${file}, mutant ${mutant}: ${what}`);
  return `${[...lines, `${tallies.size} files, ${each} mutants each, ${defects.length} did harm.`, ...listed].join('\n')}\n`;
}
