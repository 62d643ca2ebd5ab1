/**
 * @file From cells to figures: for each method and number of labels the means over seeds, their intervals, and how
 * they compare with the first method. Cells that are not done are counted as missing, never filled in.
 *
 * Intervals and tests are bootstraps over images, as in `evaluate/`: all values that one image has, of all classes
 * and seeds, stay together. They tell what other images would give; what other seeds give is the spread.
 */
import { meanOf } from '../base/mean.ts';
import {
  bootstrapMean,
  type Interval,
  type PairedDifference,
  pairedBootstrap,
} from '../evaluate/bootstrap.ts';
import type {
  AbsenceRule,
  ByRule,
  Evaluation,
  MeanFigure,
  OverlapMeasure,
  SurfaceMeasure,
} from '../evaluate/evaluation.ts';
import { classDistance, countedValues } from '../evaluate/summary.ts';
import { type CellName, type CellResult, cellFolder } from './evaluate.ts';
import type { HeldOut } from './setup.ts';

export interface Grid {
  readonly methods: readonly MethodName[];
  readonly labelled: readonly number[];
  readonly seeds: number;
  readonly classes: readonly string[];
}

export interface MethodName {
  readonly name: string;
  readonly title: string;
  readonly about: string;
}

export interface Table {
  readonly grid: Grid;
  /** test before val: the first one is the headline. */
  readonly splits: readonly SplitFigures[];
  /** Cells that are not done, in the order in which they would be. */
  readonly missing: readonly CellName[];
  /** Cells of the grid. */
  readonly cells: number;
  /** Why cells could not be done, sentences. */
  readonly failures: readonly string[];
}

export interface SplitFigures {
  readonly split: HeldOut;
  readonly images: number;
  /** A row for each method and number of labels of which a cell is done, in the order of the grid. */
  readonly rows: readonly Row[];
}

export interface Row {
  readonly method: string;
  readonly labelled: number;
  /** Seeds that are done, and the folders with their figures. */
  readonly seeds: readonly number[];
  readonly folders: readonly string[];
  /** Planned minutes of training of a cell. */
  readonly minutes: number;
  readonly dice: ByRule<Figure>;
  readonly iou: ByRule<Figure>;
  /** Standard deviation of the seeds' mean Dice (present); null for one seed. */
  readonly spread: number | null;
  /** In px; null where no structure was found. */
  readonly hd95: number | null;
  readonly assd: number | null;
  /** Share of the structures that are found with an IoU of a half at least. */
  readonly detectionRate: number | null;
  /** This method minus the first, on the seeds that both have. Absent for the first. */
  readonly againstFirst?: ByRule<PairedDifference>;
  readonly perClass: readonly ClassFigure[];
}

/** In [0, 1]. */
export interface Figure {
  readonly mean: number | null;
  readonly interval: Interval | null;
}

/** What the masks of a class were measured to be, over images and seeds; as in Row, without intervals. */
export interface ClassFigure {
  readonly name: string;
  readonly dice: ByRule<number | null>;
  readonly iou: ByRule<number | null>;
  readonly hd95: number | null;
  readonly assd: number | null;
  readonly detectionRate: number | null;
}

export function summarise(
  grid: Grid,
  cells: readonly CellResult[],
  failures: readonly string[],
  resamples: number,
): Table {
  const all = cellNames(grid);
  const isMeasured = (name: CellName): boolean => cells.some((cell) => cellFolder(cell) === cellFolder(name));
  const splits = (['test', 'val'] as const).flatMap((split): SplitFigures[] => {
    const measured = cells.flatMap(({ results, ...cell }) =>
      results.filter((result) => result.split === split).map(({ evaluation }) => ({ ...cell, evaluation })),
    );
    if (measured.length === 0) return [];
    const rows = grid.methods.flatMap(({ name }) =>
      grid.labelled.flatMap((labelled) => rowOf(name, labelled, grid, measured, resamples)),
    );
    return [{ split, images: measured[0]!.evaluation.images.length, rows }];
  });
  return { grid, splits, missing: all.filter((name) => !isMeasured(name)), cells: all.length, failures };
}

/** The cells of a grid in the order in which they are done: those of one seed, then of the next. */
function cellNames({ methods, labelled, seeds }: Grid): CellName[] {
  return Array.from({ length: seeds }, (_, i) => i + 1).flatMap((seed) =>
    labelled.flatMap((count) => methods.map(({ name }) => ({ method: name, labelled: count, seed }))),
  );
}

type Measured = Omit<CellResult, 'results'> & { readonly evaluation: Evaluation };

function rowOf(
  method: string,
  labelled: number,
  grid: Grid,
  measured: readonly Measured[],
  resamples: number,
): Row[] {
  const cellsOf = (name: string): Measured[] =>
    measured
      .filter((cell) => cell.method === name && cell.labelled === labelled)
      .sort((a, b) => a.seed - b.seed);
  const own = cellsOf(method);
  if (own.length === 0) return [];
  const evaluations = own.map(({ evaluation }) => evaluation);
  const figure = (measure: OverlapMeasure, rule: AbsenceRule): Figure => {
    const values = valuesPerImage(evaluations, measure, rule);
    return { mean: meanOf(values.flat()) ?? null, interval: bootstrapMean(values, { resamples }) ?? null };
  };
  const first = grid.methods[0]!.name;
  const againstFirst = method === first ? undefined : compare(cellsOf(first), own, resamples);
  const surface = (measure: SurfaceMeasure): number | null =>
    weighted(evaluations.flatMap(({ surface: found }) => found?.[measure] ?? []));
  return [
    {
      method,
      labelled,
      seeds: own.map(({ seed }) => seed),
      folders: own.map(cellFolder),
      minutes: own[0]!.minutes,
      dice: { present: figure('dice', 'present'), counted: figure('dice', 'counted') },
      iou: { present: figure('iou', 'present'), counted: figure('iou', 'counted') },
      spread: deviation(evaluations.flatMap(({ overall }) => overall.dice.present.mean ?? [])),
      hd95: surface('hd95'),
      assd: surface('assd'),
      detectionRate: detectionRate(evaluations.flatMap(({ perClass }) => perClass)),
      ...(againstFirst && { againstFirst }),
      perClass: grid.classes.map((name, k) => classFigure(name, k, evaluations)),
    },
  ];
}

function classFigure(name: string, classIndex: number, evaluations: readonly Evaluation[]): ClassFigure {
  const figures = evaluations.map(({ perClass }) => perClass[classIndex]!);
  const overlap = (measure: OverlapMeasure): ByRule<number | null> => ({
    present: weighted(figures.map((figure) => figure[measure].present)),
    counted: weighted(figures.map((figure) => figure[measure].counted)),
  });
  const surface = (measure: SurfaceMeasure): number | null =>
    weighted(evaluations.map((evaluation) => classDistance(evaluation, classIndex, measure)));
  return {
    name,
    dice: overlap('dice'),
    iou: overlap('iou'),
    hd95: surface('hd95'),
    assd: surface('assd'),
    detectionRate: detectionRate(figures),
  };
}

/** On the seeds that both have. */
function compare(
  first: readonly Measured[],
  second: readonly Measured[],
  resamples: number,
): ByRule<PairedDifference> | undefined {
  const common = second.flatMap((cell) => {
    const other = first.find(({ seed }) => seed === cell.seed);
    return other === undefined ? [] : [[other.evaluation, cell.evaluation] as const];
  });
  if (common.length === 0) return undefined;
  const by = (rule: AbsenceRule): PairedDifference | undefined =>
    pairedBootstrap(
      valuesPerImage(
        common.map((pair) => pair[0]),
        'dice',
        rule,
      ),
      valuesPerImage(
        common.map((pair) => pair[1]),
        'dice',
        rule,
      ),
      { resamples },
    );
  const [present, counted] = [by('present'), by('counted')];
  return present && counted && { present, counted };
}

/** The values of each image, those of all seeds together. */
function valuesPerImage(
  evaluations: readonly Evaluation[],
  measure: OverlapMeasure,
  rule: AbsenceRule,
): number[][] {
  return evaluations[0]!.images.map((_, i) =>
    evaluations.flatMap(({ images }) => countedValues(images[i]!, measure, rule)),
  );
}

/** Share of the structures that are found; null where nothing was to be found. */
export function detectionRate(
  figures: readonly { readonly detectedIn: number; readonly presentIn: number }[],
): number | null {
  const present = figures.reduce((sum, { presentIn }) => sum + presentIn, 0);
  return present === 0 ? null : figures.reduce((sum, { detectedIn }) => sum + detectedIn, 0) / present;
}

/** Mean of means, each as heavy as what it was taken over. */
function weighted(figures: readonly MeanFigure[]): number | null {
  let [sum, count] = [0, 0];
  for (const { mean, n } of figures) {
    if (mean === null) continue;
    sum += mean * n;
    count += n;
  }
  return count === 0 ? null : sum / count;
}

/** Of a sample; null for fewer than two values. */
function deviation(values: readonly number[]): number | null {
  if (values.length < 2) return null;
  const mean = meanOf(values)!;
  return Math.sqrt(values.reduce((sum, value) => sum + (value - mean) ** 2, 0) / (values.length - 1));
}
