/** @file The page as a whole, and what it shows while it has nothing to show. */
import { useEffect } from 'preact/hooks';
import { isInHouse, START } from '../house.ts';
import { failure, labels, notice, room } from '../store.ts';
import { Help } from './Help.tsx';
import { Images } from './Images.tsx';
import { Queue } from './Queue.tsx';
import { Side } from './Side.tsx';
import { Stage } from './Stage.tsx';
import { TopBar } from './TopBar.tsx';

/** As long as it takes to read a line. */
const NOTICE_MS = 5000;

export function App() {
  if (failure.value !== undefined) {
    const { seen, fix } = failure.value;
    return (
      <main class="alone">
        <div role="alert">
          <h1>{seen}</h1>
          <p>{fix}</p>
          <WayBack />
        </div>
      </main>
    );
  }
  if (room.value === undefined) {
    return (
      <main class="alone" aria-busy="true">
        <p>Opening the images …</p>
      </main>
    );
  }
  if (labels.value === undefined && room.value.items.length === 0) {
    return (
      <main class="alone">
        <h1>There are no masks to review</h1>
        <p>
          The network found nothing in the images of this run. Let it learn for longer, or from more annotated
          images, in another run.
        </p>
        <WayBack />
      </main>
    );
  }
  return (
    <>
      <TopBar />
      <main class="work">
        {labels.value === undefined ? <Queue /> : <Images />}
        <Stage />
        <Side />
      </main>
      <NoticeLine />
      <Help />
    </>
  );
}

function WayBack() {
  if (!isInHouse) return null;
  return (
    <a class="button" href={START}>
      To the start page
    </a>
  );
}

function NoticeLine() {
  const now = notice.value;
  useEffect(() => {
    if (now?.kind !== 'done') return;
    const timer = setTimeout(() => {
      notice.value = undefined;
    }, NOTICE_MS);
    return () => clearTimeout(timer);
  }, [now]);
  return (
    <div class={`notice ${now === undefined ? '' : `is-${now.kind}`}`} role="status" aria-live="polite">
      {now?.text}
      {(now?.kind === 'problem' || now?.kind === 'news') && (
        <button
          type="button"
          onClick={() => {
            notice.value = undefined;
          }}
        >
          Understood
        </button>
      )}
    </div>
  );
}
