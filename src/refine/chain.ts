/** @file Two refiners, one after the other: the second redraws what the first has drawn. */
import { maskAgreement } from '../masks/overlap.ts';
import type { InitialMask, RefinedMask, Refiner } from './refiner.ts';

export function chainRefiners(name: string, first: Refiner, second: Refiner): Refiner {
  return {
    name,
    async refine(image, initial, context) {
      const drawn = await first.refine(image, initial, context);
      const redrawn = await second.refine(
        image,
        drawn.map(({ classIndex, mask, score }) => ({ classIndex, mask, score })),
        context,
      );
      return initial.map((item, k) => joined(name, item, drawn[k]!, redrawn[k]!));
    },
    async close() {
      await first.close();
      await second.close();
    },
  };
}

/**
 * What is known of a mask is what both found; of what both tell, what the second does, whose mask it is. The agreement is
 * with the mask that the first was given, the confidence the first one's. Where the second had no answer, the first's is
 * the whole.
 */
function joined(name: string, initial: InitialMask, first: RefinedMask, second: RefinedMask): RefinedMask {
  const { keptInitial, ...said } = first.provenance;
  if (second.provenance.keptInitial !== undefined)
    return { ...first, provenance: { ...first.provenance, refiner: name } };
  const agreement = maskAgreement(initial.mask, second.mask);
  return {
    ...second,
    evidence: { ...first.evidence, ...second.evidence, agreement },
    provenance: { ...said, ...second.provenance, refiner: name, agreement },
  };
}
