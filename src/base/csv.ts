/** @file Small tables of text: CSV (RFC 4180), with commas, semicolons or tabs. */

/** Largest table, rows by columns. Each takes up to 100 bytes of memory. */
export const MAX_CELLS = 5e6;

/**
 * The rows as records by the names in the first row, which also tells the separator. Empty lines are left out. Undefined
 * where there are more than MAX_CELLS.
 */
export function parseCsv(text: string): Readonly<Record<string, string>>[] | undefined {
  const [first = ''] = text.split('\n', 1);
  const separator = [',', ';', '\t'].find((mark) => first.includes(mark)) ?? ',';
  const cells = cellsOf(text.replace(/^\uFEFF/, ''), separator);
  const [head = [], ...rows] = cells ?? [];
  // A row that is short is filled up.
  if (cells === undefined || head.length * rows.length > MAX_CELLS) return undefined;
  return rows.map((row) => Object.fromEntries(head.map((name, i) => [name.trim(), (row[i] ?? '').trim()])));
}

/** Without empty lines. */
function cellsOf(text: string, separator: string): string[][] | undefined {
  const rows: string[][] = [];
  let row: string[] = [];
  let cell = '';
  let quoted = false;
  let count = 0;
  const endCell = (): void => {
    row.push(cell.replace(/\r$/, ''));
    cell = '';
    count++;
  };
  const endRow = (): void => {
    endCell();
    if (row.length > 1 || row[0] !== '') rows.push(row);
    row = [];
  };
  for (let i = 0; i < text.length && count <= MAX_CELLS; i++) {
    const letter = text[i]!;
    if (quoted) {
      if (letter !== '"') cell += letter;
      else if (text[i + 1] === '"') {
        cell += '"';
        i++;
      } else quoted = false;
    } else if (letter === '"') quoted = true;
    else if (letter === separator) endCell();
    else if (letter === '\n') endRow();
    else cell += letter;
  }
  endRow();
  return count > MAX_CELLS ? undefined : rows;
}
