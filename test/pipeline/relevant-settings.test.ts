import { describe, expect, it } from 'vitest';
import { relevantSettings } from '../../src/pipeline/stages/refine.ts';
import { refineSettingsSchema } from '../../src/refine/settings.ts';

/** What says which masks are refined and when, not how one is. */
const ELSEWHERE = ['atlas', 'preset', 'selection', 'threshold', 'adaptSteps', 'closeUpMinutes'];

const keysOf = (refiner: string): string[] =>
  Object.keys(relevantSettings(refineSettingsSchema.parse({ refiner, ensemble: { jitters: 2 } })) as object);

describe('the settings that masks depend on', () => {
  it('are those of the refiner alone', () => {
    expect(keysOf('none')).toEqual(['refiner']);
    expect(keysOf('close-up')).toEqual(['refiner']);
    expect(keysOf('random-walker')).toEqual(['refiner', 'randomWalker', 'ensemble']);
    expect(keysOf('foal')).toEqual(keysOf('sam'));
  });

  it('leave out none of those that there are', () => {
    const all = Object.keys(refineSettingsSchema.parse({ closeUpMinutes: 1, adaptSteps: 1 }));
    expect(new Set([...keysOf('sam'), ...keysOf('random-walker'), ...ELSEWHERE])).toEqual(new Set(all));
  });
});
