/** @file Two runs side by side: figures, curves, and the settings in which they differ. */
import { useEffect } from 'preact/hooks';
import type { RunDetail } from '../../../src/desk/protocol.ts';
import { follow } from './actions.ts';
import { Curves } from './Curves.tsx';
import { Figures } from './Figures.tsx';
import { details } from './store.ts';

export function Compare({ ids }: { readonly ids: readonly [string, string] }) {
  useEffect(() => follow(ids), [ids]);
  const [first, second] = ids.map((id) => details.value.get(id));
  if (first === undefined || second === undefined) return <p class="quiet-text">Opening both runs …</p>;
  const runs = [first, second];
  return (
    <>
      <div class="title">
        <h2>
          {first.name} and {second.name}
        </h2>
        <p>
          <a href="#runs">All runs</a>
        </p>
      </div>
      <section class="card">
        <h3>Results</h3>
        {runs.some(({ figures }) => figures.length > 0) ? (
          <Figures runs={runs} />
        ) : (
          <p class="quiet-text">Neither is evaluated yet.</p>
        )}
      </section>
      <section class="card">
        <h3>Training</h3>
        <Curves runs={runs} />
      </section>
      <section class="card">
        <h3>Settings that differ</h3>
        <Settings first={first} second={second} />
      </section>
    </>
  );
}

function Settings({ first, second }: { readonly first: RunDetail; readonly second: RunDetail }) {
  const names = [...new Set([...Object.keys(first.settings), ...Object.keys(second.settings)])];
  const different = names.filter((name) => name !== 'name' && first.settings[name] !== second.settings[name]);
  if (different.length === 0) return <p class="quiet-text">None: they differ in nothing but their data.</p>;
  return (
    <table>
      <thead>
        <tr>
          <th scope="col">Setting</th>
          <th scope="col">{first.name}</th>
          <th scope="col">{second.name}</th>
        </tr>
      </thead>
      <tbody>
        {different.map((name) => (
          <tr key={name}>
            <th scope="row">
              <code>{name}</code>
            </th>
            <td>{first.settings[name] ?? '–'}</td>
            <td>{second.settings[name] ?? '–'}</td>
          </tr>
        ))}
      </tbody>
    </table>
  );
}
