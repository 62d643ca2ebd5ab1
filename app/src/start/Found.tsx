/** @file What was recognised in a folder, and what can be done with it. */
import { useState } from 'preact/hooks';
import { begin, label, plainName } from './actions.ts';
import { shortPath } from './paths.ts';
import { busy, checked, recognised } from './store.ts';

export function Found() {
  const { kind, folder, summary, found, warnings, images } = recognised.value!;
  const isReady = kind === 'ready';
  return (
    <>
      <div class="title">
        <h2>{isReady ? 'These can be learnt from' : `${images} images, and none is outlined yet`}</h2>
        <p class="path">{shortPath(folder)}</p>
      </div>
      <section class="card">
        <h3>What is in the folder</h3>
        <ul class="sentences">
          {summary.map((sentence) => (
            <li key={sentence}>{sentence}</li>
          ))}
        </ul>
        {warnings.length > 0 && (
          <ul class="sentences is-warning">
            {warnings.map((sentence) => (
              <li key={sentence}>{sentence}</li>
            ))}
          </ul>
        )}
        {isReady && <Check />}
        {found.length > 0 && (
          <details class="detail">
            <summary>How it was understood, in detail</summary>
            <ul class="sentences">
              {found.map((sentence) => (
                <li key={sentence}>{sentence}</li>
              ))}
            </ul>
          </details>
        )}
      </section>
      {isReady ? <Begin /> : <Label />}
      <button
        type="button"
        class="quiet"
        onClick={() => {
          recognised.value = undefined;
        }}
      >
        Another folder
      </button>
    </>
  );
}

/** What a look at every file found. */
function Check() {
  if (checked.value === undefined) return <p class="quiet-text">Looking at every file …</p>;
  const { problems } = checked.value;
  if (problems.length === 0) return <p class="good">Every image can be read and fits its outlines.</p>;
  return (
    <details class="is-warning" open>
      <summary>
        {problems.length} {problems.length === 1 ? 'problem' : 'problems'}: correct or remove these files
        first
      </summary>
      <ul class="sentences">
        {problems.slice(0, 50).map((sentence) => (
          <li key={sentence}>{sentence}</li>
        ))}
      </ul>
    </details>
  );
}

function Begin() {
  const { name, hasSettings, folder } = recognised.value!;
  const [text, setText] = useState(name);
  const [minutes, setMinutes] = useState('');
  const wished = Number(minutes);
  return (
    <section class="card">
      <h3>Start</h3>
      <p class="quiet-text">
        {hasSettings
          ? 'The folder has settings of its own, in packmule.yaml: they are used.'
          : 'Settings that fit these images are chosen, and written into packmule.yaml of the folder.'}
      </p>
      <form
        class="row"
        onSubmit={(event) => {
          event.preventDefault();
          void begin(plainName(text), wished > 0 ? wished : undefined);
        }}
      >
        <label class="grow">
          <span>Name</span>
          <input type="text" value={text} onInput={({ currentTarget: { value } }) => setText(value)} />
        </label>
        <label>
          <span>Minutes to learn</span>
          <input
            type="number"
            min="0.1"
            max="1440"
            step="any"
            placeholder="as usual"
            title="For each of the networks. More minutes learn finer outlines, up to a point."
            value={minutes}
            onInput={({ currentTarget: { value } }) => setMinutes(value)}
          />
        </label>
        <button type="submit" class="main" disabled={busy.value && checked.value !== undefined}>
          Start
        </button>
        <button type="button" onClick={() => void label(folder)}>
          Outline more first
        </button>
      </form>
    </section>
  );
}

function Label() {
  return (
    <section class="card">
      <h3>Outline the first ones</h3>
      <p class="quiet-text">
        One to five images are enough to begin: name what is to be found, draw around it, and let Packmule do
        the others.
      </p>
      <button
        type="button"
        class="main"
        disabled={busy.value}
        onClick={() => void label(recognised.value!.folder)}
      >
        Outline images
      </button>
    </section>
  );
}
