/** @file Opening an address in the user's browser, where there is one. */
import { spawn } from 'node:child_process';
import { platform } from 'node:os';

const COMMANDS: Readonly<Partial<Record<NodeJS.Platform, readonly string[]>>> = {
  darwin: ['open'],
  win32: ['cmd', '/c', 'start', ''],
};

/** Asks the system to show the address; whoever has no browser here opens the printed one elsewhere. */
export function openBrowser(url: string): void {
  const [command, ...args] = COMMANDS[platform()] ?? ['xdg-open'];
  const child = spawn(command!, [...args, url], { stdio: 'ignore', detached: true });
  child.on('error', () => undefined);
  child.unref();
}
