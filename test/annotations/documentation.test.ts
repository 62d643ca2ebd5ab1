/** The table of annotation formats in docs/formats.md is made here, from what the formats say of themselves. */
import { readFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { expect, it } from 'vitest';
import { annotationFormats } from '../../src/annotations/formats.ts';

const PAGE = fileURLToPath(new URL('../../docs/formats.md', import.meta.url));
const HEAD =
  '| format | `--to` | read | written | classes may overlap | every pixel | class list | image name | score | trust |';

it('the table of annotation formats is that of the code; vitest -u writes it', async () => {
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
  const lines = [HEAD, HEAD.replace(/ [^|]+ /g, '---'), ...rows.map((cells) => `| ${cells.join(' | ')} |`)];
  const page = await readFile(PAGE, 'utf8');
  const [before, , after] = page.split(/(?<=<!-- annotation formats: [^\n]*-->\n\n)|(?=\n\n<!-- end -->)/);
  expect(after).toBeDefined();
  await expect(`${before}${lines.join('\n')}${after}`).toMatchFileSnapshot(PAGE);
});
