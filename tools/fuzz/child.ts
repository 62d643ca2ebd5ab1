/**
 * @file The process in which damaged images are read: `node child.js FILE SEED FROM TO`. It writes one line of JSON
 * before each mutant and one after it, so that whoever started it knows which one crashed or hung.
 */
import { readFile } from 'node:fs/promises';
import { PackmuleError } from '../../src/base/errors.ts';
import { createRng } from '../../src/base/rng.ts';
import { decodeImage } from '../../src/imaging/read.ts';
import { mutate } from './mutate.ts';

/** What became of one mutant. */
export interface MutantResult {
  readonly mutant: number;
  readonly outcome: 'read' | 'refused' | 'defect';
  /** Processor time, which unlike the clock knows nothing of other processes. */
  readonly cpuSeconds: number;
  /** Largest memory of this process so far. */
  readonly peakBytes: number;
  /** Of a defect: the error. */
  readonly error?: string;
}

const [file, seed, from, to] = process.argv.slice(2) as [string, string, string, string];
const original = await readFile(file);
for (let mutant = Number(from); mutant < Number(to); mutant++) {
  print({ started: mutant });
  const before = process.cpuUsage();
  const found = await attempt(mutate(original, createRng(Number(seed)).child(`${file} ${mutant}`)));
  const { user, system } = process.cpuUsage(before);
  print({
    mutant,
    ...found,
    cpuSeconds: (user + system) / 1e6,
    peakBytes: process.resourceUsage().maxRSS * 1024,
  } satisfies MutantResult);
}

async function attempt(bytes: Uint8Array): Promise<Pick<MutantResult, 'outcome' | 'error'>> {
  try {
    const { data, height, width } = await decodeImage(bytes, file);
    if (data.length === height * width) return { outcome: 'read' };
    return { outcome: 'defect', error: `${data.length} pixels for ${width} x ${height}` };
  } catch (error) {
    if (error instanceof PackmuleError) return { outcome: 'refused' };
    return {
      outcome: 'defect',
      error: error instanceof Error ? (error.stack ?? error.message) : String(error),
    };
  }
}

function print(line: object): void {
  process.stdout.write(`${JSON.stringify(line)}\n`);
}
