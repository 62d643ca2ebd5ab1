/** Which image to label next: typical first, then farthest from what is labelled, doubt weighing in. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type Candidate, suggest } from '../../src/label/suggest.ts';

const at = (image: string, x: number, y = 0, doubt?: number): Candidate => ({
  image,
  point: Float32Array.of(x, y),
  ...(doubt !== undefined && { doubt }),
});

describe('suggestions', () => {
  it('begin with the image most like all others, then go to the farthest from those chosen', () => {
    const folder = [at('a', 0), at('b', 4), at('c', 5), at('d', 6), at('e', 20)];
    expect(suggest(folder, [], 3)).toEqual([
      { image: 'c', reason: 'typical' },
      { image: 'e', reason: 'different' },
      { image: 'a', reason: 'different' },
    ]);
  });

  it('take the one least like the labelled ones', () => {
    const open = [at('near', 1), at('far', 9), at('between', 5)];
    expect(suggest(open, [at('done', 0)], 1)).toEqual([{ image: 'far', reason: 'different' }]);
  });

  it('weigh the doubt of a run against distance, and say it', () => {
    const open = [at('sure', 9, 0, 0.05), at('doubtful', 5, 0, 0.6), at('copy', 0.1, 0, 0.9)];
    expect(suggest(open, [at('done', 0)], 2)).toEqual([
      { image: 'doubtful', reason: 'doubtful', doubt: 0.6 },
      { image: 'sure', reason: 'doubtful', doubt: 0.05 },
    ]);
  });

  it('name every open image once, however many are asked for, and no labelled one', () => {
    const points = fc.array(fc.tuple(fc.integer({ min: -9, max: 9 }), fc.integer({ min: -9, max: 9 })), {
      maxLength: 12,
    });
    fc.assert(
      fc.property(points, points, fc.integer({ min: 0, max: 15 }), (open, done, count) => {
        const candidates = open.map(([x, y], i) => at(`open ${i}`, x, y));
        const labelled = done.map(([x, y], i) => at(`done ${i}`, x, y));
        const names = suggest(candidates, labelled, count).map(({ image }) => image);
        expect(new Set(names).size).toBe(Math.min(count, open.length));
        expect(names.every((name) => name.startsWith('open'))).toBe(true);
      }),
    );
  });
});
