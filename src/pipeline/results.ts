/**
 * @file What came of images, by their ids. Each is kept as text: tens of thousands of images of live objects make every
 * collection of garbage longer, and such work makes much garbage, so that the time of an image would grow with their
 * number.
 */

/** Results by id; each is made anew whenever it is asked for. */
export interface Results<T> {
  has(id: string): boolean;
  get(id: string): T | undefined;
  ids(): Iterable<string>;
}

export interface GrowingResults<T> extends Results<T> {
  /** `T` is plain JSON. */
  set(id: string, value: T): void;
}

export function createResults<T>(entries: Iterable<readonly [string, T]> = []): GrowingResults<T> {
  const texts = new Map<string, string>();
  const set = (id: string, value: T): void => {
    texts.set(id, JSON.stringify(value));
  };
  for (const [id, value] of entries) set(id, value);
  return {
    has: (id) => texts.has(id),
    get: (id) => {
      const text = texts.get(id);
      return text === undefined ? undefined : (JSON.parse(text) as T);
    },
    ids: () => texts.keys(),
    set,
  };
}

/** All results of several; where two have one of the same id, that of the latter holds. */
export function joinResults<T>(all: readonly Results<T>[]): Results<T> {
  const owner = new Map(all.flatMap((results) => [...results.ids()].map((id) => [id, results] as const)));
  return {
    has: (id) => owner.has(id),
    get: (id) => owner.get(id)?.get(id),
    ids: () => owner.keys(),
  };
}
