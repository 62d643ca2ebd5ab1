/** @file The colours of the report, for the style sheets of the pages. */
import { DARK_COLOURS, LIGHT_COLOURS } from '../../src/report/colours.ts';

/** They are TypeScript, and a page may have no style sheet but its own files'. */
export function useColours(): void {
  const colours = new CSSStyleSheet();
  colours.replaceSync(`:root{${LIGHT_COLOURS}}@media(prefers-color-scheme:dark){:root{${DARK_COLOURS}}}`);
  document.adoptedStyleSheets = [colours];
}
