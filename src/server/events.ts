/** @file Telling all open pages what happened, so that two of them never show different things for long. */

export interface Broadcast<T> {
  send(value: T): void;
  /** Calls back for every value from now on; the returned function ends that. */
  listen(listener: (value: T) => void): () => void;
}

export function createBroadcast<T>(): Broadcast<T> {
  const listeners = new Set<(value: T) => void>();
  return {
    send: (value) => {
      for (const listener of listeners) listener(value);
    },
    listen: (listener) => {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
  };
}
