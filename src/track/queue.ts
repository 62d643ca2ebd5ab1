/**
 * @file Telling programs something without ever waiting for them: what is told is done one after the other beside the
 * work, and one that fails costs a note and nothing else.
 */

export interface Queue<Listener> {
  /** Done for each listener after what it was told before. */
  tell(what: (listener: Listener) => Promise<void>): void;
  /** Waits a moment for what was told; the rest is dropped. */
  end(): Promise<void>;
}

/** The longest that the end of a work waits for its listeners, ms. */
const PATIENCE_MS = 10_000;

export function openQueue<Listener extends { readonly name: string }>(
  listeners: readonly Listener[],
  note: (text: string) => void,
): Queue<Listener> {
  const queues = new Map(listeners.map((listener) => [listener, Promise.resolve()]));
  const warned = new Set<Listener>();
  let closed = false;
  return {
    tell: (what) => {
      for (const [listener, before] of queues) {
        const next = before.then(async () => {
          if (closed) return;
          try {
            await what(listener);
          } catch (error) {
            if (warned.has(listener)) return;
            warned.add(listener);
            note(`${listener.name} cannot be told how the run goes: ${reasonOf(error)}. The run goes on.`);
          }
        });
        queues.set(listener, next);
      }
    },
    end: async () => {
      await Promise.race([Promise.all(queues.values()), patience()]);
      closed = true;
    },
  };
}

/** Without keeping the process from ending. */
function patience(): Promise<void> {
  return new Promise((done) => {
    setTimeout(done, PATIENCE_MS).unref();
  });
}

/** What a failed request says lies in its cause. */
function reasonOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  const { cause } = error;
  return cause instanceof Error && cause.message !== '' ? cause.message : error.message;
}
