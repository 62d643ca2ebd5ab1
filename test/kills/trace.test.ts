/** What processes told of their work, added up by stage. */
import { expect, it } from 'vitest';
import { type Mark, workOf } from '../../tools/kills/trace.ts';

const marks = (...whats: string[]): Mark[] =>
  whats.map((what) => {
    const [first, stage] = what.split(' ');
    return (stage === undefined ? { what: first } : { what: first, stage }) as Mark;
  });

it('counts runs of networks by stage, and the most between two savings', () => {
  const work = workOf(
    marks(
      ...[
        'ran',
        'started initial',
        'ran',
        'ran',
        'saved',
        'ran',
        'ran',
        'ran',
        'saved',
        'ran',
        'finished initial',
      ],
      ...['ran', 'started report', 'saved', 'finished report'],
    ),
  );
  expect([...work]).toEqual([
    ['initial', { runs: 6, unsaved: 3 }],
    ['report', { runs: 0, unsaved: 0 }],
  ]);
});

it('goes on with a stage that was killed', () => {
  const killed = marks(
    'started initial',
    'ran',
    'ran',
    'killed',
    'ran',
    'started initial',
    'ran',
    'finished initial',
  );
  expect([...workOf(killed)]).toEqual([['initial', { runs: 3, unsaved: 2 }]]);
});
