/** @file The order in which images are labelled, and why. */
import type { LabelsState } from '../../src/label/protocol.ts';
import type { Suggestion } from '../../src/label/suggest.ts';
import type { ReviewImage } from '../../src/review/protocol.ts';

export type DoneFilter = 'open' | 'done' | 'all';

/** The images of a filter: what is suggested first, the others in the order of the folder. */
export function orderedImages(
  images: readonly ReviewImage[],
  { done, suggestions }: LabelsState,
  filter: DoneFilter,
): readonly ReviewImage[] {
  const isDone = new Set(done);
  const rank = new Map(suggestions.map(({ image }, i) => [image, i]));
  const rankOf = ({ id }: ReviewImage): number => rank.get(id) ?? rank.size;
  return images
    .filter(({ id }) => filter === 'all' || isDone.has(id) === (filter === 'done'))
    .sort((a, b) => rankOf(a) - rankOf(b));
}

/** Why an image is suggested, in a few words; `done` is how many images are. */
export function reasonText({ reason, doubt = 0 }: Suggestion, done: number): string {
  if (reason === 'typical') return 'Typical of the folder';
  if (reason === 'different') return done === 0 ? 'Unlike those above' : 'Unlike those done';
  return `In doubt: trust ${Math.round(100 * (1 - doubt))}`;
}
