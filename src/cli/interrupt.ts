/** @file Ctrl-C: the first lets the current step finish and be saved, the second stops at once. */

/** The reason of an aborted signal: the user asked to stop. */
export class Interrupted extends Error {
  override readonly name = 'Interrupted';
}

export const INTERRUPTED_EXIT = 130;

/** A signal that is aborted by SIGINT or SIGTERM; `dispose` gives the signals back to the system. */
export function listenForInterrupt(say: (text: string) => void): {
  signal: AbortSignal;
  dispose: () => void;
} {
  const controller = new AbortController();
  const onSignal = (): void => {
    if (controller.signal.aborted) process.exit(INTERRUPTED_EXIT);
    say('Stopping after the current step; Ctrl-C again stops at once.');
    controller.abort(new Interrupted('The user asked to stop'));
  };
  process.on('SIGINT', onSignal);
  process.on('SIGTERM', onSignal);
  return {
    signal: controller.signal,
    dispose: () => {
      process.off('SIGINT', onSignal);
      process.off('SIGTERM', onSignal);
    },
  };
}
