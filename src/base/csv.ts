/** @file Small tables of text: CSV (RFC 4180), with commas, semicolons or tabs. */

/** The rows as records by the names in the first row, which also tells the separator. Empty lines are left out. */
export function parseCsv(text: string): Readonly<Record<string, string>>[] {
  const [first = ''] = text.split('\n', 1);
  const separator = [',', ';', '\t'].find((mark) => first.includes(mark)) ?? ',';
  const [head = [], ...rows] = cellsOf(text.replace(/^\uFEFF/, ''), separator).filter(
    (row) => row.length > 1 || row[0] !== '',
  );
  return rows.map((row) => Object.fromEntries(head.map((name, i) => [name.trim(), (row[i] ?? '').trim()])));
}

function cellsOf(text: string, separator: string): string[][] {
  const rows: string[][] = [[]];
  let cell = '';
  let quoted = false;
  for (let i = 0; i < text.length; i++) {
    const letter = text[i]!;
    if (quoted) {
      if (letter !== '"') cell += letter;
      else if (text[i + 1] === '"') {
        cell += '"';
        i++;
      } else quoted = false;
    } else if (letter === '"') quoted = true;
    else if (letter === separator || letter === '\n') {
      rows.at(-1)!.push(cell.replace(/\r$/, ''));
      cell = '';
      if (letter === '\n') rows.push([]);
    } else cell += letter;
  }
  rows.at(-1)!.push(cell.replace(/\r$/, ''));
  return rows;
}
