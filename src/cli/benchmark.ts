/** @file `packmule benchmark`. */
import { relative, resolve } from 'node:path';
import { Command, Option } from 'commander';
import type { Method } from '../benchmark/cell.ts';
import { findMethod, METHODS } from '../benchmark/methods/index.ts';
import { diceText, rowAt, seedsText } from '../benchmark/outputs/cells.ts';
import { missingText } from '../benchmark/outputs/text.ts';
import { type BenchmarkPart, runBenchmarkPart } from '../benchmark/part.ts';
import { modelRole, setModelRole } from '../benchmark/refiners.ts';
import { type BenchmarkOutcome, runBenchmark } from '../benchmark/run.ts';
import type { RunConfig } from '../pipeline/config.ts';
import { describeShard, parseShard, type Shard } from '../pipeline/shard.ts';
import { counted } from '../report/format.ts';
import { type ActionContext, type ActionResult, defineAction } from './action.ts';
import { whole } from './numbers.ts';
import { addSettingsOptions, readSettings, type SettingsOptions } from './source.ts';
import { table as textTable } from './summary.ts';

const NAME_WIDTH = Math.max(...METHODS.map(({ name }) => name.length));

const ABOUT = `
Compares methods on your data: each learns from the first so many labelled images of the list, once for each seed, and
is measured on test and val, from which none learns. All methods have the same time for their networks: the minutes of
one training (training.minutes), which methods with two networks divide.

A cell is a method, a number of labelled images and a seed. What cells have in common is done once. Cells are done in
the order in which methods and numbers are named, all of the first seed first, so that an early stop leaves a whole
table; the tables are written after each cell. Ctrl-C loses nothing: the same command goes on, and finished cells
are never done again. The images of each split are fixed by the first start (benchmark.json), and so are device and
threads of a work, which show in its last bits, so that others are refused later: --jobs at the first start divides the cores among the works, later it does more or
fewer of them at once.

With --shard 2/4 a process does the second of four parts of the cells, on any machine that sees data and --out. Cells
that have works in common, such as an initial network, are in one part, so that no part waits for another.
Once all parts are done, the same command without --shard measures the cells and writes the tables; packmule submit does
all of that on a cluster.

Methods, of which the first that you name is what the others are compared with:
${METHODS.map(({ name, about }) => `  ${name.padEnd(NAME_WIDTH)}  ${about}`).join('\n')}

Written to --out: table.html with the curve and links to each cell, table.md, table.tex, figures.csv, classes.csv,
figures.json, curve-test.svg and .png, and qualitative.png: contours of truth and methods on some images.`;

interface BenchmarkOptions extends SettingsOptions {
  readonly methods?: readonly Method[];
  readonly labels: readonly number[];
  readonly seeds: number;
  readonly out: string;
  readonly jobs?: number;
  readonly shard?: Shard;
}

export function benchmarkCommand(): Command {
  const command = addSettingsOptions(
    new Command('benchmark').description('compare methods on your data over numbers of labels and seeds'),
  )
    .option(
      '--methods <names>',
      'separated by commas (default: all for which nothing has to be downloaded, and those that ask the model of --refiner and --model)',
      methodList,
    )
    .option(
      '--labels <numbers>',
      'numbers of labelled images, separated by commas (default: all)',
      numbers,
      [],
    )
    .option('--seeds <count>', 'seeds 1 to this', whole(1), 1)
    .option('--out <folder>', 'where cells and tables go', 'runs/benchmark')
    .option(
      '--jobs <count>',
      'works that are done at once, each by a process of its own (default: as many as cores, threads and memory allow)',
      whole(1),
    )
    .addOption(
      new Option('--shard <i/n>', 'do the works of the i-th of n parts of the cells, one after the other')
        .argParser(parseShard)
        .conflicts('jobs'),
    )
    .addHelpText('after', ABOUT);
  return defineAction(
    command,
    [
      'packmule benchmark data/teeth --labels 5,10,45 --seeds 3',
      'packmule benchmark data/teeth --methods packmule,unet --labels 10 --set training.minutes=4',
      'packmule benchmark data/teeth --methods packmule,sam-pseudo-labels --refiner foal+close-up --model sam-vit-h',
      'packmule benchmark data/teeth --methods sam-pseudo-labels,unet,unet+medsam --model sam-vit-h --out runs/sam',
      'packmule submit slurm --tasks 9 benchmark data/teeth --labels 5,10,45 --seeds 3',
    ],
    benchmark,
  );
}

async function benchmark(
  context: ActionContext,
  source: string,
  options: BenchmarkOptions,
): Promise<ActionResult> {
  const { jobs, shard } = options;
  const config = await readSettings(source, options);
  const asked = {
    ...context,
    folder: resolve(options.out),
    methods: options.methods ?? usualMethods(config),
    labelled: options.labels,
    seeds: options.seeds,
    skipBad: options.skipBad ?? false,
  };
  if (shard !== undefined) return describePart(await runBenchmarkPart(config, { ...asked, shard }));
  const outcome = await runBenchmark(config, { ...asked, ...(jobs !== undefined && { jobs }) });
  return { text: textOf(outcome), json: jsonOf(outcome) };
}

/** Those that ask no promptable model, Foal, which is here, or the one that the settings name. */
function usualMethods(config: RunConfig): Method[] {
  return METHODS.filter(({ refiner }) => {
    const role = refiner && modelRole(refiner(config.refine));
    return role === undefined || role === 'foal' || role === setModelRole(config);
  });
}

function describePart({ shard, cells, works, before }: BenchmarkPart): ActionResult {
  const known = before === 0 ? '' : `, ${before} of them before`;
  return {
    text: `Done: ${describeShard(shard)}, ${counted(works, 'work')} of ${counted(cells, 'cell')}${known}.\nWhen all parts are done, the same command without --shard measures the cells and writes the tables.`,
    json: { shard, cells, works, before },
  };
}

function textOf({ run, table, files }: BenchmarkOutcome): string {
  const [headline] = table.splits;
  const here = (path: string): string => relative(process.cwd(), path) || path;
  const missing = missingText(table);
  const rows = headline
    ? textTable(
        [`Dice, ${headline.split}`, ...table.grid.labelled.map((n) => `${n} labelled`)],
        table.grid.methods.map(({ name }) => [
          name,
          ...table.grid.labelled.map((n) => {
            const row = rowAt(headline, name, n);
            const seeds = row ? seedsText(row, table.grid) : '';
            return seeds === '' ? diceText(row) : `${diceText(row)}, ${seeds}`;
          }),
        ]),
      )
    : [];
  return [
    ...rows,
    ...table.failures.map((failure) => `Left out: ${failure}.`),
    ...(missing === '' ? [] : [missing]),
    `Benchmark: ${here(run.root)}`,
    ...(files[0] === undefined ? [] : [`Table:     ${here(files[0])}`]),
  ].join('\n');
}

function jsonOf({ run, table, files }: BenchmarkOutcome): ActionResult['json'] {
  const { missing, cells, failures, splits } = table;
  return {
    benchmark: run.root,
    cells,
    missing,
    failures,
    results: splits.flatMap(({ split, rows }) => rows.map(({ perClass: _, ...row }) => ({ split, ...row }))),
    files,
  };
}

function methodList(text: string): Method[] {
  return [...new Set(text.split(',').map((name) => findMethod(name.trim())))];
}

function numbers(text: string): number[] {
  return text.split(',').map(whole(1));
}
