/** @file What the figures say, in sentences: the result, what refinement changed, and what was invented. */
import { compareEvaluations } from '../evaluate/summary.ts';
import type { ReportData, Stage, StageResult } from './data.ts';
import {
  counted,
  levelTitle,
  percent,
  percentInterval,
  pValue,
  STAGE_TITLES,
  signedPercent,
} from './format.ts';

export interface Finding {
  /** `better` and `worse` only where the interval of a difference leaves out 0. */
  readonly tone: 'plain' | 'better' | 'worse' | 'unclear';
  readonly text: string;
}

/** Result of one stage on one split, if it was scored. */
export function resultOf(data: ReportData, split: string, stage: Stage): StageResult | undefined {
  return data.results.find((result) => result.split === split && result.stage === stage);
}

/** Names of the splits in the order of the results. */
export function splitsOf(data: ReportData): string[] {
  return [...new Set(data.results.map((result) => result.split))];
}

/** The split whose figures stand first: the last one scored, which is test where there is one. */
export function headlineSplit(data: ReportData): string | undefined {
  return splitsOf(data).at(-1);
}

/** The figure of the first screen: the latest stage on the headline split. */
export function headlineResult(data: ReportData): StageResult | undefined {
  const split = headlineSplit(data);
  if (split === undefined) return undefined;
  return (
    resultOf(data, split, 'final') ?? resultOf(data, split, 'refined') ?? resultOf(data, split, 'initial')
  );
}

/** Sentences on every split: initial against refined, initial against final. */
export function findings(data: ReportData): Finding[] {
  const splits = splitsOf(data);
  if (splits.length === 0) {
    return [
      {
        tone: 'plain',
        text: 'Nothing was scored: no image with a ground truth was held back for validation or testing.',
      },
    ];
  }
  return [...splits].reverse().flatMap((split) => findingsOf(data, split));
}

function findingsOf(data: ReportData, split: string): Finding[] {
  const [initial, refined, final] = (['initial', 'refined', 'final'] as const).map((stage) =>
    resultOf(data, split, stage),
  );
  const found: Finding[] = [];
  const last = final ?? initial ?? refined;
  if (last !== undefined) found.push(...inventions(last));
  if (last !== undefined && (initial === undefined || last === initial) && refined === undefined) {
    found.unshift(alone(last));
  }
  if (initial !== undefined && final !== undefined) {
    found.unshift(change(split, initial, final, 'the final network'));
  }
  const finalRefined = resultOf(data, split, 'finalRefined');
  if (final !== undefined && finalRefined !== undefined) {
    found.push(change(split, final, finalRefined, 'refinement of the final network’s masks'));
  }
  if (initial !== undefined && refined !== undefined) {
    found.push(change(split, initial, refined, 'refinement of the masks'));
  }
  return found;
}

/** The figure of a stage that there is nothing to compare with. */
function alone({ split, stage, evaluation }: StageResult): Finding {
  const { mean, interval } = evaluation.overall.dice.present;
  const what = STAGE_TITLES[stage].toLowerCase();
  if (mean === null) {
    return { tone: 'plain', text: `On ${split}, no image shows any of the classes, so there is no Dice.` };
  }
  const range =
    interval === null ? '' : ` (${levelTitle(evaluation.method)} interval ${percentInterval(interval)})`;
  return { tone: 'plain', text: `On ${split}, the ${what} reached Dice ${percent(mean)}${range}.` };
}

/** `what` is the step from the masks of one of the networks to `after`. Says plainly where it did not help. */
function change(split: string, before: StageResult, after: StageResult, what: string): Finding {
  const { method } = after.evaluation;
  const source = `the ${before.stage} network`;
  const paired = compareEvaluations(before.evaluation, after.evaluation, 'present', method);
  if (paired === undefined) {
    return {
      tone: 'unclear',
      text: `On ${split}, what ${what} changed cannot be said: that takes at least two images scored before and after.`,
    };
  }
  const { difference, interval, p } = paired;
  const [low, high] = [signedPercent(interval.low), signedPercent(interval.high)];
  const figures = `(${signedPercent(difference)}; ${levelTitle(method)} interval ${low} to ${high}; ${pValue(p)})`;
  const [from, to] = [before, after].map((result) => percent(result.evaluation.overall.dice.present.mean));
  if (interval.low > 0) {
    return {
      tone: 'better',
      text: `On ${split}, ${what} raised Dice from ${from} with ${source} to ${to} ${figures}.`,
    };
  }
  if (interval.high < 0) {
    return {
      tone: 'worse',
      text: `On ${split}, ${what} did not help: Dice fell from ${from} with ${source} to ${to} ${figures}.`,
    };
  }
  return {
    tone: 'unclear',
    text: `On ${split}, ${what} did not clearly help: Dice ${from} with ${source}, ${to} after, a difference within chance ${figures}.`,
  };
}

/** Says what the rule for absent classes is worth, where structures were invented. */
function inventions({ split, evaluation }: StageResult): Finding[] {
  const { present, counted: strict } = evaluation.overall.dice;
  const invented = strict.n - present.n;
  if (invented === 0) return [];
  return [
    {
      tone: 'plain',
      text: `On ${split}, ${counted(invented, 'structure')} that the ground truth does not show ${invented === 1 ? 'was' : 'were'} invented. Counted as 0, they take Dice from ${percent(present.mean)} to ${percent(strict.mean)} (${percentInterval(strict.interval)}).`,
    },
  ];
}
