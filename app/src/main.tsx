/** @file Starts the page. */
import { render } from 'preact';
import { listenForKeys } from './actions/commands.ts';
import { saveAsDrawn } from './actions/label.ts';
import { openRoom } from './actions/load.ts';
import { firstUnsaved } from './actions/masks.ts';
import { useColours } from './colours.ts';
import './style.css';
import { App } from './ui/App.tsx';

useColours();
render(<App />, document.getElementById('app')!);
listenForKeys();
saveAsDrawn();
void openRoom();

addEventListener('beforeunload', (event) => {
  if (firstUnsaved() !== undefined) event.preventDefault();
});
