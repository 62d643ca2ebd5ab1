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
    await refuses(
      'long.xml',
      `<annotations><image name="${'x'.repeat(5e6)}"/></annotations>`,
      /element of more than 4 MB/,
    );
    await refuses('wide.xml', `<annotations>${'<a/>'.repeat(5e6)}</annotations>`, /more elements than fit/);
  });

  it('of deep and of wide JSON is refused, whatever format it pretends', async () => {
    const deep = '['.repeat(1e6);
    await refuses('coco.json', `{"images":${deep}`, /more than 200 deep/);
    await refuses('tasks.json', `[{"data":${deep}`, /more than 200 deep/);
    await refuses('labelme.json', `{"shapes":${deep}`, /more than 200 deep/);
    await refuses('nnunet.json', `{"channel_names":${deep}`, /more than 200 deep/);
    await refuses('many.json', `{"shapes":[${'[[],[]],'.repeat(4e6)}`, /more values than fit/);
    await refuses('long.json', `{"shapes":[${'1,'.repeat(6e6)}`, /list of more than 5000000 values/);
    const short = `{"shapes":[${`[${'1,'.repeat(1e6)}1],`.repeat(6)}1]}`;
    await refuses('short.json', short, /not a labelme file at shapes\.0/);
    const keys = (count: number): string => Array.from({ length: count }, (_, i) => `"k${i}":1`).join();
    await refuses('keys.json', `{"images":{${keys(110_000)}}}`, /more than 100000 different keys/);
    await refuses('same.json', `{"images":[${`{${keys(1000)}},`.repeat(150)}1]}`, /not a COCO file/);
  });

  it('of polygons without end is refused', async () => {
    const coco = (ring: string): string =>
      `{"images":[{"id":1,"file_name":"a.png","width":9000,"height":9000}],"categories":[{"id":1,"name":"a"}],"annotations":[{"image_id":1,"category_id":1,"segmentation":[[${ring}1,1]]}]}`;
    await refuses('points.json', coco('1,1,2,2,'.repeat(60_000)), /polygon of 120001 points/);
    await refuses('outline.json', coco('0,0,9000,9000,'.repeat(2000)), /outline of 36\d{6} px/);
    const cvat = `<annotations><image name="a.png" width="9" height="9"><polygon label="a" points="${'1,1;'.repeat(110_000)}2,2"></polygon></image></annotations>`;
    await refuses('points.xml', cvat, /polygon of 110001 points/);
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
