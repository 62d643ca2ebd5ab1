/**
 * @file Progress on stderr, so that stdout stays for results: one line that is rewritten on a terminal, otherwise a
 * line every ten seconds. Work of less than two seconds shows nothing until it is done.
 */
import type { RunObserver } from '../pipeline/observer.ts';

/** What of a stream is needed. */
export interface ProgressStream {
  readonly isTTY?: boolean;
  readonly columns?: number;
  write(text: string): unknown;
}

const QUIET_MS = 2_000;
const REWRITE_MS = 100;
const LINE_MS = 10_000;

export interface Progress extends RunObserver {
  /** Ends a line that is still being rewritten. */
  end(): void;
}

/** `now` is the clock in ms. */
export function createProgress(
  stream: ProgressStream,
  now: () => number = () => performance.now(),
): Progress {
  const terminal = stream.isTTY === true;
  let title = '';
  let started = 0;
  let lastShown = 0;
  let open = false;

  const clear = (): void => {
    if (open) stream.write('\r\u001b[2K');
    open = false;
  };
  const line = (text: string): void => {
    clear();
    stream.write(`${text}\n`);
  };
  const rewrite = (text: string): void => {
    clear();
    // A line longer than the terminal would wrap and could not be rewritten.
    stream.write(text.slice(0, Math.max(20, (stream.columns ?? 80) - 1)));
    open = true;
  };

  return {
    stageStarted: (_stage, newTitle) => {
      title = newTitle;
      started = now();
      lastShown = started;
    },
    progress: (fraction, detail, secondsLeft) => {
      const time = now();
      if (time - started < QUIET_MS || time - lastShown < (terminal ? REWRITE_MS : LINE_MS)) return;
      lastShown = time;
      const elapsed = (time - started) / 1000;
      const left = secondsLeft ?? (fraction > 0 ? (elapsed / fraction) * (1 - fraction) : undefined);
      const parts = [
        `${title}: ${Math.floor(100 * fraction)} %`,
        ...(left === undefined ? [] : [`${formatDuration(left)} left`]),
        ...(detail === undefined ? [] : [detail]),
      ];
      if (terminal) rewrite(parts.join(', '));
      else line(parts.join(', '));
    },
    stageFinished: (_stage, seconds) => line(`${title}: done in ${formatDuration(seconds)}`),
    stageSkipped: (_stage, skipped) => line(`${skipped}: done before, nothing has changed`),
    note: (text) => line(`  ${text}`),
    end: clear,
  };
}

/** `8 s`, `4 min 05 s`, `2 h 10 min`. */
export function formatDuration(seconds: number): string {
  const whole = Math.round(seconds);
  const two = (value: number): string => String(value).padStart(2, '0');
  if (whole < 60) return `${whole} s`;
  if (whole < 3600) return `${Math.floor(whole / 60)} min ${two(whole % 60)} s`;
  return `${Math.floor(whole / 3600)} h ${two(Math.floor((whole % 3600) / 60))} min`;
}
