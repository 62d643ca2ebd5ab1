/** @file The queue: filters, and the masks that they leave. */
import type { ReviewImage, ReviewItem, Stage } from '../../../src/review/protocol.ts';
import { changeFilter } from '../actions/commands.ts';
import { select } from '../actions/load.ts';
import { thumbnailPath } from '../addresses.ts';
import { isInHouse, START } from '../house.ts';
import { isOpen, itemKey, type QueueFilter, type StatusFilter, type TrustRange } from '../queue.ts';
import { colourOf, filter, imagesById, poolItems, queue, room, selected, unsaved } from '../store.ts';
import { Icon, type IconName } from './icons.tsx';
import { LongList, type RowPlace } from './LongList.tsx';
import { Thumbnail } from './Thumbnail.tsx';

type Choices<T> = readonly (readonly [value: T, title: string])[];

const STATUSES: Choices<StatusFilter> = [
  ['open', 'Open'],
  ['accepted', 'Accepted'],
  ['corrected', 'Corrected'],
  ['rejected', 'Rejected'],
  ['skipped', 'For later'],
  ['all', 'All'],
];

const SPLITS: Choices<ReviewImage['split']> = [
  ['unlabelled', 'To review'],
  ['val', 'Validation'],
  ['test', 'Test'],
];

const STAGE_TITLES: Choices<Stage> = [
  ['refined', 'Refined'],
  ['final', 'Final network'],
  ['initial', 'Initial network'],
];

const TRUSTS: Choices<TrustRange | undefined> = [
  [undefined, 'Any'],
  [{ low: 0, high: 0.5 }, 'Below 50'],
  [{ low: 0.5, high: 0.8 }, '50 to 79'],
  [{ low: 0.8, high: 2 }, '80 and more'],
];

const ORDERS: Choices<QueueFilter['order']> = [
  ['trust', 'By trust'],
  ['image', 'By image'],
];

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
  const { status, classIndex, split, stage, trust, order } = filter.value;
  const { images, items: all, classes } = room.value!;
  const splits = new Set(images.map((image) => image.split));
  const stages = new Set(all.flatMap((item) => item.stages));
  const count = queue.value.length;
  return (
    <form class="filters" onSubmit={(event) => event.preventDefault()}>
      <Choice
        name="Images"
        choices={SPLITS.filter(([name]) => splits.has(name))}
        value={split}
        choose={(value) => changeFilter({ split: value, status: value === 'unlabelled' ? 'open' : 'all' })}
      />
      <Choice
        name="Status"
        choices={STATUSES}
        value={status}
        choose={(value) => changeFilter({ status: value })}
      />
      <Choice
        name="Class"
        choices={[[undefined, 'All'], ...classes.map((title, index) => [index, title] as const)]}
        value={classIndex}
        choose={(value) => changeFilter({ classIndex: value })}
      />
      <Choice
        name="Trust"
        choices={TRUSTS}
        value={trust}
        choose={(value) => changeFilter({ trust: value })}
      />
      <Choice
        name="Found by"
        choices={STAGE_TITLES.filter(([name]) => stages.has(name))}
        value={stage}
        choose={(value) => changeFilter({ stage: value })}
      />
      <Choice
        name="Order"
        choices={ORDERS}
        value={order}
        choose={(value) => changeFilter({ order: value })}
      />
      <p class="count" role="status">
        {count} {count === 1 ? 'mask' : 'masks'}
        {order === 'trust' ? ', least trusted first' : ', the most doubtful image first'}
      </p>
    </form>
  );
}

interface ChoiceProps<T> {
  readonly name: string;
  readonly choices: Choices<T>;
  readonly value: T;
  readonly choose: (value: T) => void;
}

function Choice<T>({ name, choices, value, choose }: ChoiceProps<T>) {
  return (
    <label>
      <span>{name}</span>
      <select
        value={choices.findIndex(([one]) => one === value)}
        onChange={({ currentTarget }) => choose(choices[Number(currentTarget.value)]![0])}
      >
        {choices.map(([, title], index) => (
          <option key={title} value={index}>
            {title}
          </option>
        ))}
      </select>
    </label>
  );
}

function Empty() {
  const isDone = filter.value.status === 'open' && !poolItems.value.some(isOpen);
  return (
    <div class="empty">
      {isDone ? (
        <>
          <b>Everything is decided.</b>
          {isInHouse ? (
            <p>
              Let the next round learn from it: choose the run among <a href={`${START}#runs`}>all runs</a>.
            </p>
          ) : (
            <p>
              Let the next round learn from it:
              <code>packmule run RUN --round 2</code>
            </p>
          )}
        </>
      ) : (
        <>
          <b>No such masks.</b>
          <p>Choose others above.</p>
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
  const isDrawn = unsaved.value.has(itemKey(item));
  return (
    <button
      type="button"
      class={`item is-${item.status}`}
      tabIndex={tabIndex}
      aria-current={isCurrent ? 'true' : undefined}
      onClick={() => void select(item)}
    >
      <Thumbnail src={thumbnailPath(item, room.value!)} />
      <span class="what">
        <span class="name">
          <Dot classIndex={item.classIndex} />
          {name}
        </span>
        <span class="image">{imagesById.value.get(item.image)?.name}</span>
        {isDrawn ? <span class="edited">not saved yet</span> : <Trust {...item} />}
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
export function Trust({ trust, status, stages }: Pick<ReviewItem, 'trust' | 'status' | 'stages'>) {
  if (trust === undefined) {
    const isUnrefined = status === 'pending' && !stages.includes('refined');
    return <span class="trust">{isUnrefined ? 'not refined' : 'by hand'}</span>;
  }
  const percent = Math.round(100 * trust);
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
