import fc from 'fast-check';
import { expect, it } from 'vitest';
import { parseCsv } from '../../src/base/csv.ts';

it('reads the rows by the names of the first', () => {
  expect(parseCsv('image,side\na.png,L\n\nb.png,R\n')).toEqual([
    { image: 'a.png', side: 'L' },
    { image: 'b.png', side: 'R' },
  ]);
  expect(parseCsv('\uFEFFimage;side\r\na.png\r\n')).toEqual([{ image: 'a.png', side: '' }]);
  expect(parseCsv('')).toEqual([]);
});

it('gives any quoted cells back', () => {
  const cell = fc.string({ maxLength: 12 }).map((text) => text.replaceAll('\r', ''));
  fc.assert(
    fc.property(
      fc.array(fc.tuple(cell, cell), { maxLength: 5 }),
      fc.constantFrom(',', ';', '\t'),
      (rows, mark) => {
        const quoted = rows.map((row) => row.map((text) => `"${text.replaceAll('"', '""')}"`).join(mark));
        const expected = rows.map(([a, b]) => ({ a: a.trim(), b: b.trim() }));
        expect(parseCsv([`a${mark}b`, ...quoted].join('\n'))).toEqual(expected);
      },
    ),
  );
});

it('reads no table of more than five million cells, also where its rows are short', () => {
  expect(parseCsv(`a,b\n${','.repeat(5e6)}`)).toBeUndefined();
  expect(parseCsv(`${'a,'.repeat(5000)}b\n${'c\n'.repeat(1000)}`)).toBeUndefined();
  expect(parseCsv(`a,b\n${'c\n'.repeat(1000)}`)).toHaveLength(1000);
});
