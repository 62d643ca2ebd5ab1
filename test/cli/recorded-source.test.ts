/** Going on in the folder of a run with another refiner. */
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { beforeAll, expect, it } from 'vitest';
import { readSource } from '../../src/cli/source.ts';
import { tinyConfig } from '../pipeline/tiny.ts';
import { temporaryFolder } from '../temporary.ts';

let folder = '';
beforeAll(async () => {
  folder = await temporaryFolder();
});

/** The folder of a run that recorded such settings. */
async function runWith(name: string, ...set: string[]): Promise<string> {
  const run = join(folder, name);
  await mkdir(run);
  const config = { ...tinyConfig(folder, set), name };
  await writeFile(join(run, 'config.json'), JSON.stringify({ config }));
  await writeFile(join(run, 'log.jsonl'), '');
  return run;
}

it('keeps what was recorded where the same sort of model is asked', async () => {
  const run = await runWith('foal', 'refine.refiner=foal', 'sam.model=foal', 'refine.morphology.radius=3');
  const { refine, sam } = await readSource(run, ['refine.refiner=foal+close-up']);
  expect(sam.model).toBe('foal');
  expect(refine).toMatchObject({
    refiner: 'foal+close-up',
    morphology: { radius: 3 },
    passes: [{ mask: true }],
  });
});

it('asks another model as that is asked, and not by the name of the one before', async () => {
  const run = await runWith(
    'default',
    'refine.refiner=foal+close-up',
    'sam.model=foal',
    'refine.threshold=0.4',
  );
  const { refine, sam } = await readSource(run, ['refine.refiner=sam']);
  expect(sam.model).toBeUndefined();
  expect(refine).toMatchObject({
    threshold: 0.4,
    morphology: { operation: 'dilation' },
    passes: [{}, { points: 'all' }],
  });
  expect((await readSource(run, ['refine.refiner=sam', 'sam.model=sam-vit-l'])).sam.model).toBe('sam-vit-l');

  const old = await runWith('old', 'refine.refiner=close-up');
  const { refine: now } = await readSource(old, ['refine.refiner=foal+close-up']);
  expect(now).toMatchObject({ morphology: { operation: 'none' }, passes: [{ box: true, mask: true }] });
});
