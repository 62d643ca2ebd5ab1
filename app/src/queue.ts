/** @file The order in which masks are looked at, and what looking at them is worth. */
import type { ReviewImage, ReviewItem } from '../../src/review/protocol.ts';

export type StatusFilter = 'open' | 'accepted' | 'corrected' | 'rejected' | 'skipped' | 'all';

export interface QueueFilter {
  readonly status: StatusFilter;
  /** Absent: all classes. */
  readonly classIndex?: number;
  readonly split: ReviewImage['split'];
}

/** Names an item among all. */
export const itemKey = ({ image, classIndex }: Pick<ReviewItem, 'image' | 'classIndex'>): string =>
  `${classIndex} ${image}`;

/** Whether a decision is still wanted: what was skipped waits for a second look. */
export const isOpen = ({ status, trust }: ReviewItem): boolean =>
  status === 'skipped' || (status === 'pending' && trust !== undefined);

/** The items of a filter, the least trusted first; what was skipped comes after everything else. */
export function queueOf(
  items: readonly ReviewItem[],
  images: ReadonlyMap<string, ReviewImage>,
  filter: QueueFilter,
): ReviewItem[] {
  return items
    .filter((item) => images.get(item.image)?.split === filter.split)
    .filter(({ classIndex }) => filter.classIndex === undefined || classIndex === filter.classIndex)
    .filter((item) => fits(item, filter.status))
    .sort(byTrust);
}

function fits(item: ReviewItem, status: StatusFilter): boolean {
  if (status === 'all') return true;
  return status === 'open' ? isOpen(item) : item.status === status;
}

function byTrust(a: ReviewItem, b: ReviewItem): number {
  const later = Number(a.status === 'skipped') - Number(b.status === 'skipped');
  // Without trust a person made the mask: nothing is more certain.
  const trust = (a.trust ?? 2) - (b.trust ?? 2);
  return later || trust || (itemKey(a) < itemKey(b) ? -1 : 1);
}

/**
 * The item to go to from `key`, `steps` further; from an item that is not in the queue any more, its place in `before`
 * counts. Undefined for an empty queue.
 */
export function neighbour(
  queue: readonly ReviewItem[],
  before: readonly ReviewItem[],
  key: string,
  steps: number,
): ReviewItem | undefined {
  const at = queue.findIndex((item) => itemKey(item) === key);
  if (at >= 0) return queue[Math.min(queue.length - 1, Math.max(0, at + steps))];
  const was = before.findIndex((item) => itemKey(item) === key);
  const rest = new Set(queue.map(itemKey));
  const next = before.slice(was + 1).find((item) => rest.has(itemKey(item)));
  return next ?? queue[0];
}

export interface Gain {
  /** Mean expected Dice of all masks as they are, [0, 1]. */
  readonly now: number;
  /** The same once the next ones of the queue are right. */
  readonly after: number;
  /** How many those are. */
  readonly count: number;
}

/** What the next `count` decisions are worth: trust is the Dice that a mask is expected to have, and a decided one has 1. */
export function expectedGain(
  items: readonly ReviewItem[],
  queue: readonly ReviewItem[],
  count: number,
): Gain | undefined {
  const known = items.filter(
    ({ trust, status }) => trust !== undefined || !['pending', 'skipped'].includes(status),
  );
  if (known.length === 0) return undefined;
  const worth = (item: ReviewItem): number =>
    item.status === 'pending' || item.status === 'skipped' ? (item.trust ?? 1) : 1;
  const now = known.reduce((sum, item) => sum + worth(item), 0) / known.length;
  const next = queue.filter(isOpen).slice(0, count);
  const won = next.reduce((sum, item) => sum + 1 - worth(item), 0);
  return { now, after: now + won / known.length, count: next.length };
}
