/** @file Starts the page. */
import { render } from 'preact';
import { DARK_COLOURS, LIGHT_COLOURS } from '../../src/report/colours.ts';
import { listenForKeys } from './actions/commands.ts';
import { saveAsDrawn } from './actions/label.ts';
import { openRoom } from './actions/load.ts';
import { firstUnsaved } from './actions/masks.ts';
import './style.css';
import { App } from './ui/App.tsx';

// The colours of the report, which are TypeScript; the page may have no style sheet but its own files'.
const colours = new CSSStyleSheet();
colours.replaceSync(`:root{${LIGHT_COLOURS}}@media(prefers-color-scheme:dark){:root{${DARK_COLOURS}}}`);
document.adoptedStyleSheets = [colours];

render(<App />, document.getElementById('app')!);
listenForKeys();
saveAsDrawn();
void openRoom();

addEventListener('beforeunload', (event) => {
  if (firstUnsaved() !== undefined) event.preventDefault();
});
