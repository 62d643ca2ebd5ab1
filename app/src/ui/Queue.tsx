/** @file The queue: filters, and the masks that they leave. */
import type { ReviewItem } from '../../../src/review/protocol.ts';
import { changeFilter } from '../actions/commands.ts';
import { select } from '../actions/load.ts';
import { thumbnailPath } from '../api.ts';
import { isOpen, itemKey, type StatusFilter } from '../queue.ts';
import { colourOf, filter, imagesById, poolItems, queue, room, selected } from '../store.ts';
import { Icon, type IconName } from './icons.tsx';
import { LongList, type RowPlace } from './LongList.tsx';

const STATUSES: readonly (readonly [StatusFilter, string])[] = [
  ['open', 'Open'],
  ['accepted', 'Accepted'],
  ['corrected', 'Corrected'],
  ['rejected', 'Rejected'],
  ['skipped', 'For later'],
  ['all', 'All'],
];

const SPLITS = [
  ['unlabelled', 'To review'],
  ['val', 'Validation (truth known)'],
  ['test', 'Test (truth known)'],
] as const;

export function Queue() {
  return (
    <section class="queue panel" aria-label="Masks">
      <Filters />
      <LongList
        items={queue.value}
        keyOf={itemKey}
        current={selected.value && itemKey(selected.value)}
        row={(item, place) => <Item item={item} {...place} />}
        empty={<Empty />}
      />
    </section>
  );
}

function Filters() {
  const { status, classIndex, split } = filter.value;
  const splits = new Set(room.value!.images.map((image) => image.split));
  const count = queue.value.length;
  return (
    <form class="filters" onSubmit={(event) => event.preventDefault()}>
      {splits.size > 1 && (
        <label>
          <span>Images</span>
          <select
            value={split}
            onChange={({ currentTarget: { value } }) =>
              changeFilter({ split: value as typeof split, status: value === 'unlabelled' ? 'open' : 'all' })
            }
          >
            {SPLITS.filter(([name]) => splits.has(name)).map(([name, title]) => (
              <option key={name} value={name}>
                {title}
              </option>
            ))}
          </select>
        </label>
      )}
      <div class="pair">
        <label>
          <span>Status</span>
          <select
            value={status}
            onChange={({ currentTarget: { value } }) => changeFilter({ status: value as StatusFilter })}
          >
            {STATUSES.map(([name, title]) => (
              <option key={name} value={name}>
                {title}
              </option>
            ))}
          </select>
        </label>
        <label>
          <span>Class</span>
          <select
            value={classIndex ?? ''}
            onChange={({ currentTarget: { value } }) => chooseClass(value === '' ? undefined : Number(value))}
          >
            <option value="">All</option>
            {room.value!.classes.map((name, index) => (
              <option key={name} value={index}>
                {name}
              </option>
            ))}
          </select>
        </label>
      </div>
      <p class="count" role="status">
        {count} {count === 1 ? 'mask' : 'masks'}, least trusted first
      </p>
    </form>
  );
}

function chooseClass(classIndex: number | undefined): void {
  const { classIndex: _, ...rest } = filter.value;
  filter.value = classIndex === undefined ? rest : { ...rest, classIndex };
}

function Empty() {
  const isDone = filter.value.status === 'open' && !poolItems.value.some(isOpen);
  return (
    <div class="empty">
      {isDone ? (
        <>
          <b>Everything is decided.</b>
          <p>
            Let the next round learn from it:
            <code>packmule run RUN --round 2</code>
          </p>
        </>
      ) : (
        <>
          <b>No such masks.</b>
          <p>Choose another status or class above.</p>
        </>
      )}
    </div>
  );
}

const STATUS_ICONS: Readonly<Record<Exclude<ReviewItem['status'], 'pending'>, readonly [IconName, string]>> =
  {
    accepted: ['accept', 'accepted'],
    corrected: ['pencil', 'corrected'],
    rejected: ['reject', 'rejected'],
    skipped: ['skip', 'for later'],
  };

function Item({ item, isCurrent, tabIndex }: RowPlace & { readonly item: ReviewItem }) {
  const name = room.value!.classes[item.classIndex]!;
  const status = item.status === 'pending' ? undefined : STATUS_ICONS[item.status];
  return (
    <button
      type="button"
      class={`item is-${item.status}`}
      tabIndex={tabIndex}
      aria-current={isCurrent ? 'true' : undefined}
      onClick={() => void select(item)}
    >
      <img src={thumbnailPath(item)} alt="" width="56" height="56" loading="lazy" decoding="async" />
      <span class="what">
        <span class="name">
          <Dot classIndex={item.classIndex} />
          {name}
        </span>
        <span class="image">{imagesById.value.get(item.image)?.name}</span>
        <Trust value={item.trust} />
      </span>
      {status && (
        <span class="status" title={status[1]}>
          <Icon name={status[0]} />
          <span class="unseen">{status[1]}</span>
        </span>
      )}
    </button>
  );
}

export function Dot({ classIndex }: { readonly classIndex: number }) {
  return <span class="dot" style={{ background: `rgb(${colourOf(classIndex).join(' ')})` }} />;
}

/** Trust as a bar and a number, so that its length is seen from afar. */
export function Trust({ value }: { readonly value: number | undefined }) {
  if (value === undefined) return <span class="trust">by hand</span>;
  const percent = Math.round(100 * value);
  return (
    <span class="trust">
      <span class="bar" aria-hidden="true">
        <span style={{ width: `${percent}%` }} />
      </span>
      <span class="unseen">trust </span>
      {percent}
    </span>
  );
}
