/** @file All runs, the last one first; two of them can be compared. */
import { useState } from 'preact/hooks';
import type { RunCard } from '../../../src/desk/protocol.ts';
import { go, review } from './actions.ts';
import { shortPath } from './paths.ts';
import { project, runList } from './store.ts';
import { day, percent, STATES } from './words.ts';

export function Runs() {
  const [chosen, setChosen] = useState<readonly string[]>([]);
  const list = runList.value;
  if (list === undefined) return <p class="quiet-text">Looking for runs …</p>;
  const { runs, benchmarks } = list;
  const choose = (id: string): void =>
    setChosen(chosen.includes(id) ? chosen.filter((one) => one !== id) : [...chosen.slice(-1), id]);
  return (
    <>
      <div class="title with-action">
        <div>
          <h2>Runs</h2>
          <p class="path">{shortPath(`${project.value}/runs`)}</p>
        </div>
        {runs.length > 1 && (
          <button
            type="button"
            disabled={chosen.length !== 2}
            onClick={() => go(`compare/${chosen.join('/')}`)}
          >
            Compare the two chosen
          </button>
        )}
      </div>
      {runs.length === 0 ? (
        <section class="card">
          <h3>There is no run yet</h3>
          <p class="quiet-text">A run learns from the images that are outlined, and outlines all others.</p>
          <a class="button main" href="#start">
            Begin with a folder
          </a>
        </section>
      ) : (
        <ul class="runs">
          {runs.map((run) => (
            <Row key={run.id} run={run} isChosen={chosen.includes(run.id)} choose={() => choose(run.id)} />
          ))}
        </ul>
      )}
      {benchmarks.length > 0 && (
        <section class="card">
          <h3>Benchmarks</h3>
          <ul class="sentences">
            {benchmarks.map(({ id, name }) => (
              <li key={id}>
                <a href={`api/runs/${id}/table`} target="_blank" rel="noreferrer">
                  {name}: the table
                </a>
              </li>
            ))}
          </ul>
        </section>
      )}
    </>
  );
}

interface RowProps {
  readonly run: RunCard;
  readonly isChosen: boolean;
  readonly choose: () => void;
}

function Row({ run, isChosen, choose }: RowProps) {
  const { id, name, state, started, dice, hasMasks } = run;
  return (
    <li>
      <label class="pick">
        <input type="checkbox" checked={isChosen} onChange={choose} />
        <span class="unseen">Compare {name}</span>
      </label>
      <a class="grow" href={`#run/${id}`}>
        <b>{name}</b>
        {started !== undefined && <span class="quiet-text">{day(started)}</span>}
      </a>
      {dice !== undefined && (
        <span class="figure">
          <span class="quiet-text">Dice</span> {percent(dice)}
        </span>
      )}
      <State state={state} />
      <button
        type="button"
        disabled={!hasMasks}
        title={hasMasks ? undefined : 'It has no masks to review yet'}
        onClick={() => void review(id)}
      >
        Review
      </button>
    </li>
  );
}

export function State({ state }: Pick<RunCard, 'state'>) {
  return <span class={`state is-${state}`}>{STATES[state]}</span>;
}
