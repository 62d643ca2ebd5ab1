/** @file One of several processes that do the works of a benchmark: what it is told, and what it answers. */
import { PackmuleError } from '../base/errors.ts';
import { silentObserver } from '../pipeline/observer.ts';
import { runDirectory } from '../pipeline/run-directory.ts';
import { doWork } from './make.ts';
import type { Setup } from './setup.ts';
import type { Work } from './work.ts';

export type Order =
  | {
      readonly kind: 'open';
      readonly folder: string;
      /** Without what cannot be sent, a function. */
      readonly setup: Setup;
      /** Whether the device may fail a model, which then runs on the CPU. */
      readonly fallsBack: boolean;
    }
  | { readonly kind: 'do'; readonly work: Work }
  /** Save what is done of the work, and no more. */
  | { readonly kind: 'stop' };

export type Answer =
  | {
      readonly kind: 'progress';
      readonly fraction: number;
      readonly detail: string | undefined;
      readonly secondsLeft: number | undefined;
    }
  | { readonly kind: 'note'; readonly text: string }
  | { readonly kind: 'done'; readonly seconds: number }
  | { readonly kind: 'stopped' }
  | {
      readonly kind: 'failed';
      readonly error:
        | { readonly name: string; readonly seen: string; readonly need: string; readonly fix: string }
        | { readonly message: string; readonly stack: string | undefined };
    };

/** A member that answers by `answer`; gives it one order after the other. */
export function openMember(answer: (answer: Answer) => void): (order: Order) => void {
  let opened: Extract<Order, { kind: 'open' }> | undefined;
  const stopping = new AbortController();
  const note = (text: string): void => answer({ kind: 'note', text });
  const perform = async (work: Work): Promise<void> => {
    const { folder, setup, fallsBack } = opened!;
    const { signal } = stopping;
    const context = {
      run: runDirectory(folder),
      observer: {
        ...silentObserver,
        progress: (fraction: number, detail?: string, secondsLeft?: number) =>
          answer({ kind: 'progress', fraction, detail, secondsLeft }),
        note,
      },
      signal,
    };
    const compute = fallsBack
      ? { ...setup.compute, onFallback: (reason: string) => note(`${reason} It runs on the CPU instead.`) }
      : setup.compute;
    try {
      answer({ kind: 'done', seconds: await doWork(context, { ...setup, compute }, work) });
    } catch (error) {
      answer(signal.aborted ? { kind: 'stopped' } : { kind: 'failed', error: described(error) });
    }
  };
  return (order) => {
    if (order.kind === 'open') opened = order;
    else if (order.kind === 'do') void perform(order.work);
    else stopping.abort(new Error('The benchmark is stopped'));
  };
}

function described(error: unknown): Extract<Answer, { kind: 'failed' }>['error'] {
  if (error instanceof PackmuleError) {
    const { name, seen, need, fix } = error;
    return { name, seen, need, fix };
  }
  return error instanceof Error
    ? { message: error.message, stack: error.stack }
    : { message: String(error), stack: undefined };
}
