/** @file The order in which masks are looked at, and what looking at them is worth. */
import type { ReviewImage, ReviewItem, Stage } from '../../src/review/protocol.ts';

export type StatusFilter = 'open' | 'accepted' | 'corrected' | 'rejected' | 'skipped' | 'all';

/** Trust from `low` to below `high`, [0, 1]. */
export interface TrustRange {
  readonly low: number;
  readonly high: number;
}

export interface QueueFilter {
  readonly split: ReviewImage['split'];
  readonly status: StatusFilter;
  /** The masks that this stage found; of the refined ones also what people drew. */
  readonly stage: Stage;
  /** Undefined: all classes. */
  readonly classIndex: number | undefined;
  /** Undefined: whatever it is, and where there is none. */
  readonly trust: TrustRange | undefined;
  /** By trust alone, or image by image, the one with the least trusted mask first. */
  readonly order: 'trust' | 'image';
}

/** What is to be decided, and nothing left out. */
export const WHOLE_QUEUE: QueueFilter = {
  split: 'unlabelled',
  status: 'open',
  stage: 'refined',
  classIndex: undefined,
  trust: undefined,
  order: 'trust',
};

/** Names an item among all. */
export const itemKey = ({ image, classIndex }: Pick<ReviewItem, 'image' | 'classIndex'>): string =>
  `${classIndex} ${image}`;

/** Whether a decision is wanted: what was skipped waits for a second look. */
export const isOpen = ({ status, trust }: ReviewItem): boolean =>
  status === 'skipped' || (status === 'pending' && trust !== undefined);

/** The items of a filter, the least trusted first; what was skipped comes after everything else. */
export function queueOf(
  items: readonly ReviewItem[],
  images: ReadonlyMap<string, ReviewImage>,
  filter: QueueFilter,
): ReviewItem[] {
  const found = items.filter((item) => images.get(item.image)?.split === filter.split && fits(item, filter));
  const queue = found.sort(byTrust);
  return filter.order === 'trust' ? queue : imageByImage(queue, items);
}

function fits(item: ReviewItem, { status, stage, classIndex, trust: range }: QueueFilter): boolean {
  const { trust } = item;
  if (classIndex !== undefined && item.classIndex !== classIndex) return false;
  if (range !== undefined && (trust === undefined || trust < range.low || trust >= range.high)) return false;
  if (!item.stages.includes(stage) && !(stage === 'refined' && item.status !== 'pending')) return false;
  if (status !== 'open') return status === 'all' || item.status === status;
  return stage === 'refined' ? isOpen(item) : item.status === 'pending' || item.status === 'skipped';
}

function byTrust(a: ReviewItem, b: ReviewItem): number {
  const later = Number(a.status === 'skipped') - Number(b.status === 'skipped');
  return later || certainty(a) - certainty(b) || (itemKey(a) < itemKey(b) ? -1 : 1);
}

/** Without trust nothing speaks for a mask that was never refined, and a person for any other. */
function certainty({ trust, status, stages }: ReviewItem): number {
  if (trust !== undefined) return trust;
  return status === 'pending' && !stages.includes('refined') ? -1 : 2;
}

/** Images in the order of their least trusted masks, decided ones counting, so that no decision moves an image. */
function imageByImage(queue: readonly ReviewItem[], items: readonly ReviewItem[]): ReviewItem[] {
  const least = new Map<string, number>();
  for (const item of items) least.set(item.image, Math.min(least.get(item.image) ?? 2, certainty(item)));
  const rank = (item: ReviewItem): number => least.get(item.image)!;
  return queue.toSorted((a, b) => rank(a) - rank(b) || a.image.localeCompare(b.image));
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

/**
 * What the next `count` decisions of the queue are worth for `items`: trust is the Dice that a mask is expected to have,
 * and a decided one has 1.
 */
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
  const own = new Set(items);
  const next = queue.filter((item) => own.has(item) && isOpen(item)).slice(0, count);
  const won = next.reduce((sum, item) => sum + 1 - worth(item), 0);
  return { now, after: now + won / known.length, count: next.length };
}
