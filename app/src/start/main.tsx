/** @file Starts the start page. */
import { render } from 'preact';
import { useColours } from '../colours.ts';
import { openPage } from './actions.ts';
import './start.css';
import { Desk } from './Desk.tsx';

useColours();
render(<Desk />, document.getElementById('start')!);
void openPage();
// A file that misses its place would replace the page.
for (const event of ['dragover', 'drop']) addEventListener(event, (dropped) => dropped.preventDefault());
