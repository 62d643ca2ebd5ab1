/** @file One run as it goes on: stages, time left, curves, figures, and what can be done with it. */
import { useEffect } from 'preact/hooks';
import type { RunDetail, RunStage } from '../../../src/desk/protocol.ts';
import { beginRound, follow, resume, review, stop } from './actions.ts';
import { Curves } from './Curves.tsx';
import { Figures } from './Figures.tsx';
import { shortPath } from './paths.ts';
import { State } from './Runs.tsx';
import { busy, details } from './store.ts';
import { duration } from './words.ts';

export function Run({ id }: { readonly id: string }) {
  useEffect(() => follow([id]), [id]);
  const run = details.value.get(id);
  if (run === undefined) {
    return (
      <p class="quiet-text" role="status">
        Opening the run …
      </p>
    );
  }
  return (
    <>
      <div class="title with-action">
        <div>
          <h2>
            {run.name} <State state={run.state} />
          </h2>
          <p class="path">{shortPath(run.folder)}</p>
        </div>
        <Actions run={run} />
      </div>
      {run.failure !== undefined && <pre class="trouble">{run.failure}</pre>}
      <Progress run={run} />
      {run.figures.length > 0 && (
        <section class="card">
          <h3>Results</h3>
          <Figures runs={[run]} />
        </section>
      )}
      {run.curves.length > 0 && (
        <section class="card">
          <h3>Training</h3>
          <Curves runs={[run]} />
        </section>
      )}
    </>
  );
}

function Actions({ run }: { readonly run: RunDetail }) {
  const { id, state, hasMasks, hasReport, decided } = run;
  return (
    <div class="row">
      {hasReport && (
        <a class="button" href={`api/runs/${id}/report`} target="_blank" rel="noreferrer">
          Report
        </a>
      )}
      {state === 'working' && (
        <button type="button" disabled={busy.value} onClick={() => void stop(id)}>
          Save and stop
        </button>
      )}
      {(state === 'stopped' || state === 'failed') && (
        <button type="button" disabled={busy.value} onClick={() => void resume(id)}>
          Go on
        </button>
      )}
      {hasMasks && (
        <button
          type="button"
          class={decided === 0 ? 'main' : ''}
          disabled={busy.value}
          onClick={() => void review(id)}
        >
          Review the masks
        </button>
      )}
      {decided > 0 && state === 'finished' && (
        <button type="button" class="main" disabled={busy.value} onClick={() => void beginRound(id)}>
          Next round: learn from {decided} decided masks
        </button>
      )}
    </div>
  );
}

function Progress({ run: { stages, progress, state } }: { readonly run: RunDetail }) {
  return (
    <section class="card">
      <h3>What is done, step by step</h3>
      <ol class="stages">
        {stages.map((stage) => (
          <Stage key={stage.name} stage={stage} />
        ))}
      </ol>
      {progress !== undefined && state === 'working' && (
        <div class="now">
          <progress value={progress.fraction} max={1} aria-label={progress.title} />
          <p role="status">
            <b>{progress.title}</b>
            <span>
              {Math.floor(100 * progress.fraction)} %
              {progress.secondsLeft !== undefined && `, ${duration(progress.secondsLeft)} left`}
            </span>
            {progress.detail !== undefined && <span class="quiet-text">{progress.detail}</span>}
          </p>
        </div>
      )}
    </section>
  );
}

const SAID: Readonly<Record<RunStage['state'], string>> = {
  done: 'done',
  working: 'working',
  waiting: 'to do',
};

function Stage({ stage: { title, state, seconds } }: { readonly stage: RunStage }) {
  return (
    <li class={`is-${state}`}>
      <span class="mark" aria-hidden="true" />
      <span class="grow">{title}</span>
      <span class="quiet-text">{seconds === undefined ? SAID[state] : duration(seconds)}</span>
    </li>
  );
}
