/** @file The last few results of slow work, by name. */

export interface Memory<T> {
  /** The result that is kept, or that of `make`. Work that failed is done again. */
  get(name: string, make: () => Promise<T>): Promise<T>;
  /** The result that is kept or being made, if any. */
  peek(name: string): Promise<T> | undefined;
}

/** Keeps `capacity` results; the one that was not asked for the longest goes first. */
export function createMemory<T>(capacity: number): Memory<T> {
  const kept = new Map<string, Promise<T>>();
  return {
    get: (name, make) => {
      const found = kept.get(name);
      const result = found ?? make();
      // A map keeps the order in which entries were put in, so the oldest comes first.
      kept.delete(name);
      kept.set(name, result);
      if (found === undefined) result.catch(() => kept.get(name) === result && kept.delete(name));
      if (kept.size > capacity) kept.delete(kept.keys().next().value!);
      return result;
    },
    peek: (name) => kept.get(name),
  };
}
