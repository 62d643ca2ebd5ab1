/** @file Where one begins: drop a folder or name one, see what was recognised, go on. */
import { useState } from 'preact/hooks';
import { browse, look, take } from './actions.ts';
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
        <p>A few that are annotated and many that are not; or none that is, to draw the first labels here.</p>
      </div>
      <DropZone />
      <section class="card">
        <h3>A folder on this computer</h3>
        <p class="quiet-text">Nothing is copied; labels and settings are written beside the images.</p>
        <NameFolder />
        {browsing.value && <FolderBrowser list={browsing.value} />}
      </section>
      <p class="quiet-text">Everything stays on this computer.</p>
    </>
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
        It is copied into <code>{shortPath(project.value)}</code>
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

function NameFolder() {
  const [path, setPath] = useState('');
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
          onInput={({ currentTarget: { value } }) => setPath(value)}
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
