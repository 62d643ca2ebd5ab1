/** Every reader on damaged inputs, as `npm run fuzz` does with more of them: what comes out is sound, or a named error. */
import { expect, it } from 'vitest';
import { createRng } from '../../src/base/rng.ts';
import { openPatient } from '../../tools/fuzz/attempt.ts';
import { TARGETS } from '../../tools/fuzz/targets.ts';
import { temporaryFolder } from '../temporary.ts';

const MUTANTS = 300;

it.each(TARGETS)(
  '$name',
  async (target) => {
    const patient = await openPatient(target, await temporaryFolder());
    let refused = 0;
    for (let mutant = 0; mutant < MUTANTS; mutant++) {
      const { outcome, error } = await patient.tryMutant(createRng(1).child(`${target.name} ${mutant}`));
      expect(error, `mutant ${mutant}`).toBeUndefined();
      if (outcome === 'refused') refused++;
    }
    expect(refused).toBeGreaterThan(0);
    expect(await patient.strays()).toEqual([]);
  },
  300_000,
);
