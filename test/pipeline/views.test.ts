/** @file What a run leaves behind where its images are not simply as their files are: patients, sides. */
import { cp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { coco } from '../../src/annotations/coco.ts';
import type { AnnotationSet } from '../../src/annotations/types.ts';
import { mirrorImage } from '../../src/imaging/edit.ts';
import { readImage } from '../../src/imaging/read.ts';
import { writeGreyPng } from '../../src/imaging/write.ts';
import { mirrorRle } from '../../src/masks/mirror.ts';
import { rleToString } from '../../src/masks/rle.ts';
import { silentObserver } from '../../src/pipeline/observer.ts';
import { predictImages } from '../../src/pipeline/predict-images.ts';
import { runPipeline } from '../../src/pipeline/run.ts';
import { dicomFile, greyTags } from '../../tools/fuzz/dicom-files.ts';
import { temporaryFolder } from '../temporary.ts';
import { tinyConfig, writeTinyData } from './tiny.ts';

let folder = '';
const at = (...parts: string[]): string => join(folder, ...parts);
const before = process.env.PACKMULE_HOME;

beforeAll(async () => {
  folder = await temporaryFolder();
  process.env.PACKMULE_HOME = at('home');
  await writeTinyData(at('data'));
});
afterAll(() => {
  if (before === undefined) delete process.env.PACKMULE_HOME;
  else process.env.PACKMULE_HOME = before;
});

async function filesIn(root: string): Promise<string[]> {
  const names = (await readdir(root, { recursive: true })).map((name) => join(root, name));
  const files = await Promise.all(names.map(async (path) => ((await stat(path)).isFile() ? [path] : [])));
  return files.flat();
}

const imagesOf = async (root: string): Promise<string[]> =>
  (await filesIn(root)).filter((path) => path.endsWith('.png')).sort();

describe('a run on DICOM files', () => {
  it('leaves nothing behind that leads to a patient, and measures in mm', async () => {
    await cp(at('data'), at('patients'), { recursive: true });
    for (const [i, path] of (await imagesOf(at('patients'))).entries()) {
      const { height, width, data } = await readImage(path);
      const tags = {
        '00080018': `1.2.826.0.1.99999.${i}`,
        '00100010': 'DOE^JANE',
        '00100020': 'PID4711',
        '00280030': '0.5\\0.5',
      };
      await rm(path);
      const name = path.replace(/phantom-(\d+)\.png$/, 'DOE_JANE_$1.dcm');
      await writeFile(name, dicomFile(greyTags(height, width, data as Uint8Array, tags)));
    }
    for (const split of ['labelled', 'val', 'test']) {
      const path = at('patients', split, 'annotations.json');
      await writeFile(
        path,
        (await readFile(path, 'utf8')).replaceAll(/phantom-(\d+)\.png/g, 'DOE_JANE_$1.dcm'),
      );
    }
    const [damaged] = (await readdir(at('patients', 'unlabelled', 'images'))).sort();
    await writeFile(at('patients', 'unlabelled', 'images', damaged!), 'DOE^JANE');
    const config = tinyConfig(at('patients'), ['evaluation.surface=true', 'name=hospital']);
    const { run, evaluation } = await runPipeline(config, { folder: at('runs', 'hospital'), skipBad: true });
    expect(evaluation?.results[0]?.evaluation.surface?.unit).toBe('mm');
    const secret = await readFile(at('home', 'id-secret'), 'utf8');
    const files = await filesIn(at('runs'));
    expect(files).toContain(run.report);
    for (const path of files) {
      const text = path + (await readFile(path)).toString('latin1');
      for (const word of ['DOE', 'JANE', 'PID4711', '1.2.826.0.1.99999', secret]) {
        expect(text.includes(word), `${word} in ${path}`).toBe(false);
      }
    }
    expect(await readFile(run.config, 'utf8')).toMatch(/"[0-9a-f]{16} is no image file/);
  }, 300_000);
});

describe('a run on images of both sides', () => {
  it('sees one side alone, and turns every result back', async () => {
    // The same images: once all left, once every other one mirrored and called right.
    await cp(at('data'), at('left'), { recursive: true });
    await cp(at('data'), at('both'), { recursive: true });
    const paths = await imagesOf(at('both'));
    const right = paths.filter((_, i) => i % 2 === 1);
    for (const path of right) await writeGreyPng(path, mirrorImage(await readImage(path)));
    const names = new Set(right.map((path) => path.split('/').at(-1)!));
    const turn = (set: AnnotationSet): AnnotationSet => ({
      ...set,
      images: set.images.map((image) => ({
        ...image,
        structures: names.has(image.fileName)
          ? image.structures.map((item) => ({ ...item, rle: mirrorRle(item.rle) }))
          : image.structures,
      })),
    });
    for (const split of ['labelled', 'val', 'test']) {
      const path = at('both', split, 'annotations.json');
      await coco.write?.(path, turn(await coco.read(path)));
    }
    const table = paths
      .map((path) => path.split('/').at(-1)!)
      .map((name) => `${name},${names.has(name) ? 'R' : 'L'}`);
    await writeFile(at('both', 'sides.csv'), `image,side\n${table.join('\n')}\n`);

    const left = await runPipeline(tinyConfig(at('left')), { folder: at('runs', 'left') });
    const sides = ['data.laterality.from={csv: sides.csv}'];
    const both = await runPipeline(tinyConfig(at('both'), sides), { folder: at('runs', 'both') });

    const weights = (outcome: typeof left) => readFile(outcome.run.path('final', 'weights.safetensors'));
    expect((await weights(both)).equals(await weights(left))).toBe(true);
    for (const folderName of ['predicted', 'refined', 'final'] as const) {
      for (const split of ['unlabelled', 'test'] as const) {
        const [a, b] = [left, both].map(({ run }) => run.masks(folderName, split));
        const masks = ({ images }: AnnotationSet) =>
          images.map(({ fileName, structures }) => [
            fileName,
            structures.map(({ classIndex, rle }) => [classIndex, rleToString(rle)]),
          ]);
        expect(masks(await coco.read(b!))).toEqual(masks(turn(await coco.read(a!))));
      }
    }
    expect(both.evaluation?.results).toEqual(left.evaluation?.results);

    // Other images are seen as those of the run were, and their masks are turned back too.
    const others = async ({ run }: typeof left, data: string): Promise<AnnotationSet> => {
      const context = { run, observer: silentObserver, signal: undefined };
      const { annotations } = await predictImages(context, {
        paths: [at(data, 'test', 'images')],
        out: at('others', data),
        refine: false,
        compute: { threads: 1 },
        embeddings: at('runs', '.embeddings'),
      });
      return coco.read(annotations);
    };
    const [a, b] = [await others(left, 'left'), await others(both, 'both')];
    const runs = ({ images }: AnnotationSet) =>
      images.map(({ structures }) => structures.map(({ rle }) => rleToString(rle)));
    expect(runs(b).flat().length).toBeGreaterThan(0);
    expect(runs(b)).toEqual(runs(turn(a)));
  }, 300_000);
});
