/** @file Where one begins: drop a folder or name one, see what was recognised, go on. */
import { signal } from '@preact/signals';
import { useState } from 'preact/hooks';
import { browse, look, take, tryIt } from './actions.ts';
import { chosenFiles, droppedFiles } from './dropped.ts';
import { FolderBrowser } from './FolderBrowser.tsx';
import { Found } from './Found.tsx';
import { longPath, shortPath } from './paths.ts';
import { browsing, busy, looking, project, recognised, sending } from './store.ts';

export function Start() {
  if (sending.value !== undefined) return <Sending />;
  if (looking.value !== undefined) {
    return (
      <p class="quiet-text" role="status">
        Looking at {shortPath(looking.value)} …
      </p>
    );
  }
  if (recognised.value !== undefined) return <Found />;
  return (
    <>
      <div class="title">
        <h2>Begin with your images</h2>
        <p>
          Outline what you look for in a few of them; Packmule learns from these and outlines it in all
          others. Where nothing is outlined yet, you draw the first ones here.
        </p>
      </div>
      <DropZone />
      <section class="card">
        <h3>A folder on this computer</h3>
        <p class="quiet-text">Nothing is copied; what you outline is saved beside the images.</p>
        <NameFolder />
        {browsing.value && <FolderBrowser list={browsing.value} />}
      </section>
      <TryIt />
      <p class="quiet-text">Everything stays on this computer: nothing is sent anywhere.</p>
    </>
  );
}

/** For whoever has no images at hand. */
function TryIt() {
  return (
    <section class="card with-action">
      <div class="grow">
        <h3>No images at hand?</h3>
        <p class="quiet-text">
          See the whole way on drawn X-ray hands, which belong to nobody: 12 with outlined bones to learn
          from, 40 to be outlined. It takes some five minutes, and you can watch.
        </p>
      </div>
      <button type="button" disabled={busy.value} onClick={() => void tryIt()}>
        Try it on drawn hands
      </button>
    </section>
  );
}

function DropZone() {
  const [isOver, setOver] = useState(false);
  return (
    // biome-ignore lint/a11y/noStaticElementInteractions: dropping is one way of three; the button in it is for keyboards.
    <div
      class={`drop ${isOver ? 'is-over' : ''}`}
      onDragOver={(event) => {
        event.preventDefault();
        setOver(true);
      }}
      onDragLeave={() => setOver(false)}
      onDrop={(event) => {
        event.preventDefault();
        setOver(false);
        // What was dropped is read at once; it is gone after the event.
        if (event.dataTransfer) void droppedFiles(event.dataTransfer.items).then(take);
      }}
    >
      <p class="drop-title">Drop a folder here</p>
      <p>
        A copy is made in <code>{shortPath(project.value)}</code>; the originals stay as they are.
      </p>
      <label class="button">
        Choose a folder …
        <input
          type="file"
          class="unseen"
          multiple
          ref={(input) => input?.setAttribute('webkitdirectory', '')}
          onChange={({ currentTarget: { files } }) => {
            if (files !== null && files.length > 0) void take(chosenFiles(files));
          }}
        />
      </label>
    </div>
  );
}

/** What was typed stays while a folder is looked at, which may fail. */
const typed = signal('');

function NameFolder() {
  const path = typed.value;
  return (
    <form
      class="row"
      onSubmit={(event) => {
        event.preventDefault();
        void look(longPath(path.trim()));
      }}
    >
      <label class="grow">
        <span class="unseen">Path of the folder</span>
        <input
          type="text"
          value={path}
          placeholder={shortPath(`${project.value}/my-radiographs`)}
          onInput={({ currentTarget: { value } }) => {
            typed.value = value;
          }}
        />
      </label>
      <button type="submit" disabled={path.trim() === '' || busy.value}>
        Look at it
      </button>
      <button
        type="button"
        aria-expanded={browsing.value !== undefined}
        onClick={() => void browse(project.value)}
      >
        Browse …
      </button>
    </form>
  );
}

function Sending() {
  const { name, done, total } = sending.value!;
  return (
    <section class="card" aria-busy="true">
      <h2>Copying {name}</h2>
      <progress value={done} max={total} aria-label="Files copied" />
      <p role="status">
        {done} of {total} files
      </p>
    </section>
  );
}
