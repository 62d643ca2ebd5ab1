import { readFile } from 'node:fs/promises';
import fc from 'fast-check';
import { afterAll, describe, expect, it } from 'vitest';
import { classShapes } from '../../src/dataset/shapes.ts';
import { encodeRle } from '../../src/masks/rle.ts';
import type { Evidence } from '../../src/refine/evidence.ts';
import { gatherEvidence } from '../../src/refine/gather-evidence.ts';
import { createRefiner } from '../../src/refine/index.ts';
import type { InitialMask, RefinedMask } from '../../src/refine/refiner.ts';
import {
  askedModel,
  REFINERS,
  type RefineSettings,
  type RefineSettingsInput,
  refineSettingsSchema,
} from '../../src/refine/settings.ts';
import { SamPredictor } from '../../src/sam/predictor.ts';
import { tinyFoalCheckpoint } from '../foal/tiny.ts';
import { fakeCloseUp } from './fake-close-up.ts';
import { fakeModel } from './fake-model.ts';
import { contextOf, disk, imageOf, initialMask } from './scenes.ts';

/** Four structures in a row, as in the labelled images. */
const PLACES = [18, 38, 58, 78];
const teeth = (shift = 0) => PLACES.map((x) => disk(x + shift, 36, 8));
const usual = classShapes(
  [-3, -1, 0, 2].map((shift) =>
    teeth(shift).map((mask, classIndex) => ({ classIndex, rle: encodeRle(mask) })),
  ),
  5,
);

function evidenceOf(items: readonly InitialMask[], refined?: readonly RefinedMask[]): Evidence[] {
  const unchanged = items.map(
    ({ classIndex, mask, score }): RefinedMask => ({
      classIndex,
      mask,
      score,
      evidence: { agreement: 1 },
      provenance: {},
    }),
  );
  return gatherEvidence(items, refined ?? unchanged, usual);
}

describe('gatherEvidence', () => {
  it('finds nothing unusual in structures where they belong, though the image is shifted', () => {
    for (const { areaDeviation, placeDeviation, rivalry, overlap } of evidenceOf(
      teeth(9).map((mask, k) => initialMask(k, mask)),
    )) {
      expect(Math.abs(areaDeviation!)).toBeLessThan(1);
      expect(placeDeviation).toBeLessThan(1);
      expect(rivalry).toBeLessThan(0.1);
      expect(overlap).toBe(0);
    }
  });

  it('sees that one has the name of its neighbour', () => {
    const named = [0, 1, 2, 3].map((k) => initialMask(k, teeth()[k === 3 ? 2 : k]!));
    const [right, , , wrong] = evidenceOf(named);
    expect(right!.rivalry).toBeLessThan(0.1);
    expect(wrong!.rivalry).toBeGreaterThan(0.9);
    expect(wrong!.placeDeviation).toBeGreaterThan(5);
    expect(wrong!.overlap).toBe(1);
  });

  it('sees a size that is unusual, and knows no usual one for a class without an example', () => {
    const [small, , , , unknown] = evidenceOf([
      initialMask(0, disk(18, 36, 3)),
      ...[1, 2, 3].map((k) => initialMask(k, teeth()[k]!)),
      initialMask(4, disk(48, 60, 5)),
    ]);
    expect(small!.areaDeviation).toBeLessThan(-5);
    expect(unknown).toMatchObject({ frequency: 0, confidence: 0.8 });
    expect(Object.keys(unknown!)).not.toContain('areaDeviation');
  });

  it('passes on what network and refiner say', () => {
    const initial = {
      ...initialMask(1, teeth()[1]!, 0.6),
      evidence: { componentShare: 0.7, margin: -0.2 },
    };
    const refined: RefinedMask = {
      classIndex: 1,
      mask: initial.mask,
      score: 0.6,
      evidence: { agreement: 0.9, stability: 0.4 },
      provenance: {},
    };
    const [evidence] = evidenceOf([initial], [refined]);
    expect(evidence).toMatchObject({
      confidence: 0.6,
      imageConfidence: 0.6,
      componentShare: 0.7,
      margin: -0.2,
      agreement: 0.9,
      stability: 0.4,
      frequency: 1,
    });
  });
});

describe('the evidence of every refiner', () => {
  const shares: (keyof Evidence)[] = [
    'confidence',
    'imageConfidence',
    'agreement',
    'stability',
    'thresholdStability',
    'candidateAgreement',
    'predictedIou',
    'overlap',
    'frequency',
    'rivalry',
  ];
  const foal = new SamPredictor(tinyFoalCheckpoint(), { threads: 1 });
  afterAll(() => foal.close());
  const refinerOf = (settings: RefineSettings) =>
    createRefiner(settings, {
      model: askedModel(settings) === 'foal' ? foal : fakeModel([0.3, 1.2, 0.7]),
      closeUp: fakeCloseUp(),
    });
  const settings: [name: string, input: RefineSettingsInput][] = [
    ['none', { refiner: 'none' }],
    ['random-walker', { refiner: 'random-walker' }],
    ['random-walker with votes', { refiner: 'random-walker', ensemble: { jitters: 3, vote: true } }],
    ['close-up', { refiner: 'close-up' }],
    ['foal', { refiner: 'foal' }],
    ['foal, then close-up', { refiner: 'foal+close-up' }],
    ['sam', { refiner: 'sam', morphology: { radius: 1 } }],
    ['sam of three', { refiner: 'sam', candidates: 'best-of-three', ensemble: { vote: true } }],
  ];

  it.each(settings)('stays in its range: %s', async (_, input) => {
    const parsed = refineSettingsSchema.parse(input);
    const anyScene = fc.array(
      fc.record({ x: fc.nat(95), y: fc.nat(71), radius: fc.integer({ min: 0, max: 20 }) }),
      { minLength: 1, maxLength: 4 },
    );
    await fc.assert(
      fc.asyncProperty(anyScene, async (scene) => {
        const masks = scene.map(({ x, y, radius }) => disk(x, y, radius));
        const initial = masks.map((mask, k) => initialMask(k, mask, 0.5));
        const refiner = refinerOf(parsed);
        const refined = await refiner.refine(imageOf([disk(40, 30, 15)]), initial, contextOf(4));
        for (const evidence of gatherEvidence(initial, refined, usual)) {
          expect(JSON.parse(JSON.stringify(evidence))).toEqual(evidence);
          for (const name of shares) {
            const value = evidence[name];
            if (value === undefined) continue;
            expect(value, name).toBeGreaterThanOrEqual(0);
            expect(value, name).toBeLessThanOrEqual(1);
          }
          for (const value of [evidence.areaDeviation ?? 0, evidence.placeDeviation ?? 0])
            expect(Number.isFinite(value)).toBe(true);
          expect(evidence.placeDeviation ?? 0).toBeGreaterThanOrEqual(0);
        }
      }),
      { numRuns: 15 },
    );
  });

  it('is what docs/architecture.md says', async () => {
    const rows = await tableOf('docs/architecture.md', 'evidence');
    const refiners = Object.keys(rows[0]!).slice(1);
    expect(refiners).toEqual([...REFINERS]);
    for (const name of refiners) {
      const refiner = refinerOf(refineSettingsSchema.parse({ refiner: name, morphology: { radius: 1 } }));
      const truth = disk(48, 36, 18);
      const [refined] = await refiner.refine(
        imageOf([truth]),
        [initialMask(0, disk(49, 36, 17))],
        contextOf(1),
      );
      expect(refined!.provenance.keptInitial, name).toBeUndefined();
      const said = rows.filter((row) => row[name] === 'yes').map((row) => /`(\w+)`/.exec(row.evidence!)![1]!);
      expect(Object.keys(refined!.evidence).sort(), name).toEqual(said.sort());
    }
  });
});

/** The rows of the table whose first column is called so, by the names of their columns. */
async function tableOf(path: string, first: string): Promise<Record<string, string>[]> {
  const lines = (await readFile(path, 'utf8')).split('\n');
  const cells = (line: string): string[] =>
    line
      .split('|')
      .slice(1, -1)
      .map((cell) => cell.trim());
  const start = lines.findIndex((line) => cells(line)[0] === first);
  const end = lines.findIndex((line, i) => i > start && !line.startsWith('|'));
  const names = cells(lines[start]!);
  return lines
    .slice(start + 2, end)
    .map((line) => Object.fromEntries(cells(line).map((cell, i) => [names[i]!, cell])));
}
