/** @file In which numbers the promptable model of a run multiplies: on the machine where it began, and elsewhere. */
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import { silentObserver } from '../../src/pipeline/observer.ts';
import { runPipeline } from '../../src/pipeline/run.ts';
import { runDirectory } from '../../src/pipeline/run-directory.ts';
import { chooseSam, settleSam } from '../../src/pipeline/sam-model.ts';
import { multipliesBytesExactly } from '../../src/runtime/eight-bit.ts';
import { encodeSafetensors } from '../../src/tensor/safetensors.ts';
import { machineWith } from '../machine/machine.ts';
import { tinyCheckpoint } from '../sam/tiny-model.ts';
import { temporaryFolder } from '../temporary.ts';
import { tinyConfig, writeTinyData } from './tiny.ts';

const fast = machineWith({}, { gainsFromBytes: async () => true });
const slow = machineWith({}, { gainsFromBytes: async () => false });

const exact = await multipliesBytesExactly();

let folder = '';
const at = (...parts: string[]): string => join(folder, ...parts);

beforeAll(async () => {
  folder = await temporaryFolder();
  await writeTinyData(at('data'));
  await writeFile(at('sam.safetensors'), encodeSafetensors(tinyCheckpoint().weights));
});

describe('a run with sam.precision auto', () => {
  /** The run up to the masks of its first network: what was done and said, and what its record says of precision. */
  async function go(machine: typeof fast, ...set: string[]) {
    const notes: string[] = [];
    const observer = { ...silentObserver, note: (text: string) => notes.push(text) };
    const sam = ['refine.refiner=sam', `sam.model=${at('sam.safetensors')}`];
    const options = { folder: at('run'), machine, observer, until: 'predict' } as const;
    const { stages } = await runPipeline(tinyConfig(at('data'), [...sam, ...set]), options);
    const { precision, config, versions } = JSON.parse(await readFile(at('run', 'config.json'), 'utf8'));
    expect(versions['products of the promptable model']).toBe(precision);
    return {
      done: stages.filter(({ skipped }) => !skipped).map(({ name }) => name),
      said: notes.filter((text) => text.includes('8-bit')).length,
      precision,
      setting: config.sam.precision,
    };
  }

  it.skipIf(!exact)(
    'takes bytes where they gain, float32 where it is carried on without them, and then stays at that',
    async () => {
      expect(await go(fast)).toEqual({
        done: ['checkModel', 'initial', 'predict'],
        said: 1,
        precision: 'int8',
        setting: 'auto',
      });
      expect(await go(fast)).toMatchObject({ done: [], precision: 'int8' });
      expect(await go(slow)).toMatchObject({ done: ['checkModel'], said: 1, precision: 'float32' });
      expect(await go(fast)).toMatchObject({ done: [], said: 0, precision: 'float32' });
      expect(await go(slow, 'sam.precision=int8')).toMatchObject({ done: ['checkModel'], precision: 'int8' });
    },
  );
});

it('Foal multiplies in float32 unless bytes are asked for', async () => {
  const options = {
    run: runDirectory(at('none')),
    device: 'cpu',
    machine: fast,
    note: () => undefined,
  } as const;
  for (const [set, precision] of [
    [[], 'float32'],
    [['sam.precision=int8'], 'int8'],
  ] as const) {
    const config = tinyConfig(at('data'), ['refine.refiner=foal', ...set]);
    expect((await settleSam((await chooseSam(config))!, config, options)).precision).toBe(precision);
  }
});
