/** docs/formats.md says what the formats say of themselves. */
import { readFile } from 'node:fs/promises';
import { expect, it } from 'vitest';
import { annotationFormats } from '../../src/annotations/formats.ts';

it('the table of annotation formats is that of the code', async () => {
  const text = await readFile(new URL('../../docs/formats.md', import.meta.url), 'utf8');
  const [, section] = /<!-- annotation formats:[^\n]*-->\n([\s\S]*?)\n<!-- end -->/.exec(text) ?? [];
  const yes = (value: boolean): string => (value ? 'yes' : '');
  const rows = annotationFormats.map(({ id, name, holds, read, write }) => [
    name,
    write === undefined ? '' : `\`${id}\``,
    yes(read !== undefined),
    yes(write !== undefined),
    yes(holds.overlaps),
    yes(holds.exact),
    yes(holds.classList),
    holds.fileEndings ? 'whole' : 'without ending',
    yes(holds.notes.includes('score')),
    yes(holds.notes.includes('trust')),
  ]);
  const lines = section?.split('\n').filter((line) => line.startsWith('|')) ?? [];
  expect(lines.slice(2)).toEqual(rows.map((cells) => `| ${cells.join(' | ')} |`));
});
