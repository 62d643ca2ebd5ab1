/** @file `packmule tune`. */
import { relative } from 'node:path';
import { Command, Option } from 'commander';
import type { Edit } from '../pipeline/edit-config.ts';
import { askedModel } from '../refine/settings.ts';
import { type TuneOptions, type TuneOutcome, tune } from '../tune/tune.ts';
import { howSearched, surfaceRows, verdictText } from '../tune/words.ts';
import { assignments, editsBetween, writeEdits } from '../tune/write-winner.ts';
import { type ActionContext, type ActionResult, defineAction } from './action.ts';
import { whole } from './numbers.ts';
import { addSourceOptions, readSource, runOf, type SourceOptions, settingsFile } from './source.ts';
import { table } from './summary.ts';

const ABOUT = `
Compares settings of refinement on your labelled images. Networks mask images that they have not seen (trust.folds); these
masks are refined with each candidate's settings and compared with the truth. A run finds those networks later, and the
other way round: tuning in the folder of a run trains nothing new. Images and labels of val and test are not opened.

Candidates: for foal and sam the prompts of both passes and the morphology of the masks that they are taken from; for
the random walker contrast, seeds, prior and smoothing. A small grid is measured as a whole; of a large one a balanced
draw is measured on four images, the better third on three times as many, and so on. Ctrl-C loses nothing: the same
command goes on.

The best settings go into the settings file, whose comments stay, if they are better by more than chance: for each image
settings are chosen by the other images, and the 95 % interval of what they gain on it lies above 0. Written to the
folder tune of the run: tune.html, result.json.`;

interface TuneCommandOptions extends SourceOptions, Pick<TuneOptions, 'search' | 'candidates'> {
  readonly write: boolean;
}

export function tuneCommand(): Command {
  const command = addSourceOptions(
    new Command('tune').description(
      'compare settings of refinement on the labelled images, and write the best',
    ),
  )
    .addOption(
      new Option('--search <way>', 'the whole grid, or halving of a draw; auto: the grid where it is small')
        .choices(['auto', 'grid', 'halving'])
        .default('auto'),
    )
    .option('--candidates <count>', 'settings that halving begins with', whole(2), 120)
    .option('--no-write', 'leave the settings file as it is')
    .addHelpText('after', ABOUT);
  return defineAction(
    command,
    [
      'packmule tune --refiner foal',
      'packmule tune packmule.yaml --refiner sam --model mobile-sam',
      'packmule tune data/teeth --refiner foal --candidates 40',
      'packmule tune --refiner random-walker --search grid --set trust.networks=3',
    ],
    tuneAndWrite,
  );
}

async function tuneAndWrite(
  context: ActionContext,
  source: string,
  options: TuneCommandOptions,
): Promise<ActionResult> {
  const { config, folder } = await runOf(source, options);
  const { search, candidates, skipBad = false } = options;
  const outcome = await tune(config, { ...context, folder, search, candidates, skipBad });
  const file = settingsFile(source);
  // What the command line sets beside the refiner may not be in the file.
  const { refiner } = config.refine;
  const { refine } = file === undefined ? config : await readSource(file, [`refine.refiner=${refiner}`]);
  const { refine: own } = await readSource(source, []);
  const edits = outcome.tuning.better ? editsBetween(refine, outcome.winner) : [];
  const [tuned, set] = [askedModel({ refiner }), askedModel(own)];
  const isSameModel = tuned !== undefined && tuned === set;
  // All promptable models have these settings, and what is best for one is not for another.
  const isForOther = tuned !== undefined && set !== undefined && tuned !== set;
  const written =
    options.write && edits.length > 0 && file !== undefined && !isForOther && (await writeEdits(file, edits));
  return {
    text: textOf(outcome, edits, {
      written: written ? file : undefined,
      refiner: own.refiner === refiner || isSameModel ? undefined : refiner,
    }),
    json: {
      run: outcome.run.root,
      ...outcome.tuning,
      settings: assignments(edits),
      written: written ? file : null,
      files: outcome.files,
    },
  };
}

interface Told {
  /** The settings file that was changed. */
  readonly written: string | undefined;
  /** The refiner that was tuned, where it is not the one that is set. */
  readonly refiner: string | undefined;
}

function textOf({ tuning, files }: TuneOutcome, edits: readonly Edit[], { written, refiner }: Told): string {
  const here = (path: string): string => relative(process.cwd(), path) || path;
  const settings = assignments(edits);
  return [
    ...table(['Setting', 'matters, Dice', 'best', 'worst'], surfaceRows(tuning)),
    howSearched(tuning),
    verdictText(tuning),
    ...(settings.length === 0
      ? []
      : [
          written === undefined
            ? `To use them: ${settings.map((each) => `--set '${each}'`).join(' ')}`
            : `Written to ${here(written)}: ${settings.join(', ')}`,
          ...(refiner === undefined
            ? []
            : [`They hold where the refiner is ${refiner}: --refiner ${refiner}`]),
        ]),
    `Page: ${here(files[0]!)}`,
  ].join('\n');
}
