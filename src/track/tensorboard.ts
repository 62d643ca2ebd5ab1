/** @file A run as event files for TensorBoard: a folder for each training, and one for what the run was measured to be. */
import { appendFile } from 'node:fs/promises';
import { join } from 'node:path';
import { writeFileAtomic } from '../base/files.ts';
import type { EpochLog } from '../training/types.ts';
import { scalarsRecord, versionRecord } from './events.ts';
import { scalarsOf, type Target } from './target.ts';

/** TensorBoard looks for this in names; always the same one, so that a training that goes on is one curve. */
const FILE = 'events.out.tfevents.packmule';

/** `now` is the time in seconds since 1970. */
export function tensorboardTarget(folder: string, now: () => number = () => Date.now() / 1000): Target {
  /** Epochs that each file has by this process; what earlier ones wrote may go beyond the last checkpoint. */
  const written = new Map<string, number>();
  return {
    name: 'TensorBoard',
    epoch: async (training, curve) => {
      const path = join(folder, training, FILE);
      const before = written.get(training);
      const last = curve.at(-1)!;
      const recordOf = (log: EpochLog): Uint8Array =>
        scalarsRecord(now() - (last.seconds - log.seconds), log.epoch, scalarsOf(log));
      if (before === undefined) await writeFileAtomic(path, [versionRecord(now()), ...curve.map(recordOf)]);
      else for (const log of curve.slice(before)) await appendFile(path, recordOf(log));
      written.set(training, curve.length);
    },
    figures: (values) =>
      writeFileAtomic(join(folder, 'evaluation', FILE), [
        versionRecord(now()),
        scalarsRecord(now(), 0, values),
      ]),
    end: async () => undefined,
  };
}
