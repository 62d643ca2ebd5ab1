import { describe, expect, it } from 'vitest';
import { meanAgreement } from '../../src/benchmark/agreement.ts';
import { encodeRle } from '../../src/masks/rle.ts';

const rle = encodeRle({ height: 1, width: 1, data: Uint8Array.of(1) });
const mask = (provenance: Record<string, unknown>) => ({ classIndex: 0, rle, provenance });

describe('the agreement of the masks of an image', () => {
  it('is the mean over its masks, of which one without an answer agrees with nothing', () => {
    const refined = mask({ refiner: 'foal', agreement: 0.8 });
    const kept = mask({
      refiner: 'foal',
      agreement: 1,
      keptInitial: 'the model answered with an empty mask',
    });
    expect(meanAgreement([refined, refined])).toBeCloseTo(0.8);
    expect(meanAgreement([refined, kept])).toBeCloseTo(0.4);
    expect(meanAgreement([])).toBe(0);
  });
});
