/** What is compared, in which order, and what follows from it: without a refiner. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { createRng } from '../../src/base/rng.ts';
import { refineSettingsSchema } from '../../src/refine/settings.ts';
import { balancedDraw, type Candidate, currentCandidate, wholeGrid } from '../../src/tune/candidates.ts';
import { fullRungs, halvingRungs, type Measured, refinements, search } from '../../src/tune/search.ts';
import { spaceOf } from '../../src/tune/space.ts';
import { surfaceOf } from '../../src/tune/surface.ts';
import { judge } from '../../src/tune/verdict.ts';

const settingsOf = (refiner: string, preset = 'as-described') =>
  refineSettingsSchema.parse({ refiner, preset });

describe('the space', () => {
  it.each([
    ['random-walker', 'as-described', 4 * 4 * 4 * 3 * 3],
    // Prompts of both passes, and erosion and dilation by 0 to 8 px, where the element of 0 px is nothing.
    ['sam', 'as-described', 3 * 4 * (16 * 4 + 1)],
    ['foal', 'as-described', 2 * 3 * 4 * (16 * 4 + 1)],
    ['sam', 'medsam', 16 * 4 + 1],
  ])('of %s (%s) has %i choices that differ', (refiner, preset, count) => {
    const settings = settingsOf(refiner, preset);
    const grid = wholeGrid(settings, spaceOf(settings));
    expect(grid).toHaveLength(count);
    expect(new Set(grid.map(({ key }) => key)).size).toBe(count);
    for (const each of grid) expect(refineSettingsSchema.parse(each.settings)).toEqual(each.settings);
  });

  it('of none is none', () => {
    expect(() => spaceOf(settingsOf('none'))).toThrow('The refiner is none');
  });

  it('has the published choice in it, and what Packmule sets', () => {
    for (const refiner of ['sam', 'foal', 'random-walker']) {
      const settings = settingsOf(refiner);
      const keys = wholeGrid(settings, spaceOf(settings)).map(({ key }) => key);
      expect(keys, refiner).toContain(currentCandidate(settings).key);
    }
  });
});

describe('a draw', () => {
  it('has each value of each axis equally often, and is the same for the same seed', () => {
    const settings = settingsOf('random-walker');
    const axes = spaceOf(settings);
    const draw = balancedDraw(settings, axes, 48, createRng(1));
    const counts = axes.map(({ values }, a) =>
      values.map((_, v) => draw.filter(({ choices }) => choices[0]![a] === v).length),
    );
    // Choices that were drawn twice are there once.
    for (const [a, perValue] of counts.entries())
      for (const count of perValue) expect(count).toBeGreaterThanOrEqual(48 / axes[a]!.values.length - 6);
    expect(draw.length).toBeGreaterThan(40);
    expect(balancedDraw(settings, axes, 48, createRng(1))).toEqual(draw);
    expect(balancedDraw(settings, axes, 48, createRng(2))).not.toEqual(draw);
  });
});

describe('rungs', () => {
  it('end with all images, and the better third goes on', () => {
    expect(halvingRungs(120, 45)).toEqual([
      { candidates: 120, images: 4 },
      { candidates: 40, images: 12 },
      { candidates: 14, images: 36 },
      { candidates: 5, images: 45 },
    ]);
    expect(halvingRungs(7, 3)).toEqual([{ candidates: 7, images: 3 }]);
  });

  it('cost what the search then does', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.integer({ min: 1, max: 40 }),
        fc.integer({ min: 1, max: 30 }),
        async (n, images) => {
          for (const rungs of [halvingRungs(n, images), fullRungs(n, images)]) {
            let asked = 0;
            await search(fakes(1)[0]!, fakes(n), rungs, async () => [++asked % 7]);
            expect(asked).toBe(refinements(rungs, 1));
          }
        },
      ),
    );
  });
});

/** Candidates of which nothing but the number is looked at. */
function fakes(count: number): Candidate[] {
  const settings = settingsOf('none');
  return Array.from({ length: count }, (_, i) => ({ key: String(i), settings, choices: [[i % 2, i % 3]] }));
}

describe('search', () => {
  it('goes on with the best, on the same images, and always with what is set', async () => {
    const others = fakes(9);
    const current: Candidate = { key: 'current', settings: settingsOf('none'), choices: [] };
    const asked: string[] = [];
    const { first, last } = await search(current, others, halvingRungs(9, 12), async ({ key }, image) => {
      asked.push(`${key} ${image}`);
      return [key === 'current' ? -1 : Number(key)];
    });
    expect(first).toHaveLength(10);
    expect(last.map(({ candidate }) => candidate.key)).toEqual(['8', '7', '6', 'current']);
    for (const { values } of last) expect(values).toHaveLength(12);
    expect(new Set(asked).size, 'nothing is asked twice').toBe(asked.length);
    // Image by image, so that what a model computed for one is there for all candidates.
    expect(asked.slice(0, 10).every((each) => each.endsWith(' 0'))).toBe(true);
  });
});

const measured = (candidate: Candidate, values: number[][]): Measured => ({ candidate, values });

describe('the surface', () => {
  it('gives back the effects that were put in, the strongest axis first', () => {
    const effects = [
      [-0.02, 0.02],
      [-0.1, 0, 0.1],
    ];
    const grid = fakes(6).map((candidate) =>
      measured(
        candidate,
        [0.4, 0.5, 0.6].map((image) => [
          image + candidate.choices[0]!.reduce((sum, value, a) => sum + effects[a]![value]!, 0),
        ]),
      ),
    );
    const axes = ['weak', 'strong'].map((name, a) => ({
      name,
      values: effects[a]!.map((effect) => ({
        label: String(effect),
        apply: (settings: Candidate['settings']) => settings,
      })),
    }));
    const current = measured({ key: 'current', settings: settingsOf('none'), choices: [] }, [[9], [9], [9]]);
    const surface = surfaceOf(axes, [current, ...grid], 200);
    expect(surface.map(({ name }) => name)).toEqual(['strong', 'weak']);
    expect(surface[0]!.range).toBeCloseTo(0.2);
    for (const { values } of surface)
      for (const { label, effect, candidates } of values) {
        expect(effect!.difference).toBeCloseTo(Number(label));
        // The same in each image, so other images would say the same.
        expect(effect!.interval.low).toBeCloseTo(Number(label));
        expect(candidates).toBe(6 / values.length);
      }
  });
});

it('the surface credits no value with what another axis does where it has no say', () => {
  const base = settingsOf('foal');
  const axes = spaceOf(base).filter(({ name }) => ['morphology', 'element'].includes(name));
  const grid = wholeGrid(base, axes);
  const values = ({ settings: { morphology } }: Candidate): number[][] =>
    [0, 0.1].map((image) => [image + (morphology.operation === 'none' ? 0.8 : 0.6)]);
  const surface = surfaceOf(
    axes,
    grid.map((candidate) => measured(candidate, values(candidate))),
    200,
  );
  const element = surface.find(({ name }) => name === 'element')!;
  expect(element.range).toBeCloseTo(0);
  for (const { effect } of element.values) expect(effect!.difference).toBeCloseTo(0);
  expect(surface[0]).toMatchObject({ name: 'morphology', range: expect.closeTo(0.2) });
});

describe('the verdict', () => {
  const images = 12;
  const [current, ...others] = fakes(30) as [Candidate, ...Candidate[]];
  const flat = (value: number, noise: (i: number) => number = () => 0): number[][] =>
    Array.from({ length: images }, (_, i) => [value + noise(i)]);

  it('is for settings that are better on every image', () => {
    const finalists = [measured(others[0]!, flat(0.6)), measured(current, flat(0.5))];
    const verdict = judge(finalists, current, 200);
    expect(verdict).toMatchObject({ better: true, winner: { candidate: others[0] } });
    expect(verdict.gain!.difference).toBeCloseTo(0.1);
  });

  it('is not for the luckiest of many that are no better', () => {
    const rng = createRng(4);
    const finalists = [
      measured(current, flat(0.5)),
      ...others.map((candidate) =>
        measured(
          candidate,
          flat(0.5, () => 0.1 * rng.normal()),
        ),
      ),
    ];
    const { better, winner, current: now, gain } = judge(finalists, current, 1000);
    const asChosen = winner.values.flat().reduce((sum, value) => sum + value, 0) / images - 0.5;
    expect(winner).not.toBe(now);
    expect(asChosen, 'it looks better than it is').toBeGreaterThan(0.03);
    expect(gain!.difference).toBeLessThan(asChosen);
    expect(better).toBe(false);
  });

  it('keeps what is set on a tie, and where one image is all there is', () => {
    const tie = [measured(others[0]!, flat(0.5)), measured(current, flat(0.5))];
    expect(judge(tie, current, 200)).toMatchObject({ better: false, winner: { candidate: current } });
    const one = [measured(others[0]!, [[0.9]]), measured(current, [[0.1]])];
    expect(judge(one, current, 200)).toMatchObject({ better: false, gain: undefined });
  });
});
