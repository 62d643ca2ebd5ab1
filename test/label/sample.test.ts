/** Which images of a large folder are looked at: some of all, the done ones, and those that a run doubts most. */
import { describe, expect, it } from 'vitest';
import { imagesToLookAt } from '../../src/label/sample.ts';

const ids = Array.from({ length: 20_000 }, (_, i) => `image ${i}`);
const none = (): boolean => false;

describe('the images to look at', () => {
  it('are all of a small folder', () => {
    const few = ids.slice(0, 9);
    const sample = imagesToLookAt(few, { isDone: (id) => id === 'image 3', doubts: undefined, count: 200 });
    expect(sample.toSorted()).toEqual(few);
    expect(sample[0]).toBe('image 3');
  });

  it('are spread over a large one, and always the same', () => {
    const options = { isDone: none, doubts: undefined, count: 200 };
    const sample = imagesToLookAt(ids, options);
    expect(new Set(sample).size).toBe(200);
    expect(imagesToLookAt(ids, options)).toEqual(sample);
    const quarters = [0, 0, 0, 0];
    for (const id of sample) quarters[Math.floor(Number(id.slice(6)) / 5000)]!++;
    expect(Math.min(...quarters)).toBeGreaterThan(30);
  });

  it('hold what is done, but leave most places to what is not', () => {
    const isDone = (id: string): boolean => Number(id.slice(6)) < 1000;
    const sample = imagesToLookAt(ids, { isDone, doubts: undefined, count: 200 });
    expect(sample.findIndex((id) => !isDone(id))).toBe(50);
    expect(sample.slice(50).some(isDone)).toBe(false);
    expect(sample).toHaveLength(200);
    const few = imagesToLookAt(ids, { isDone: (id) => id === 'image 7', doubts: undefined, count: 200 });
    expect([few[0], few.length]).toEqual(['image 7', 200]);
  });

  it('hold those that a run doubts most, what it does not know among them', () => {
    const known = ids.slice(0, -1);
    const doubts = new Map(known.map((id, i) => [id, i / ids.length]));
    const sample = new Set(imagesToLookAt(ids, { isDone: none, doubts, count: 200 }));
    expect(ids.slice(-100).every((id) => sample.has(id))).toBe(true);
    expect([...sample].filter((id) => Number(id.slice(6)) < 10_000).length).toBeGreaterThan(20);
    expect(sample.size).toBe(200);
  });
});
