/** @file A chart drawn twice, for wide and narrow screens: one scaled down to 400 px could not be read. */
import { html, type Markup } from '../markup.ts';

export function bothWidths(
  chart: (width: number) => Markup | undefined,
  wide: number,
  narrow: number,
): Markup {
  return html`<div class="only-wide">${chart(wide)}</div><div class="only-narrow">${chart(narrow)}</div>`;
}
