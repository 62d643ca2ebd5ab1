/**
 * @file Which image to label next. Without a network: the one least like those that are labelled, farthest first
 * (Gonzalez 1985). With the masks of a run: the doubt about them counts as well.
 */

export interface Candidate {
  readonly image: string;
  /** What the image looks like, as a point; near points look alike. */
  readonly point: Float32Array;
  /** Of the masks that a run found in it, [0, 1]; absent where there is no run. */
  readonly doubt?: number;
}

/** typical: most like all others. different: least like the labelled ones. doubtful: that, and its masks are not trusted. */
export type SuggestionReason = 'typical' | 'different' | 'doubtful';

export interface Suggestion {
  readonly image: string;
  readonly reason: SuggestionReason;
  readonly doubt?: number;
}

/** Up to `count` of the open images, the most useful first; each is chosen as if those before it were labelled. */
export function suggest(
  open: readonly Candidate[],
  labelled: readonly Candidate[],
  count: number,
): Suggestion[] {
  const chosen: Suggestion[] = [];
  const left = [...open];
  /** Distance of each candidate that is left to the nearest labelled or chosen one. */
  let nearest = left.map((one) => Math.min(...labelled.map((other) => distance(one, other))));
  while (left.length > 0 && chosen.length < count) {
    const isFirst = labelled.length === 0 && chosen.length === 0;
    const worth = isFirst
      ? left.map((one) => -left.reduce((sum, other) => sum + distance(one, other), 0))
      : left.map(({ doubt = 1 }, i) => nearest[i]! * doubt);
    const at = worth.indexOf(Math.max(...worth));
    const [best] = left.splice(at, 1);
    nearest = nearest
      .filter((_, i) => i !== at)
      .map((before, i) => Math.min(before, distance(left[i]!, best!)));
    chosen.push(suggestionOf(best!, isFirst));
  }
  return chosen;
}

function suggestionOf({ image, doubt }: Candidate, isFirst: boolean): Suggestion {
  if (isFirst) return { image, reason: 'typical' };
  return doubt === undefined ? { image, reason: 'different' } : { image, reason: 'doubtful', doubt };
}

function distance({ point: a }: Candidate, { point: b }: Candidate): number {
  let sum = 0;
  for (let i = 0; i < a.length; i++) sum += (a[i]! - b[i]!) ** 2;
  return Math.sqrt(sum);
}
