/** @file Starts the page. */
import { render } from 'preact';
import { listenForKeys } from './actions/commands.ts';
import { isKept, keepDrafts } from './actions/drafts.ts';
import { saveAsDrawn } from './actions/label.ts';
import { followOthers, openRoom } from './actions/room.ts';
import { useColours } from './colours.ts';
import { unsaved } from './store.ts';
import './style.css';
import { App } from './ui/App.tsx';

useColours();
render(<App />, document.getElementById('app')!);
listenForKeys();
saveAsDrawn();
keepDrafts();
followOthers();
void openRoom();

addEventListener('beforeunload', (event) => {
  if (unsaved.value.size > 0 && !isKept()) event.preventDefault();
});
