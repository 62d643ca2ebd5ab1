import { mkdir, writeFile } from 'node:fs/promises';
import { beforeAll, describe, expect, it } from 'vitest';
import { encodeSafetensors } from '../../src/tensor/safetensors.ts';
import { dicomFile, greyTags } from '../../tools/fuzz/dicom-files.ts';
import { writeTinyData } from '../pipeline/tiny.ts';
import { tinyCheckpoint } from '../sam/tiny-model.ts';
import { startCli, useSharedFolder } from './program.ts';

const inFolder = useSharedFolder();
const cli = (...args: string[]) => startCli(inFolder(), args, { PACKMULE_HOME: inFolder('home') }).ended;

beforeAll(async () => {
  await writeTinyData(inFolder('data'));
  const pixels = Uint8Array.from({ length: 2 * 64 * 64 }, (_, i) => i % 251);
  const tags = { '00280008': '2', '00100010': 'DOE^JANE' };
  await writeFile(
    inFolder('data', 'unlabelled', 'images', 'IM0001'),
    dicomFile(greyTags(64, 64, pixels, tags)),
  );
});

describe('DICOM on the command line', () => {
  it('packmule ids says which file and frame a name stands for', async () => {
    const { code, stdout, stderr } = await cli('ids', 'data');
    expect([code, stderr]).toEqual([0, '']);
    const lines = stdout.split('\n').filter((line) => line.includes('IM0001'));
    expect(lines).toEqual([
      expect.stringMatching(/^[0-9a-f]{16}\t.*IM0001\timage 1$/),
      expect.stringMatching(/^[0-9a-f]{16}\t.*IM0001\timage 2$/),
    ]);
    const json = await cli('ids', 'data', '--set', 'data.ids=names', '--json');
    const { images } = JSON.parse(json.stdout) as { images: { name: string; frame?: number }[] };
    expect(images.filter(({ name }) => name.startsWith('IM0001'))).toEqual([
      expect.objectContaining({ name: 'IM0001#1', split: 'unlabelled', frame: 1 }),
      expect.objectContaining({ name: 'IM0001#2', split: 'unlabelled', frame: 2 }),
    ]);
  });

  it('packmule init tells of the hashes', async () => {
    const { code, stdout } = await cli('init', 'data');
    expect([code, stdout]).toEqual([0, expect.stringContaining('Results call 2 images by salted hashes')]);
  });

  it('packmule segment takes one frame', async () => {
    await mkdir(inFolder('sam'));
    await writeFile(inFolder('sam', 'model.safetensors'), encodeSafetensors(tinyCheckpoint().weights));
    const file = 'data/unlabelled/images/IM0001';
    const model = ['--model', 'sam/model.safetensors', '--box', '15,20,40,60', '--output', 'out', '--json'];
    const { code, stdout } = await cli('segment', file, '--frame', '2', ...model);
    expect([code, JSON.parse(stdout)]).toEqual([
      0,
      expect.objectContaining({ mask: 'out/IM0001#2.mask.png' }),
    ]);
    const third = await cli('segment', file, '--frame', '3', ...model);
    expect([third.code, third.stdout]).toEqual([2, expect.stringContaining('has 2 images, and number 3')]);
    expect((await cli('segment', file, '--frame', '0', ...model)).code).toBe(2);
  });
});
