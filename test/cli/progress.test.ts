import { describe, expect, it } from 'vitest';
import { createProgress, formatDuration } from '../../src/cli/progress.ts';

/** A progress whose clock is set by hand. */
function atClock(isTTY: boolean): {
  progress: ReturnType<typeof createProgress>;
  written: string[];
  at: (seconds: number) => void;
} {
  const written: string[] = [];
  let time = 0;
  const stream = { isTTY, columns: 60, write: (text: string) => written.push(text) };
  return {
    progress: createProgress(stream, () => time),
    written,
    at: (seconds) => {
      time = seconds * 1000;
    },
  };
}

describe('progress', () => {
  it('says nothing about what takes less than two seconds, but that it is done', () => {
    const { progress, written, at } = atClock(true);
    progress.stageStarted('refine', 'Refining');
    at(1.9);
    progress.progress(0.9);
    progress.stageFinished('refine', 1.9);
    expect(written).toEqual(['Refining: done in 2 s\n']);
  });

  it('rewrites one line on a terminal, cut to its width', () => {
    const { progress, written, at } = atClock(true);
    progress.stageStarted('refine', 'Refining');
    at(10);
    progress.progress(0.25, 'x'.repeat(100));
    at(20);
    progress.progress(0.5, '2 of 4 images', 12);
    progress.stageFinished('refine', 40);
    expect(written[0]).toMatch(/^Refining: 25 %, 30 s left, x+$/);
    expect(written[0]).toHaveLength(59);
    expect(written.slice(1)).toEqual([
      '\r\u001b[2K',
      'Refining: 50 %, 12 s left, 2 of 4 images',
      '\r\u001b[2K',
      'Refining: done in 40 s\n',
    ]);
  });

  it('writes a line every ten seconds elsewhere', () => {
    const { progress, written, at } = atClock(false);
    progress.stageStarted('refine', 'Refining');
    for (let second = 1; second <= 25; second++) {
      at(second);
      progress.progress(second / 100);
    }
    expect(written).toEqual(['Refining: 10 %, 1 min 30 s left\n', 'Refining: 20 %, 1 min 20 s left\n']);
  });

  it('ends a line that is open before anything else is written', () => {
    const { progress, written, at } = atClock(true);
    progress.stageStarted('refine', 'Refining');
    at(5);
    progress.progress(0.5);
    progress.note('Something to know.');
    expect(written.slice(1)).toEqual(['\r\u001b[2K', '  Something to know.\n']);
  });
});

describe('durations', () => {
  it.each([
    [0, '0 s'],
    [59.4, '59 s'],
    [59.6, '1 min 00 s'],
    [605, '10 min 05 s'],
    [7800, '2 h 10 min'],
  ])('%d s is %s', (seconds, text) => {
    expect(formatDuration(seconds)).toBe(text);
  });
});
