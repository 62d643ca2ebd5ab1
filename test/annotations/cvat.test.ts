import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { cvat, readCvatAttributes } from '../../src/annotations/cvat.ts';
import type { AnnotationSet, ReadAnnotationsOptions } from '../../src/annotations/types.ts';
import { AnnotationError } from '../../src/base/errors.ts';
import { decodeRle } from '../../src/masks/rle.ts';
import { temporaryFolder } from '../temporary.ts';

const meta = `<meta><task><labels><label><name>bone</name><attributes>
  <attribute><name>kind</name><values>Ulna\nRadius &amp; co</values></attribute></attributes></label></labels></task></meta>`;
const polygon = `<polygon label="bone" points="0.00,0.00;1.00,0.00;1.00,1.00;0.00,1.00">
  <attribute name="kind">Radius &amp; co</attribute></polygon>`;
const mask = `<mask label="bone" rle="1, 2, 1" left="2" top="1" width="2" height="2"><attribute name="kind">Ulna</attribute></mask>`;

function xml(shapes: string, image = 'name="f/a.png" width="5" height="4"'): string {
  return `<?xml version="1.0"?><annotations>${meta}<image id="0" ${image}>${shapes}</image></annotations>`;
}
async function save(content: string): Promise<string> {
  const path = join(await temporaryFolder(), 'a.xml');
  await writeFile(path, content);
  return path;
}
async function read(content: string, options?: ReadAnnotationsOptions): Promise<AnnotationSet> {
  return cvat.read(await save(content), options);
}

describe('reading', () => {
  it('merges polygons and masks of one label', async () => {
    const set = await read(xml(polygon + mask));
    expect(set.classes).toEqual(['bone']);
    expect(set.images[0]!.fileName).toBe('a.png');
    expect([...decodeRle(set.images[0]!.structures[0]!.rle).data]).toEqual([
      1, 1, 0, 0, 0, 1, 1, 0, 1, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0,
    ]);
  });

  it('takes the class from an attribute, values in the order of their declaration', async () => {
    const set = await read(xml(polygon + mask), { classAttribute: 'kind' });
    expect(set.classes).toEqual(['Ulna', 'Radius & co']);
    expect(set.images[0]!.structures.map((one) => one.classIndex)).toEqual([0, 1]);
    expect(await readCvatAttributes(await save(xml('')))).toEqual(['kind']);
  });
});

describe('refusing', () => {
  const bomb = `<!DOCTYPE x [<!ENTITY a "aaaa"><!ENTITY b "&a;&a;&a;">]><annotations>&b;</annotations>`;
  it.each<[string, string, RegExp]>([
    ['an entity bomb', bomb, /document type/],
    ['a cut-off file', xml(polygon).slice(0, -30), /not valid XML/],
    ['another XML file', '<svg></svg>', /no element <annotations>/],
    ['text', 'hello', /not valid XML/],
    [
      'deep nesting',
      `<annotations>${'<a>'.repeat(5000)}${'</a>'.repeat(5000)}</annotations>`,
      /not valid XML/,
    ],
    ['a box', xml('<box label="bone" xtl="0" ytl="0" xbr="1" ybr="1"></box>'), /kind "box"/],
    ['a billion pixels', xml(polygon, 'name="a.png" width="50000" height="20000"'), /50000 x 20000/],
    ['no size', xml(polygon, 'name="a.png"'), /NaN x NaN/],
    ['no name', xml(polygon, 'width="5" height="4"'), /file name/],
    ['a coordinate that is no number', xml(polygon.replace('1.00,0.00', '1.00,x')), /\(1, NaN\)/],
    ['a point with three coordinates', xml(polygon.replace('1.00,0.00', '1.00,0.00,2')), /NaN/],
    ['runs that overrun', xml(mask.replace('1, 2, 1', '1, 2, 9')), /overrun/],
    ['runs that are no numbers', xml(mask.replace('1, 2, 1', '1, 2, x')), /run 2 is NaN/],
    ['a mask outside its image', xml(mask.replace('left="2"', 'left="4"')), /lies at \(4, 1\)/],
    ['a mask of no size', xml(mask.replace('width="2"', '')), /NaN/],
    ['no label', xml(polygon.replace('label="bone"', '')), /no label/],
  ])('%s', async (_, content, message) => {
    await expect(read(content)).rejects.toThrow(AnnotationError);
    await expect(read(content)).rejects.toThrow(message);
  });

  it('an attribute that is not there', async () => {
    await expect(read(xml(polygon), { classAttribute: 'side' })).rejects.toThrow(/no attribute "side"/);
  });
});
