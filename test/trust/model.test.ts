import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { createRng } from '../../src/base/rng.ts';
import type { Evidence } from '../../src/refine/evidence.ts';
import { keepInitial } from '../../src/refine/refiner.ts';
import { FEWEST_PAIRS, fitTrust, type TrustPair, trustOf } from '../../src/trust/model.ts';
import { sigmoid } from '../../src/trust/regression.ts';
import { reliabilityOf } from '../../src/trust/reliability.ts';
import { disk, initialMask } from '../refine/scenes.ts';

const PLAIN: Evidence = {
  confidence: 0.8,
  imageConfidence: 0.8,
  agreement: 0.9,
  overlap: 0,
  frequency: 1,
};

/** Masks whose true Dice follows confidence and distance from the usual place, with noise. */
function masks(count: number, seed = 1, noise = 0.5): TrustPair[] {
  const rng = createRng(seed);
  return Array.from({ length: count }, (_, i) => {
    const confidence = rng.between(0.05, 0.95);
    const placeDeviation = Math.abs(rng.normal());
    const odds = 1.2 * Math.log(confidence / (1 - confidence)) - 1.5 * placeDeviation + 1;
    const evidence = { ...PLAIN, confidence, placeDeviation, agreement: rng.between(0.5, 1) };
    const dice = sigmoid(odds + noise * rng.normal());
    return { image: `${i % 12}.png`, fold: i % 3, classIndex: 0, evidence, dice };
  });
}

describe('fitTrust', () => {
  it('is calibrated on masks it has not seen, and ranks them', () => {
    const { model, heldOut, pairs, images } = fitTrust(masks(600));
    expect(model.calibrated).toBe(true);
    expect([pairs, images]).toEqual([600, 12]);
    const fresh = reliabilityOf(
      masks(2000, 2).map(({ evidence, dice }) => ({ trust: trustOf(model, evidence), dice })),
    );
    for (const { calibrationError, spearman } of [heldOut!, fresh]) {
      expect(calibrationError).toBeLessThan(0.03);
      expect(spearman).toBeGreaterThan(0.9);
    }
    expect(fresh.meanTrust).toBeCloseTo(fresh.meanDice!, 1);
  });

  it('judges each fold by the others alone', () => {
    // In the last fold Dice falls with confidence: a model that had seen it would not rank it the wrong way round.
    const pairs = masks(300, 1, 0).map((pair) => (pair.fold === 2 ? { ...pair, dice: 1 - pair.dice } : pair));
    const own = pairs.filter(({ fold }) => fold === 2);
    const others = fitTrust(pairs.filter(({ fold }) => fold !== 2)).model;
    const { heldOut } = fitTrust(pairs);
    const expected = own.map(({ evidence, dice }) => ({ trust: trustOf(others, evidence), dice }));
    expect(reliabilityOf(expected).spearman).toBeLessThan(-0.95);
    expect(heldOut!.spearman).toBeLessThan(0.2);
  });

  it('rises with a single number that rises with Dice', () => {
    const pairs = masks(90, 3, 0).map((pair) => ({
      ...pair,
      evidence: { ...PLAIN, confidence: pair.evidence.confidence },
      dice: pair.evidence.confidence ** 2,
    }));
    const { model } = fitTrust(pairs);
    const trusts = Array.from({ length: 50 }, (_, i) =>
      trustOf(model, { ...PLAIN, confidence: 0.02 + i * 0.0196 }),
    );
    for (let i = 1; i < trusts.length; i++) expect(trusts[i]).toBeGreaterThanOrEqual(trusts[i - 1]!);
    expect(trusts.at(-1)! - trusts[0]!).toBeGreaterThan(0.7);
  });

  it('does not go on beyond the evidence it has seen', () => {
    const pairs = masks(90, 3, 0).filter(({ evidence }) => evidence.confidence < 0.6);
    const { model } = fitTrust(pairs);
    const [inside, edge, beyond] = [0.4, 0.6, 0.95].map((confidence) =>
      trustOf(model, { ...PLAIN, confidence, placeDeviation: 0.5 }),
    );
    expect(edge! - inside!).toBeGreaterThan(0.05);
    expect(beyond! - edge!).toBeCloseTo(0, 2);
  });

  it('gives structures little trust that look like invented ones', () => {
    const pairs = masks(120, 5).map((pair, i) =>
      i % 4 === 0
        ? { ...pair, dice: 0, evidence: { ...pair.evidence, frequency: 0.1 } }
        : { ...pair, dice: 0.9 },
    );
    const { model } = fitTrust(pairs);
    expect(trustOf(model, { ...PLAIN, frequency: 0.1 })).toBeLessThan(0.15);
    expect(trustOf(model, PLAIN)).toBeGreaterThan(0.8);
  });

  it('takes evidence that a mask lacks as average, and leaves out what no mask has', () => {
    const { model } = fitTrust(masks(200));
    if (!model.calibrated) throw new Error('not calibrated');
    const names = model.features.map(({ name }) => name);
    expect(names).toEqual(['confidence', 'agreement', 'placeDeviation']);
    const { mean } = model.features[2]!;
    const without = trustOf(model, PLAIN);
    expect(without).toBe(trustOf(model, { ...PLAIN, placeDeviation: mean }));
    expect(trustOf(model, { ...PLAIN, predictedIou: 0.1 })).toBe(without);
  });

  it('never trusts a mask more because the refiner had no answer and kept it', () => {
    const { evidence: kept } = keepInitial(initialMask(0, disk(20, 20, 5)), 'sam', 'no prompt');
    const pairs = masks(200).map((pair) => ({ ...pair, dice: pair.dice * pair.evidence.agreement }));
    const { model } = fitTrust(pairs);
    const ofKept = trustOf(model, { ...PLAIN, ...kept });
    for (const agreement of [0.6, 0.8, 1])
      expect(ofKept, `${agreement}`).toBeLessThan(trustOf(model, { ...PLAIN, agreement }));
    expect(trustOf({ calibrated: false, reason: 'few masks' }, { ...PLAIN, ...kept })).toBe(0);
  });

  it.each([
    ['masks', masks(FEWEST_PAIRS - 1)],
    ['images', masks(100).map((pair) => ({ ...pair, image: `${pair.fold % 2}.png` }))],
    ['anything', []],
  ])('is not calibrated on too few %s, and says so', (_, pairs) => {
    const { model, heldOut } = fitTrust(pairs);
    expect(model).toEqual({ calibrated: false, reason: expect.stringContaining(`${pairs.length} masks`) });
    expect(heldOut).toBeUndefined();
    expect(trustOf(model, { ...PLAIN, componentShare: 0.5, stability: 0.7 })).toBeCloseTo(0.8 * 0.5 * 0.7);
  });

  it('gives trust in [0, 1] for any evidence, also after a way through JSON', () => {
    const { model } = fitTrust(masks(80));
    const share = fc.double({ min: 0, max: 1, noNaN: true });
    const evidence = fc.record(
      {
        confidence: share,
        imageConfidence: share,
        agreement: share,
        overlap: share,
        frequency: share,
        stability: share,
        margin: fc.double({ min: -1, max: 1, noNaN: true }),
        areaDeviation: fc.double({ min: -1e3, max: 1e3, noNaN: true }),
        placeDeviation: fc.double({ min: 0, max: 1e3, noNaN: true }),
      },
      { requiredKeys: ['confidence', 'imageConfidence', 'agreement', 'overlap', 'frequency'] },
    );
    const stored = JSON.parse(JSON.stringify(model)) as typeof model;
    fc.assert(
      fc.property(evidence, (given) => {
        const trust = trustOf(model, given);
        expect(trust).toBeGreaterThanOrEqual(0);
        expect(trust).toBeLessThanOrEqual(1);
        expect(trustOf(stored, given)).toBe(trust);
      }),
    );
  });
});
