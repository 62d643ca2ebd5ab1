/** @file Undo and redo without limit, of values that are never changed in place. */

export interface History<T> {
  /** Oldest first. */
  readonly past: readonly T[];
  readonly present: T;
  /** Next one first. */
  readonly future: readonly T[];
}

export function startHistory<T>(present: T): History<T> {
  return { past: [], present, future: [] };
}

/** A new present; what was undone before is forgotten. The same value again is no step. */
export function step<T>({ past, present, future }: History<T>, next: T): History<T> {
  return next === present
    ? { past, present, future }
    : { past: [...past, present], present: next, future: [] };
}

/** Another present in the place of this one, as while a stroke goes on. */
export function amend<T>({ past, future }: History<T>, present: T): History<T> {
  return { past, present, future };
}

/** A history of changed values, without steps that then change nothing. */
export function mapHistory<T>(
  { past, present, future }: History<T>,
  change: (value: T) => T,
  isSame: (a: T, b: T) => boolean,
): History<T> {
  const [earlier, now, later] = [past.map(change), change(present), future.map(change)];
  return {
    past: earlier.filter((value, i) => !isSame(value, earlier[i + 1] ?? now)),
    present: now,
    future: later.filter((value, i) => !isSame(value, later[i - 1] ?? now)),
  };
}

export function undo<T>(history: History<T>): History<T> {
  const { past, present, future } = history;
  return past.length === 0
    ? history
    : { past: past.slice(0, -1), present: past.at(-1)!, future: [present, ...future] };
}

export function redo<T>(history: History<T>): History<T> {
  const { past, present, future } = history;
  return future.length === 0
    ? history
    : { past: [...past, present], present: future[0]!, future: future.slice(1) };
}
