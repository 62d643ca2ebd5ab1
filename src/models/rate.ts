/** @file How fast something grows, over the last seconds. */

/** Long enough to be steady, short enough to follow a connection that slows down, ms. */
const WINDOW_MS = 8_000;
/** A rate over less is noise, ms. */
const LEAST_MS = 500;

/** `now` in ms. The returned function takes the amount so far and gives its growth per second, once that is known. */
export function createRate(now: () => number): (amount: number) => number | undefined {
  const marks: { readonly time: number; readonly amount: number }[] = [];
  return (amount) => {
    const time = now();
    const last = marks.at(-1);
    // After a new start the amount is smaller, and what was before tells nothing.
    if (last !== undefined && amount < last.amount) marks.length = 0;
    if (last === undefined || marks.length === 0 || time - last.time >= 100) marks.push({ time, amount });
    while (marks.length > 2 && time - marks[1]!.time > WINDOW_MS) marks.shift();
    const [first] = marks;
    const span = time - first!.time;
    return span < LEAST_MS || amount <= first!.amount ? undefined : (1000 * (amount - first!.amount)) / span;
  };
}
