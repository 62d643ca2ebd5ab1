import { describe, expect, it } from 'vitest';
import { refineSettingsSchema, withoutCloseUps, withoutModel } from '../../src/refine/settings.ts';

describe('refineSettingsSchema', () => {
  it('shows Foal masks as they are, which is the default', () => {
    const usual = refineSettingsSchema.parse({});
    expect(usual).toMatchObject({
      refiner: 'foal+close-up',
      morphology: { operation: 'none' },
      passes: [{ box: true, points: 'none', mask: true }],
    });
    expect(refineSettingsSchema.parse({ refiner: 'foal' })).toEqual({ ...usual, refiner: 'foal' });
  });

  it.each([
    ['foal+close-up', 'close-up', 'foal'],
    ['close-up', 'close-up', 'none'],
    ['foal', 'none', 'foal'],
    ['sam', 'none', 'sam'],
    ['random-walker', 'random-walker', 'random-walker'],
    ['none', 'none', 'none'],
  ] as const)('%s is without its model %s, without close-ups %s', (refiner, less, far) => {
    const settings = refineSettingsSchema.parse({ refiner });
    expect(withoutModel(settings)).toEqual({ ...settings, refiner: less });
    expect(withoutCloseUps(settings)).toEqual({ ...settings, refiner: far });
  });

  it('is the published method for Segment Anything', () => {
    expect(refineSettingsSchema.parse({ refiner: 'sam' })).toMatchObject({
      preset: 'as-described',
      selection: 'highest_probability',
      threshold: 0.5,
      morphology: { operation: 'dilation', element: 'square', radius: 8, reachesRefiner: true },
      seed: 'centroid',
      negatives: 'all',
      passes: [
        { box: true, points: 'none', mask: false },
        { box: false, points: 'all', mask: true },
      ],
      candidates: 'single',
      ensemble: { spread: 0.05, vote: false },
    });
  });

  it('lays the preset under what is set', () => {
    const coded = refineSettingsSchema.parse({
      preset: 'as-coded',
      refiner: 'random-walker',
      randomWalker: { backgroundErosion: 3 },
    });
    expect(coded.morphology).toEqual({
      operation: 'dilation',
      element: 'square',
      radius: 8,
      reachesRefiner: false,
    });
    expect(coded.randomWalker).toMatchObject({
      foregroundErosion: 0,
      backgroundErosion: 3,
      priorStrength: 0,
    });
  });

  it('knows MedSAM as it is used: prompted by a box, once, for one mask', () => {
    const settings = refineSettingsSchema.parse({ preset: 'medsam' });
    expect(settings).toMatchObject({ refiner: 'sam', candidates: 'single' });
    expect(settings.passes).toEqual([{ box: true, points: 'none', mask: false }]);
    const other = refineSettingsSchema.parse({ preset: 'medsam', candidates: 'best-of-three' });
    expect(other.candidates).toBe('best-of-three');
  });

  it.each([
    [{ morfology: {} }, /morfology/],
    [{ morphology: { radius: 9 } }, /8/],
    [{ passes: [] }, /1/],
    [{ passes: [{ mask: true }] }, /box or points/],
    [{ negatives: { nearest: 0 } }, /negatives/],
    [{ randomWalker: { sigma: 0 } }, /sigma/],
  ])('refuses %j', (input, message) => {
    expect(() => refineSettingsSchema.parse(input)).toThrow(message);
  });
});
