/**
 * @file HTML and SVG by template literals that escape whatever is put into them.
 *
 * Strings and numbers are escaped for text and quoted attributes alike; only what an `html` template itself made
 * goes in as markup. So a class named `<script>` shows as that text.
 */

/** Markup that is safe to put into a page. */
export interface Markup {
  readonly markup: string;
}

export type Content = string | number | Markup | undefined | readonly Content[];

/** Joins a template; undefined leaves nothing, lists are joined without separators. */
export function html(strings: TemplateStringsArray, ...values: readonly Content[]): Markup {
  return { markup: strings.reduce((out, part, i) => out + rendered(values[i - 1]) + part) };
}

/** Text of our own that is markup already, such as a style sheet. Never give it what a user wrote. */
export function trusted(markup: string): Markup {
  return { markup };
}

export function escapeHtml(text: string): string {
  return text.replace(/[&<>"']/g, (character) => ENTITIES[character]!);
}

const ENTITIES: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&#39;',
};

function rendered(value: Content): string {
  if (value === undefined) return '';
  if (typeof value === 'string') return escapeHtml(value);
  if (typeof value === 'number') return String(value);
  return 'markup' in value ? value.markup : value.map(rendered).join('');
}
