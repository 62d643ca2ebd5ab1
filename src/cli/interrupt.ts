/** @file Ctrl-C: the first lets the current step finish and be saved, the second stops at once; "Stop" on the page does the former. */
import { STOP } from '../server/children.ts';

/** The reason of an aborted signal: the user asked to stop. */
export class Interrupted extends Error {
  override readonly name = 'Interrupted';
}

export const INTERRUPTED_EXIT = 130;

/** A signal that is aborted by SIGINT, SIGTERM or the message STOP; `dispose` gives the signals back to the system. */
export function listenForInterrupt(say: (text: string) => void): {
  signal: AbortSignal;
  dispose: () => void;
} {
  const controller = new AbortController();
  const stop = (): void => {
    if (controller.signal.aborted) return;
    say('Stopping after the current step; Ctrl-C again stops at once.');
    controller.abort(new Interrupted('The user asked to stop'));
  };
  const onSignal = (): void => {
    if (controller.signal.aborted) process.exit(INTERRUPTED_EXIT);
    stop();
  };
  // While it is listened to, the channel keeps the process from ending.
  const onMessage = (message: unknown): void => {
    if (message === STOP) stop();
  };
  process.on('SIGINT', onSignal);
  process.on('SIGTERM', onSignal);
  process.on('message', onMessage);
  return {
    signal: controller.signal,
    dispose: () => {
      process.off('SIGINT', onSignal);
      process.off('SIGTERM', onSignal);
      process.off('message', onMessage);
    },
  };
}
