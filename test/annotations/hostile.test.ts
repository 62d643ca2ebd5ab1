/** Hostile files: every reader gives an AnnotationError, and soon. Damaged ones are in test/fuzz. */
import { writeFile } from 'node:fs/promises';
import { gzipSync } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import { readAnnotations } from '../../src/annotations/read.ts';
import { AnnotationError } from '../../src/base/errors.ts';
import { useFolder } from '../pipeline/folder.ts';

const inFolder = useFolder();

describe('malice', () => {
  const refuses = async (name: string, content: string | Uint8Array, message: RegExp): Promise<void> => {
    await writeFile(inFolder(name), content);
    await expect(readAnnotations(inFolder(name))).rejects.toThrow(AnnotationError);
    await expect(readAnnotations(inFolder(name))).rejects.toThrow(message);
  };

  it('of entities is refused before they are expanded', async () => {
    const lol = Array.from({ length: 9 }, (_, i) => `<!ENTITY e${i + 1} "${`&e${i};`.repeat(10)}">`).join('');
    const bomb = `<?xml version="1.0"?><!DOCTYPE annotations [<!ENTITY e0 "lol">${lol}]><annotations>&e9;</annotations>`;
    await refuses('bomb.xml', bomb, /document type/);
  });

  it('of deep and of wide XML is refused', async () => {
    await refuses(
      'deep.xml',
      `<annotations>${'<a>'.repeat(1e5)}${'</a>'.repeat(1e5)}</annotations>`,
      /not valid XML/,
    );
    await refuses('wide.xml', `<annotations>${'<a/>'.repeat(5e6)}</annotations>`, /more elements than fit/);
  });

  it('of deep and of wide JSON is refused, whatever format it pretends', async () => {
    const deep = '['.repeat(1e6);
    await refuses('coco.json', `{"images":${deep}`, /more than 200 deep/);
    await refuses('tasks.json', `[{"data":${deep}`, /more than 200 deep/);
    await refuses('labelme.json', `{"shapes":${deep}`, /more than 200 deep/);
    await refuses('nnunet.json', `{"channel_names":${deep}`, /more than 200 deep/);
    await refuses('many.json', `{"shapes":[${'{},'.repeat(1e7)}`, /more values than fit/);
  });

  it('of runs and sizes that lie is refused', async () => {
    const image = { id: 1, file_name: 'a.png', width: 10_000, height: 10_000 };
    const annotation = { image_id: 1, category_id: 1, segmentation: { size: [10_000, 10_000], counts: '' } };
    const coco = (counts: unknown): string =>
      JSON.stringify({
        images: [image],
        categories: [{ id: 1, name: 'a' }],
        annotations: [{ ...annotation, segmentation: { size: [10_000, 10_000], counts } }],
      });
    await refuses('long.json', coco('o'.repeat(1e6)), /too long/);
    await refuses('over.json', coco([4e9]), /overrun/);
    const mask = '<mask label="a" rle="4000000000" left="0" top="0" width="10000" height="10000"></mask>';
    const cvat = `<annotations><image name="a.png" width="10000" height="10000">${mask}</image></annotations>`;
    await refuses('over.xml', cvat, /overrun/);
  });

  it('of archives that swell is refused', async () => {
    const bomb = gzipSync(Buffer.alloc(50_000_000));
    await writeFile(inFolder('a.nii.gz'), bomb);
    await writeFile(inFolder('classes.txt'), 'a\n');
    await expect(readAnnotations(inFolder())).rejects.toThrow(/no NIfTI-1 file/);
  });
});
