/**
 * @file The process in which damaged inputs are read: `node child.js FOLDER TARGET SEED FROM TO`, TARGET a name of targets.ts
 * or hostile.ts, or the path of an image file. It writes one line of JSON before each mutant and one after it, so that
 * whoever started it knows which one crashed or hung. What it reads lies in the folder, which is empty.
 */
import { mkdir, readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { createRng } from '../../src/base/rng.ts';
import { type Attempt, attempt, openPatient } from './attempt.ts';
import { HOSTILE } from './hostile.ts';
import { fileTarget, TARGETS } from './targets.ts';

/** What became of one mutant. */
export interface MutantResult extends Attempt {
  readonly mutant: number;
  /** Processor time, which unlike the clock knows nothing of other processes. */
  readonly cpuSeconds: number;
  /** Largest memory of this process so far. */
  readonly peakBytes: number;
}

const [sandbox, name, seed, from, to] = process.argv.slice(2) as [string, string, string, string, string];
const folder = join(sandbox, 'inside', 'input');
await mkdir(folder, { recursive: true });
process.chdir(join(sandbox, 'inside'));
const tryMutant = await mutants();
for (let mutant = Number(from); mutant < Number(to); mutant++) {
  print({ started: mutant });
  const before = process.cpuUsage();
  const result = await tryMutant(mutant);
  const { user, system } = process.cpuUsage(before);
  const peakBytes = process.resourceUsage().maxRSS * 1024;
  print({ mutant, ...result, cpuSeconds: (user + system) / 1e6, peakBytes } satisfies MutantResult);
}

async function mutants(): Promise<(mutant: number) => Promise<Attempt>> {
  const hostile = HOSTILE.find((one) => one.name === name);
  if (hostile !== undefined) {
    const path = await hostile.make(folder);
    return () => withoutStrays(attempt(() => hostile.read(path)));
  }
  const target = TARGETS.find((one) => one.name === name) ?? fileTarget(name);
  const patient = await openPatient(target, folder);
  return async (mutant) => {
    const result = patient.tryMutant(createRng(Number(seed)).child(`${name} ${mutant}`));
    return withoutStrays(result, mutant % 100 === 99 ? await result.then(() => patient.strays()) : []);
  };
}

/** A file that a reader wrote is a defect, wherever it is. */
async function withoutStrays(result: Promise<Attempt>, strays: readonly string[] = []): Promise<Attempt> {
  const found = await result;
  const beside = (await readdir(sandbox)).filter((entry) => entry !== 'inside');
  const here = (await readdir('.')).filter((entry) => entry !== 'input');
  const all = [...strays, ...beside, ...here];
  return all.length === 0 ? found : { outcome: 'defect', error: `it wrote ${all.join(', ')}` };
}

function print(line: object): void {
  process.stdout.write(`${JSON.stringify(line)}\n`);
}
