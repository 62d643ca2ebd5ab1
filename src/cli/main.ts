#!/usr/bin/env node
/** @file The command line: `packmule <command>`. */
import { Command } from 'commander';
import { PACKMULE_VERSION } from '../base/version.ts';
import { reportFailure } from './action.ts';
import { adaptCommand } from './adapt.ts';
import { benchmarkCommand } from './benchmark.ts';
import { cacheCommand } from './cache.ts';
import { convertCommand } from './convert.ts';
import { demoCommand } from './demo.ts';
import { doctorCommand } from './doctor.ts';
import { embedCommand } from './embed.ts';
import { evaluateCommand } from './evaluate.ts';
import { foalCommand } from './foal.ts';
import { idsCommand } from './ids.ts';
import { initCommand } from './init.ts';
import { labelCommand } from './label.ts';
import { modelsCommand } from './models.ts';
import { predictCommand } from './predict.ts';
import { refineCommand } from './refine.ts';
import { reportCommand } from './report.ts';
import { reviewCommand } from './review.ts';
import { runCommand } from './run.ts';
import { segmentCommand } from './segment.ts';
import { startCommand } from './start.ts';
import { listenForLostOutput } from './streams.ts';
import { submitCommand } from './submit.ts';
import { trainCommand } from './train.ts';
import { tuneCommand } from './tune.ts';

const program = new Command('packmule')
  .description(
    'From a few annotated medical images and a pile of unlabelled ones to a trained segmentation network and a fully labelled data set.',
  )
  .version(PACKMULE_VERSION)
  .showHelpAfterError('(see packmule --help)')
  .addHelpText(
    'after',
    '\nExit codes: 0 done, 1 a defect of Packmule, 2 something to be corrected, 130 stopped by Ctrl-C.',
  );

for (const command of [
  startCommand(),
  initCommand(),
  runCommand(),
  trainCommand(),
  predictCommand(),
  adaptCommand(),
  embedCommand(),
  refineCommand(),
  evaluateCommand(),
  reportCommand(),
  labelCommand(),
  reviewCommand(),
  tuneCommand(),
  benchmarkCommand(),
  submitCommand(),
  segmentCommand(),
  convertCommand(),
  modelsCommand(),
  foalCommand(),
  idsCommand(),
  cacheCommand(),
  demoCommand(),
  doctorCommand(),
]) {
  // A thrown error in place of an exit, so that wrong usage ends as every other user error does.
  for (const inner of [command, ...command.commands]) inner.exitOverride().enablePositionalOptions();
  program.addCommand(command);
}
// Positional: options belong to the command they stand behind, so that a command and one inside it may share names.
program.exitOverride().enablePositionalOptions();

listenForLostOutput();
const given = process.argv.slice(2);
// Alone, on a terminal, it is somebody who wants to begin; in a script it is a slip.
const isBeginning = given.length === 0 && process.stdout.isTTY;
const argv = isBeginning ? ['start'] : given;
if (argv.length === 0) {
  process.stderr.write('packmule opens its start page on a terminal; elsewhere: packmule start\n');
}
try {
  await program.parseAsync(argv, { from: 'user' });
} catch (error) {
  process.exitCode = reportFailure(error, argv);
}
