/** The advisor: how long it looks at images, and what it does with those that are done meanwhile. */
import { describe, expect, it } from 'vitest';
import { DatasetError } from '../../src/base/errors.ts';
import type { Case } from '../../src/dataset/types.ts';
import { type AdvisorOptions, startAdvisor } from '../../src/server/advisor.ts';

const cases = Array.from(
  { length: 5000 },
  (_, i): Case => ({
    id: `image ${i}`,
    name: `image-${i}.png`,
    imagePath: `/nowhere/${i}.png`,
    size: { height: 8, width: 8 },
    split: 'unlabelled',
  }),
);

/** An advisor, what it looked at, and a wait for its next pause. */
function advise(options: Partial<AdvisorOptions> = {}) {
  const seen: string[] = [];
  const notes: string[] = [];
  const advisor = startAdvisor({
    cases,
    isDone: () => false,
    describe: async ({ id }) => {
      seen.push(id);
      return Float32Array.of(Number(id.slice(6)), 0);
    },
    changed: () => undefined,
    note: (text) => notes.push(text),
    ...options,
  });
  const rest = async (): Promise<void> => {
    for (let before = -1; before !== seen.length; ) {
      before = seen.length;
      await new Promise((done) => setTimeout(done, 0));
    }
  };
  return { advisor, seen, notes, rest };
}

describe('the advisor', () => {
  it('looks at 200 images of many, then suggests some of them', async () => {
    const { advisor, seen, rest } = advise();
    expect(advisor.suggestions()).toEqual([]);
    await rest();
    expect([new Set(seen).size, advisor.looked()]).toEqual([200, { done: 200, total: 200 }]);
    const names = advisor.suggestions().map(({ image }) => image);
    expect(names).toHaveLength(5);
    expect(names.every((name) => seen.includes(name))).toBe(true);
  });

  it('looks no longer than three minutes, though at 20 images at least', async () => {
    let clock = 0;
    const slowly = async (): Promise<Float32Array> => {
      clock += 4000;
      return Float32Array.of(clock);
    };
    const quick = advise({ describe: slowly, now: () => clock });
    await quick.rest();
    expect(quick.advisor.looked()).toEqual({ done: 46, total: 46 });
    expect(quick.advisor.suggestions()).toHaveLength(5);

    const verySlowly = (): Promise<Float32Array> => {
      clock += 60_000;
      return slowly();
    };
    const slow = advise({ describe: verySlowly, now: () => clock });
    await slow.rest();
    expect(slow.advisor.looked()).toEqual({ done: 20, total: 20 });
  });

  it('compares with what is done, though it had not meant to look at it', async () => {
    const done = new Set<string>();
    const { advisor, seen, rest } = advise({ isDone: ({ id }) => done.has(id) });
    await rest();
    const far = advisor.suggestions()[1]!.image;
    const twin = cases.find(
      ({ id }) => !seen.includes(id) && Math.abs(Number(id.slice(6)) - Number(far.slice(6))) < 20,
    )!;
    done.add(twin.id);
    advisor.finished(twin);
    await rest();
    expect(seen.at(-1)).toBe(twin.id);
    expect(
      advisor
        .suggestions()
        .map(({ image }) => image)
        .slice(0, 1),
    ).not.toContain(far);
    expect(advisor.suggestions()[0]!.reason).toBe('different');
  });

  it('looks at what a run doubts as soon as there is one, and suggests that first', async () => {
    const { advisor, seen, rest } = advise();
    await rest();
    const doubtful = cases.find(({ id }) => !seen.includes(id))!;
    advisor.takeDoubts(new Map(cases.map(({ id }) => [id, id === doubtful.id ? 0.9 : 0.001])));
    await rest();
    expect(seen).toContain(doubtful.id);
    expect(advisor.suggestions().map(({ image }) => image)).toContain(doubtful.id);
    expect(
      advisor
        .suggestions()
        .slice(1)
        .every(({ reason }) => reason === 'doubtful'),
    ).toBe(true);
  });

  it('passes over images that cannot be read, and notes a defect', async () => {
    const unreadable = advise({
      describe: async ({ id }) => {
        if (Number(id.slice(6)) % 2 === 0) throw new DatasetError({ seen: 'broken', need: '', fix: '' });
        return Float32Array.of(1);
      },
    });
    await unreadable.rest();
    await new Promise((done) => setTimeout(done, 5));
    expect(unreadable.advisor.looked()).toEqual({ done: 200, total: 200 });
    expect(unreadable.notes).toEqual([]);
    const defect = advise({ describe: () => Promise.reject(new TypeError('ours')) });
    await defect.rest();
    expect(defect.notes).toEqual([expect.stringContaining('TypeError: ours')]);
    await defect.advisor.close();
  });
});
