import { describe, expect, it } from 'vitest';
import type { Case, Dataset } from '../../src/dataset/types.ts';
import { rleFromCounts, rleToString } from '../../src/masks/rle.ts';
import { applyReviews, type Review } from '../../src/review/apply.ts';
import type { Decision } from '../../src/review/decision.ts';

const size = { height: 2, width: 3 };
const mask = (...counts: number[]): string => rleToString(rleFromCounts(counts, size));

const bare = (id: string, split: Case['split']): Case => ({
  id,
  name: `${id}.png`,
  imagePath: `${id}.png`,
  split,
  size,
});
const dataset: Dataset = {
  root: '/',
  classes: ['ulna', 'radius'],
  cases: [
    { ...bare('l', 'labelled'), structures: [] },
    { ...bare('t', 'test'), structures: [] },
    bare('a', 'unlabelled'),
    bare('b', 'unlabelled'),
  ],
};

let number = 0;
const decided = (
  image: string,
  className: string,
  verdict: Decision['verdict'],
  counts?: string,
): Decision => ({
  number: ++number,
  image,
  className,
  verdict,
  ...(counts !== undefined && { counts }),
  by: 'ada',
  time: '2026-01-01T00:00:00Z',
});
const review = (
  decisions: readonly Decision[],
  asked: Record<string, number[]> = { a: [0, 1], b: [0, 1] },
): Review => ({
  run: 'runs/x',
  decisions,
  asked: new Map(Object.entries(asked)),
});
const caseOf = ({ cases }: Dataset, id: string): Case => cases.find((item) => item.id === id)!;

describe('a review', () => {
  it('makes an image of which every mask is decided an annotated one', () => {
    const after = applyReviews(dataset, [
      review([
        decided('a', 'radius', 'corrected', mask(1, 2, 3)),
        decided('a', 'ulna', 'accepted', mask(0, 6)),
      ]),
    ]);
    expect(after.cases.map(({ id, split }) => [id, split])).toEqual([
      ['l', 'labelled'],
      ['a', 'labelled'],
      ['t', 'test'],
      ['b', 'unlabelled'],
    ]);
    const { structures, reviewed } = caseOf(after, 'a');
    expect(structures?.map(({ classIndex, rle }) => [classIndex, [...rle.counts]])).toEqual([
      [0, [0, 6]],
      [1, [1, 2, 3]],
    ]);
    expect(reviewed).toBeUndefined();
  });

  it('with a mask that has no pixel says that nothing is to be seen', () => {
    const after = applyReviews(dataset, [review([decided('a', 'ulna', 'corrected', mask(6))])]);
    const [known] = caseOf(after, 'a').reviewed ?? [];
    expect(known).toMatchObject({ classIndex: 0, by: 'ada' });
    expect(known?.rle).toBeUndefined();
  });

  it('of which all masks were rejected says that nothing is to be seen', () => {
    const after = applyReviews(dataset, [
      review([decided('a', 'ulna', 'rejected'), decided('a', 'radius', 'rejected')]),
    ]);
    expect(caseOf(after, 'a')).toMatchObject({ split: 'labelled', structures: [] });
  });

  it('of single classes leaves the image in the pool and says what is known', () => {
    const after = applyReviews(dataset, [review([decided('a', 'radius', 'rejected')])]);
    const item = caseOf(after, 'a');
    expect(item.split).toBe('unlabelled');
    expect(item.structures).toBeUndefined();
    expect(item.reviewed).toEqual([{ classIndex: 1, by: 'ada', time: '2026-01-01T00:00:00Z' }]);
  });

  it.each(['skipped', 'withdrawn'] as const)('takes nothing from what was %s', (verdict) => {
    expect(applyReviews(dataset, [review([decided('a', 'ulna', verdict)])])).toEqual(dataset);
  });

  it('adds up over rounds, the later word counts', () => {
    const after = applyReviews(dataset, [
      review([decided('a', 'ulna', 'accepted', mask(0, 6)), decided('b', 'ulna', 'accepted', mask(0, 6))]),
      // In the second round ulna is known and not asked about again.
      review([decided('a', 'radius', 'rejected'), decided('b', 'ulna', 'corrected', mask(5, 1))], {
        a: [1],
        b: [1],
      }),
    ]);
    expect(caseOf(after, 'a')).toMatchObject({ split: 'labelled', structures: [{ classIndex: 0 }] });
    const { split, reviewed } = caseOf(after, 'b');
    expect(split).toBe('unlabelled');
    expect(reviewed?.map(({ rle }) => [...rle!.counts])).toEqual([[5, 1]]);
  });

  it('that completes an image late leaves it all its masks, whatever a later one asked about', () => {
    const first = [decided('a', 'ulna', 'accepted', mask(0, 6))];
    const second = review([decided('a', 'radius', 'corrected', mask(1, 2, 3))], { a: [1] });
    const after = applyReviews(dataset, [
      review([...first, decided('a', 'radius', 'accepted', mask(5, 1))]),
      second,
    ]);
    const item = caseOf(after, 'a');
    expect(item.split).toBe('labelled');
    expect(item.structures?.map(({ classIndex, rle }) => [classIndex, [...rle.counts]])).toEqual([
      [0, [0, 6]],
      [1, [1, 2, 3]],
    ]);
  });

  it('leaves labelled and measured images alone', () => {
    expect(
      applyReviews(dataset, [review([decided('t', 'ulna', 'rejected'), decided('l', 'ulna', 'rejected')])]),
    ).toEqual(dataset);
  });

  it('of other classes is a RunError, of another image size an AnnotationError', () => {
    expect(() => applyReviews(dataset, [review([decided('a', 'femur', 'rejected')])])).toThrow(
      /runs\/x is about a class femur/,
    );
    const larger = rleToString(rleFromCounts([0, 8], { height: 2, width: 4 }));
    expect(() => applyReviews(dataset, [review([decided('a', 'ulna', 'accepted', larger)])])).toThrow(
      /reviewed mask of ulna in a .*overrun/,
    );
  });
});
