/** @file The page as a whole: head, what is shown, and what went wrong. */
import type { ComponentChildren } from 'preact';
import { WithCode } from '../ui/WithCode.tsx';
import { Compare } from './Compare.tsx';
import { Run } from './Run.tsx';
import { Runs } from './Runs.tsx';
import { Start } from './Start.tsx';
import { home, problem, runList, view } from './store.ts';

export function Desk() {
  const { name } = view.value;
  const working = runList.value?.runs.filter(({ state }) => state === 'working').length ?? 0;
  return (
    <>
      <header class="head">
        <h1>
          <a class="brand" href="#start">
            Packmule
          </a>
        </h1>
        <nav aria-label="Pages">
          <Tab address="start" isHere={name === 'start'}>
            Start
          </Tab>
          <Tab address="runs" isHere={name !== 'start'}>
            Runs{working > 0 && <span class="count">{working} working</span>}
          </Tab>
        </nav>
      </header>
      <main class="sheet">
        <Trouble />
        {home.value === undefined ? (
          problem.value === undefined && <p class="quiet-text">Opening …</p>
        ) : (
          <Shown />
        )}
      </main>
    </>
  );
}

function Tab(props: {
  readonly address: string;
  readonly isHere: boolean;
  readonly children: ComponentChildren;
}) {
  return (
    <a class="tab" href={`#${props.address}`} aria-current={props.isHere ? 'page' : undefined}>
      {props.children}
    </a>
  );
}

function Shown() {
  const now = view.value;
  if (now.name === 'runs') return <Runs />;
  if (now.name === 'run') return <Run key={now.id} id={now.id} />;
  if (now.name === 'compare') return <Compare key={now.ids.join()} ids={now.ids} />;
  return <Start />;
}

function Trouble() {
  const now = problem.value;
  return (
    <div role="alert" class={now === undefined ? '' : 'trouble'}>
      {now && (
        <>
          <b>
            <WithCode text={now.seen} />
          </b>
          <p>
            <WithCode text={now.fix} />
          </p>
        </>
      )}
    </div>
  );
}
