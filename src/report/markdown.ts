/** @file The figures of a run as Markdown tables, and its charts as SVG files, for a folder of results. */
import type { OverallFigure } from '../evaluate/evaluation.ts';
import { standaloneSvg } from './charts/frame.ts';
import type { ReportData, StageResult } from './data.ts';
import { findings, headlineSplit, resultOf, splitsOf } from './findings.ts';
import { counted, decimals, duration, levelTitle, percent, percentInterval, STAGE_TITLES } from './format.ts';
import { markdownTable, markdownText } from './markdown-table.ts';
import { classesChart } from './sections/classes.ts';
import { scoresChart } from './sections/refinement.ts';
import { resultsChart } from './sections/results.ts';
import { diceChart, lossChart } from './sections/training.ts';
import { poolChart, reliabilityCharts, trustLead } from './sections/trust.ts';

export interface ChartFile {
  /** File name, such as `dice-per-class.svg`. */
  readonly name: string;
  readonly svg: string;
}

/** The charts that there is data for. */
export function renderChartFiles(data: ReportData): ChartFile[] {
  const charts = [
    { name: 'dice.svg', chart: resultsChart(data, 760) },
    { name: 'training-loss.svg', chart: lossChart(data, 'minutes', 620) },
    { name: 'training-dice.svg', chart: diceChart(data, 'minutes', 620) },
    { name: 'dice-per-class.svg', chart: classesChart(data, 760) },
    { name: 'refined-scores.svg', chart: scoresChart(data, 620) },
    ...reliabilityCharts(data.trust, 520).map(({ split, chart }) => ({ name: `trust-${split}.svg`, chart })),
    { name: 'trust-unlabelled.svg', chart: poolChart(data.trust, 520) },
  ];
  return charts.flatMap(({ name, chart }) =>
    chart === undefined ? [] : [{ name, svg: standaloneSvg(chart) }],
  );
}

/** Tables and findings; links the files of renderChartFiles, which are expected beside it. */
export function renderResultsMarkdown(data: ReportData): string {
  const parts = [
    `# ${markdownText(data.title)}`,
    markdownText(data.subtitle),
    findings(data)
      .map((finding) => `- ${markdownText(finding.text)}`)
      .join('\n'),
    ...splitsOf(data).map((split) => splitTable(data, split)),
    ...(data.results.length > 0 ? [rules(data.results[0]!)] : []),
    trainingTable(data),
    classTable(data),
    trustTable(data),
    ...renderChartFiles(data).map(
      ({ name }) => `![${name.replace('.svg', '').replaceAll('-', ' ')}](${name})`,
    ),
    ...(data.warnings.length > 0
      ? ['## To be looked at', data.warnings.map((text) => `- ${markdownText(text)}`).join('\n')]
      : []),
    ...data.tables.flatMap((table) => [
      `## ${markdownText(table.title)}`,
      markdownTable(
        ['', ''],
        table.rows.map((row) => [row.name, row.value]),
        'left',
      ),
    ]),
  ];
  return `${parts.filter((part) => part !== '').join('\n\n')}\n`;
}

function splitTable(data: ReportData, split: string): string {
  const results = data.results.filter((result) => result.split === split);
  const figures = results.map(({ stage, evaluation: { overall, surface } }) => [
    STAGE_TITLES[stage],
    withInterval(overall.dice.present),
    withInterval(overall.dice.counted),
    withInterval(overall.iou.present),
    withInterval(overall.iou.counted),
    `${percent(overall.dice.present.perImageMean)} ± ${percent(overall.dice.present.perImageStd)}`,
    ...(surface
      ? [
          `${surface.hd95.mean?.toFixed(1) ?? '–'} ${surface.unit}`,
          `${surface.assd.mean?.toFixed(2) ?? '–'} ${surface.unit}`,
        ]
      : []),
  ]);
  const images = counted(results[0]!.evaluation.images.length, 'image');
  const head = ['', 'Dice, skipped', 'Dice, counted', 'IoU, skipped', 'IoU, counted', 'Dice per image'];
  const hasSurface = figures.some((row) => row.length > head.length);
  return `## ${markdownText(split)}, ${images}\n\n${markdownTable(hasSurface ? [...head, 'HD95', 'ASSD'] : head, figures)}`;
}

function rules({ evaluation: { method } }: StageResult): string {
  return `In percent, with ${levelTitle(method)} bootstrap intervals over images. Skipped: classes that the ground truth of an image does not show do not count there. Counted: predicted pixels of such a class score 0.`;
}

function trainingTable(data: ReportData): string {
  const trained = data.curves.filter((curve) => curve.points.length > 0);
  if (trained.length === 0) return '';
  return `## Training\n\n${markdownTable(
    ['', 'Epochs', 'Time', 'Last loss', 'Last Dice on val'],
    trained.map(({ stage, points }) => {
      const last = points.at(-1)!;
      const dice = points.findLast((point) => point.valDice !== undefined)?.valDice;
      return [
        STAGE_TITLES[stage],
        String(last.epoch),
        duration(last.minutes),
        last.loss.toPrecision(3),
        percent(dice),
      ];
    }),
  )}`;
}

function classTable(data: ReportData): string {
  const split = headlineSplit(data);
  if (split === undefined) return '';
  const results = (['initial', 'refined', 'final'] as const).flatMap(
    (stage) => resultOf(data, split, stage) ?? [],
  );
  const last = results.at(-1)!;
  return `## Classes on ${markdownText(split)}\n\n${markdownTable(
    ['', 'Shown in', ...results.map(({ stage }) => `Dice, ${stage}`), 'Detected, %', 'Missed', 'Invented'],
    last.evaluation.perClass.map((figures, i) => [
      figures.name,
      String(figures.presentIn),
      ...results.map(({ evaluation }) => percent(evaluation.perClass[i]!.dice.present.mean)),
      percent(figures.detectionRate),
      String(figures.missedIn),
      String(figures.inventedIn),
    ]),
  )}`;
}

function trustTable({ trust }: ReportData): string {
  if (trust === undefined) return '';
  const measured = trust.measured.map(({ split, reliability }) => [
    split,
    String(reliability.masks),
    decimals(reliability.spearman, 2),
    decimals(reliability.calibrationError, 3),
    percent(reliability.meanTrust),
    percent(reliability.meanDice),
  ]);
  const head = ['', 'Masks', 'Spearman', 'Calibration error', 'Mean trust, %', 'Mean Dice, %'];
  const table = measured.length === 0 ? '' : `\n\n${markdownTable(head, measured)}`;
  return `## Trust\n\n${markdownText(trustLead(trust))}${table}`;
}

function withInterval(figure: OverallFigure): string {
  const interval = percentInterval(figure.interval);
  return interval === '' ? percent(figure.mean) : `${percent(figure.mean)} (${interval})`;
}
