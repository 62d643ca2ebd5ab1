import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { escapeHtml, html, trusted } from '../../src/report/markup.ts';

describe('html templates', () => {
  it('escape text and attributes, keep markup of their own, join lists and skip undefined', () => {
    const items = ['<b>', 'a & b'].map((text) => html`<li title="${text}">${text}</li>`);
    expect(html`<ul>${items}${undefined}${3}</ul>`.markup).toBe(
      '<ul><li title="&lt;b&gt;">&lt;b&gt;</li><li title="a &amp; b">a &amp; b</li>3</ul>',
    );
    expect(html`${trusted('<i>')}`.markup).toBe('<i>');
  });

  it('never let a string open a tag or leave an attribute', () => {
    fc.assert(
      fc.property(fc.string(), (text) => {
        expect(escapeHtml(text)).not.toMatch(/[<>"']/);
        expect(html`${text}`.markup).toBe(escapeHtml(text));
      }),
    );
  });
});
