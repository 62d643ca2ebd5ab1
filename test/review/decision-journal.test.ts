import { appendFile, readFile, writeFile } from 'node:fs/promises';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type DecisionDraft, hasMask, isFinal, statusOf, VERDICTS } from '../../src/review/decision.ts';
import { openDecisionJournal, readDecisions } from '../../src/review/decision-journal.ts';
import { useFolder } from '../pipeline/folder.ts';

const inFolder = useFolder();
const path = (): string => inFolder('review', 'decisions.jsonl');

const draft = (more: Partial<DecisionDraft> = {}): DecisionDraft => ({
  image: 'a',
  className: 'ulna',
  verdict: 'accepted',
  counts: '04',
  by: 'ada',
  ...more,
});

/** Without a mask: there is none. */
const rejection = (by = 'ada'): DecisionDraft => {
  const { counts: _, ...rest } = draft({ verdict: 'rejected', by });
  return rest;
};

describe('the journal of decisions', () => {
  it('keeps who, when and what, and what was decided last counts', async () => {
    const journal = await openDecisionJournal(path());
    const first = await journal.decide(draft(), 0);
    expect(first).toMatchObject({ saved: { number: 1, by: 'ada', verdict: 'accepted', counts: '04' } });
    await journal.decide(rejection(), 1);
    await journal.decide(draft({ image: 'b' }), 0);
    await journal.close();

    const decisions = await readDecisions(path());
    expect(decisions.map(({ image, verdict, number }) => [image, verdict, number])).toEqual([
      ['a', 'rejected', 2],
      ['b', 'accepted', 3],
    ]);
    expect(Date.parse(decisions[0]!.time)).toBeGreaterThan(Date.parse('2020-01-01'));
    expect((await readFile(path(), 'utf8')).trim().split('\n')).toHaveLength(3);
  });

  it('saves nothing where somebody decided in between, and says what', async () => {
    const journal = await openDecisionJournal(path());
    await journal.decide(draft(), 0);
    const before = await readFile(path(), 'utf8');
    expect(await journal.decide(rejection('bob'), 0)).toMatchObject({
      conflict: { number: 1, by: 'ada', verdict: 'accepted' },
    });
    expect(await readFile(path(), 'utf8')).toBe(before);
    expect(journal.find({ image: 'a', className: 'ulna' })).toMatchObject({ verdict: 'accepted' });
    await journal.close();
  });

  it('lets one of two decisions win that come at the same moment', async () => {
    const journal = await openDecisionJournal(path());
    const outcomes = await Promise.all(['ada', 'bob'].map((by) => journal.decide(draft({ by }), 0)));
    expect(outcomes.map((outcome) => 'saved' in outcome)).toEqual([true, false]);
    await journal.close();
  });

  it('drops the line that a kill cut off, and goes on after the line before', async () => {
    const journal = await openDecisionJournal(path());
    await journal.decide(draft(), 0);
    await journal.close();
    await appendFile(path(), '{"number":2,"image":"b","className":"ul');
    const again = await openDecisionJournal(path());
    expect(again.all()).toHaveLength(1);
    expect(await again.decide(draft({ image: 'c' }), 0)).toMatchObject({ saved: { number: 2 } });
    await again.close();
    expect((await readDecisions(path())).map(({ image }) => image)).toEqual(['a', 'c']);
  });

  it.each([
    '{"number":1}',
    'noise',
    '{"number":0,"image":"a"}',
    // Accepting without a mask would be rejecting, and a mask that is rejected is none.
    '{"number":1,"image":"a","className":"ulna","verdict":"accepted","by":"ada","time":""}',
    '{"number":1,"image":"a","className":"ulna","verdict":"rejected","counts":"04","by":"ada","time":""}',
  ])('refuses to forget a line that it cannot read: %s', async (line) => {
    const journal = await openDecisionJournal(path());
    await journal.close();
    await writeFile(path(), `${line}\n`);
    const refusal = { name: 'RunError', seen: expect.stringContaining('Line 1 of') };
    await expect(openDecisionJournal(path())).rejects.toMatchObject(refusal);
    await expect(readDecisions(path())).rejects.toMatchObject(refusal);
  });

  it('opened again says what it said before, whatever was decided', async () => {
    let count = 0;
    const decision = fc
      .record({
        image: fc.constantFrom('a', 'b', 'c'),
        className: fc.constantFrom('ulna', 'radius', '["x'),
        verdict: fc.constantFrom(...VERDICTS),
        by: fc.string(),
      })
      .map((one): DecisionDraft => (hasMask(one.verdict) ? { ...one, counts: '04' } : one));
    await fc.assert(
      fc.asyncProperty(fc.array(decision, { maxLength: 12 }), async (drafts) => {
        const file = inFolder(`journal-${++count}.jsonl`);
        const journal = await openDecisionJournal(file);
        for (const one of drafts) await journal.decide(one, journal.find(one)?.number ?? 0);
        const said = journal.all();
        await journal.close();
        expect(await readDecisions(file)).toEqual(said);
        for (const { image, className, verdict } of drafts.slice(-1)) {
          expect(said.find((one) => one.image === image && one.className === className)?.verdict).toBe(
            verdict,
          );
        }
      }),
      { numRuns: 30 },
    );
  });
});

describe('the status of an item', () => {
  it('is pending where there is no decision or it was withdrawn', () => {
    const status = (verdict: (typeof VERDICTS)[number]): string =>
      statusOf({ ...draft({ verdict }), number: 1, time: '' });
    expect(statusOf(undefined)).toBe('pending');
    expect(VERDICTS.map(status)).toEqual(['accepted', 'corrected', 'rejected', 'skipped', 'pending']);
    expect((['accepted', 'corrected', 'rejected', 'skipped', 'pending'] as const).map(isFinal)).toEqual([
      true,
      true,
      true,
      false,
      false,
    ]);
  });
});
