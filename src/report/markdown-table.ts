/** @file Tables of Markdown whose cells hold any text. */

/** Text as it is to be read, or Markdown. */
export type MarkdownCell = string | { readonly markdown: string };

/** The first column stands left, the others right unless told otherwise. */
export function markdownTable(
  head: readonly string[],
  body: readonly (readonly MarkdownCell[])[],
  align: 'left' | 'right' = 'right',
): string {
  const line = (cells: readonly MarkdownCell[]): string =>
    `| ${cells.map((cell) => (typeof cell === 'string' ? markdownText(cell) : cell.markdown)).join(' | ')} |`;
  const rule = `|${head.map((_, i) => (i === 0 || align === 'left' ? ' --- ' : ' ---: ')).join('|')}|`;
  return [line(head), rule, ...body.map(line)].join('\n');
}

/** Text that neither ends a cell nor is taken for markup. */
export function markdownText(text: string): string {
  return text.replace(/[\\`*_[\]<>|]/g, '\\$&').replace(/\s+/g, ' ');
}
