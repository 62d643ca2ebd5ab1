/** @file The head of the page: which run, how far the review is, what more of it is worth, and that all is saved. */

import { isInHouse, START } from '../house.ts';
import { expectedGain, isOpen } from '../queue.ts';
import { connected, labels, poolItems, queue, room, saving } from '../store.ts';
import { CommandButton } from './CommandButton.tsx';

/** As many as one looks at in a few minutes. */
const NEXT = 20;

export function TopBar() {
  return (
    <header class="top">
      <h1>
        {isInHouse ? <a href={`${START}#runs`}>Packmule</a> : 'Packmule'} <span>{room.value!.run}</span>
      </h1>
      {labels.value !== undefined ? (
        <ImagesDone />
      ) : (
        <>
          <Progress />
          <Worth />
        </>
      )}
      <SaveState />
      <CommandButton command="help" icon="help" label="Keys and help" class="quiet" />
    </header>
  );
}

function Progress() {
  const items = poolItems.value;
  const decided = items.filter(({ status }) => status !== 'pending' && status !== 'skipped').length;
  const total = decided + items.filter(isOpen).length;
  return (
    <div class="progress">
      <progress value={decided} max={Math.max(1, total)} aria-label="Masks decided" />
      <span>
        <b>{decided}</b> of {total} decided
      </span>
    </div>
  );
}

function ImagesDone() {
  const { done } = labels.value!;
  const { length } = room.value!.images;
  return (
    <div class="progress">
      <progress value={done.length} max={Math.max(1, length)} aria-label="Images done" />
      <span>
        <b>{done.length}</b> of {length} images done
      </span>
    </div>
  );
}

/** What the next decisions of the queue are worth, and on what that rests. */
function Worth() {
  const gain = expectedGain(poolItems.value, queue.value, NEXT);
  if (gain === undefined) return null;
  const { calibration } = room.value!;
  if ('none' in calibration) {
    return (
      <details class="worth">
        <summary>What reviewing gains is not known</summary>
        <div class="basis">
          <p>Trust could not be learnt from labelled images: {calibration.none}.</p>
          <p>Masks are still in the order of their evidence, the doubtful ones first.</p>
        </div>
      </details>
    );
  }
  const { masks, images, error } = calibration;
  return (
    <details class="worth">
      <summary>
        Expected Dice <b>{percent(gain.now)}</b>
        {gain.count > 0 && (
          <>
            {' → '}
            <b>{percent(gain.after)}</b> with the next {gain.count}
          </>
        )}
      </summary>
      <div class="basis">
        <p>
          The mean over all masks to review. Each counts with its trust, the Dice that masks of such evidence
          had on {images} labelled images ({masks} masks); a decided one counts as right, 100.
        </p>
        {error !== undefined && <p>Measured there, trust is off by {(100 * error).toFixed(1)} on average.</p>}
        <p>What a network gains that learns from your decisions is not in it: the next round shows that.</p>
      </div>
    </details>
  );
}

const percent = (value: number): string => (100 * value).toFixed(1);

function SaveState() {
  const text = !connected.value ? 'No connection' : saving.value > 0 ? 'Saving …' : 'All saved';
  return (
    <p class={`save ${connected.value ? '' : 'is-lost'}`} role="status">
      {text}
    </p>
  );
}
