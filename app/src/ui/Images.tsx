/** @file The images of a folder that is labelled: which to take next and why, which are done. */
import type { ReviewImage } from '../../../src/review/protocol.ts';
import { select } from '../actions/load.ts';
import { overviewPath } from '../addresses.ts';
import { isInHouse, START } from '../house.ts';
import { type DoneFilter, reasonText } from '../images.ts';
import { allItems, doneFilter, imageQueue, labels, room, selected } from '../store.ts';
import { Icon } from './icons.tsx';
import { LongList, type RowPlace } from './LongList.tsx';
import { Thumbnail } from './Thumbnail.tsx';

const FILTERS: readonly (readonly [DoneFilter, string])[] = [
  ['open', 'To label'],
  ['done', 'Done'],
  ['all', 'All'],
];

export function Images() {
  return (
    <section class="queue panel" aria-label="Images">
      <form class="filters" onSubmit={(event) => event.preventDefault()}>
        <label>
          <span>Images</span>
          <select
            value={doneFilter.value}
            onChange={({ currentTarget: { value } }) => {
              doneFilter.value = value as DoneFilter;
            }}
          >
            {FILTERS.map(([name, title]) => (
              <option key={name} value={name}>
                {title}
              </option>
            ))}
          </select>
        </label>
        <p class="count" role="status">
          {orderText()}
        </p>
      </form>
      <LongList
        items={imageQueue.value}
        keyOf={({ id }) => id}
        current={selected.value?.image}
        row={(image, place) => <Row image={image} {...place} />}
        empty={<Empty />}
      />
    </section>
  );
}

/** How many there are, and in which order: of many, a model looks at some. */
function orderText(): string {
  const { looked, suggestions } = labels.value!;
  const count = imageQueue.value.length;
  const images = `${count} ${count === 1 ? 'image' : 'images'}`;
  if (suggestions.length > 0) {
    const isSample = looked !== undefined && looked.done < room.value!.images.length;
    return `${images}, the most useful ${isSample ? `of ${looked.done} looked at ` : ''}first`;
  }
  if (looked === undefined || looked.done === looked.total) return `${images}, by name`;
  return `${images}; looking at them: ${looked.done} of ${looked.total}`;
}

function Row({ image, isCurrent, tabIndex }: RowPlace & { readonly image: ReviewImage }) {
  const { done, suggestions, colours } = labels.value!;
  const isDone = done.includes(image.id);
  const drawn = allItems.value.filter((item) => item.image === image.id);
  const count = drawn.filter(({ status }) => status === 'corrected').length;
  const suggestion = suggestions.find((one) => one.image === image.id);
  // Drawn anew when somebody goes on to another image, not with every stroke.
  const state = isCurrent ? 'open' : `${Math.max(0, ...drawn.map(({ revision }) => revision))} ${colours}`;
  return (
    <button
      type="button"
      class={`item ${isDone ? 'is-accepted' : ''}`}
      tabIndex={tabIndex}
      aria-current={isCurrent ? 'true' : undefined}
      onClick={() => void select({ image: image.id, classIndex: selected.value?.classIndex ?? 0 })}
    >
      <Thumbnail src={overviewPath(image.id, state, room.value!)} />
      <span class="what">
        <span class="name">{image.name}</span>
        <span class="image">
          {count === 0
            ? `${image.width} × ${image.height}`
            : `${count} ${count === 1 ? 'class' : 'classes'} drawn`}
        </span>
        {!isDone && suggestion && <span class="reason">{reasonText(suggestion, done.length)}</span>}
      </span>
      {isDone && (
        <span class="status" title="done">
          <Icon name="accept" />
          <span class="unseen">done</span>
        </span>
      )}
    </button>
  );
}

function NowLearn() {
  return isInHouse ? (
    <>
      Now a network can learn from them: choose the folder on the <a href={START}>start page</a>.
    </>
  ) : (
    <>
      Now a network can learn from them: <code>packmule run {room.value!.run}</code>
    </>
  );
}

function Empty() {
  const isDone = doneFilter.value === 'open';
  return (
    <div class="empty">
      <b>{isDone ? 'Every image is done.' : 'No image is done yet.'}</b>
      <p>{isDone ? <NowLearn /> : 'Draw what is to be found, then press A.'}</p>
    </div>
  );
}
