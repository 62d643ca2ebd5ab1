/** @file What was recognised in a folder, and what can be done with it. */
import { useState } from 'preact/hooks';
import { begin, label, plainName } from './actions.ts';
import { shortPath } from './paths.ts';
import { busy, checked, recognised } from './store.ts';

export function Found() {
  const { kind, folder, found, warnings, images } = recognised.value!;
  const isReady = kind === 'ready';
  return (
    <>
      <div class="title">
        <h2>{isReady ? 'This can be learnt from' : `${images} images, and nobody has annotated one`}</h2>
        <p class="path">{shortPath(folder)}</p>
      </div>
      <section class="card">
        <h3>What was recognised</h3>
        <ul class="sentences">
          {found.map((sentence) => (
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
  if (problems.length === 0) return <p class="good">Every image can be read and fits its annotation.</p>;
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
          ? 'The settings in packmule.yaml of the folder are used.'
          : 'Settings that fit are written into packmule.yaml of the folder.'}
      </p>
      <form
        class="row"
        onSubmit={(event) => {
          event.preventDefault();
          void begin(plainName(text), wished > 0 ? wished : undefined);
        }}
      >
        <label class="grow">
          <span>Name of the run</span>
          <input type="text" value={text} onInput={({ currentTarget: { value } }) => setText(value)} />
        </label>
        <label>
          <span>Minutes a network</span>
          <input
            type="number"
            min="0.1"
            max="1440"
            step="any"
            placeholder="as set"
            value={minutes}
            onInput={({ currentTarget: { value } }) => setMinutes(value)}
          />
        </label>
        <button type="submit" class="main" disabled={busy.value && checked.value !== undefined}>
          Start the run
        </button>
        <button type="button" onClick={() => void label(folder)}>
          Label more first
        </button>
      </form>
    </section>
  );
}

function Label() {
  return (
    <section class="card">
      <h3>Draw the first labels</h3>
      <p class="quiet-text">
        One to five images are enough to begin: name what is to be found, draw it, and let a network do the
        others.
      </p>
      <button
        type="button"
        class="main"
        disabled={busy.value}
        onClick={() => void label(recognised.value!.folder)}
      >
        Annotate images
      </button>
    </section>
  );
}
