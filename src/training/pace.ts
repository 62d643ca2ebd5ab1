/** @file What the loops of all trainings share: when to save, and when to give up. */
import { TrainingError } from '../base/errors.ts';

/** Seconds of work that a kill may cost, unless it is set otherwise. */
export const SAVE_SECONDS = 20;
/** Saving takes a twentieth of the time at most; where it takes long, it is done less often. */
const SAVE_SHARE = 20;

/** Saves now, or where `seconds` have passed since the last time; not twice at once. */
export function pacedSaver(
  write: () => Promise<void>,
  seconds: number = SAVE_SECONDS,
): {
  save(): Promise<void>;
  saveWhenDue(): Promise<void>;
} {
  let [savedAt, saveMs, isSaving] = [performance.now(), 0, false];
  const save = async (): Promise<void> => {
    isSaving = true;
    const before = performance.now();
    await write();
    savedAt = performance.now();
    saveMs = savedAt - before;
    isSaving = false;
  };
  const isDue = (): boolean =>
    !isSaving && performance.now() - savedAt > Math.max(seconds * 1000, SAVE_SHARE * saveMs);
  return { save, saveWhenDue: async () => (isDue() ? save() : undefined) };
}

/** @throws TrainingError where the loss is not finite; `setting` is what the peak learning rate is called. */
export function requireFiniteLoss(loss: number, step: number, peak: number, setting: string): void {
  if (Number.isFinite(loss)) return;
  throw new TrainingError({
    seen: `The loss is ${loss} at step ${step}`,
    need: 'A finite loss',
    fix: `Lower ${setting} (it is ${peak}) and start again`,
  });
}
