/** @file The refiner that changes nothing: raw pseudo labels, the row of comparison. */
import { checkInitialMasks, type MaskProvenance, type Refiner } from './refiner.ts';

export function createNoRefiner(): Refiner {
  return {
    name: 'none',
    async refine(image, initial, context) {
      context.signal?.throwIfAborted();
      checkInitialMasks(image, initial, context.classes);
      const provenance: MaskProvenance = { refiner: 'none', agreement: 1 };
      const evidence = { agreement: 1 };
      return initial.map(({ classIndex, mask, score }) => ({
        classIndex,
        mask,
        score,
        evidence,
        provenance,
      }));
    },
    async close() {},
  };
}
