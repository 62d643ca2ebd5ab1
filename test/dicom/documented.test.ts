import { readFileSync } from 'node:fs';
import { expect, it } from 'vitest';
import { CODECS } from '../../src/dicom/codecs.ts';
import { IMAGE_EXTENSIONS } from '../../src/imaging/read.ts';

const page = readFileSync(new URL('../../docs/formats.md', import.meta.url), 'utf8');

it('docs/formats.md lists the transfer syntaxes that are decoded, and no others', () => {
  const listed = [...page.matchAll(/^\| (1\.2\.840[\d.]+) \| (.+) \|$/gm)].map(([, uid, name]) => [
    uid,
    name,
  ]);
  expect(listed).toEqual(Object.entries(CODECS).map(([uid, { name }]) => [uid, name]));
});

it('docs/formats.md lists the endings of image files, and no others', () => {
  const table = page.slice(page.indexOf('| format |'), page.indexOf('What a file is'));
  const listed = [...table.matchAll(/(?<= )\.[a-z.]+(?=[,| ])/g)].map(([ending]) => ending);
  expect(listed.sort()).toEqual([...IMAGE_EXTENSIONS].sort());
});
