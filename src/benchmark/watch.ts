/** @file What several works tell at once, for an observer that shows one stage at a time. */
import type { RunObserver } from '../pipeline/observer.ts';
import { duration } from '../report/format.ts';

/** From a work's title to its observer. Works that are done one after the other have the one there is. */
export function watchWorks(observer: RunObserver, size: number): (title: string) => RunObserver {
  if (size === 1) return () => observer;
  let begun = false;
  return (title) => {
    const start = performance.now();
    return {
      ...observer,
      stageStarted: (kind) => {
        if (!begun) observer.stageStarted(kind, `${size} works at once`);
        begun = true;
      },
      progress: (fraction, detail, secondsLeft) => {
        const seconds = (performance.now() - start) / 1000;
        const left = secondsLeft ?? (fraction > 0 ? (seconds / fraction) * (1 - fraction) : undefined);
        observer.progress(fraction, detail === undefined ? title : `${title}, ${detail}`, left);
      },
      stageFinished: (_, seconds) => observer.note(`${title}: done in ${duration(seconds / 60)}`),
    };
  };
}
