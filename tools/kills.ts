/**
 * @file Kills small runs at random moments: `npm run kills -- [--moments 200]`. Exit code 0: every run ended with the
 * bytes of one that nobody touched, and lost nothing on the way. 1: some did not, with what and when. Ctrl-C ends it with
 * the run that is under way.
 */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { Command } from 'commander';
import { runTool, wholeNumber } from './exit.ts';
import { type KillFigures, killRuns } from './kills/kill.ts';

const DIST = fileURLToPath(new URL('..', import.meta.url));

await runTool(async () => {
  const program = new Command('kills')
    .description(
      'Kill small runs at random moments of each stage and start them again: nothing may be lost or damaged.',
    )
    .option('--moments <number>', 'how many kills at least', wholeNumber, 200)
    .option('--seed <number>', 'seed of the moments', wholeNumber, 1)
    .option('--json', 'print one JSON object in place of the text')
    .exitOverride()
    .parse();
  const { json, ...options } = program.opts<{ moments: number; seed: number; json?: boolean }>();
  const stopping = new AbortController();
  process.once('SIGINT', () => stopping.abort());
  const folder = await mkdtemp(join(tmpdir(), 'packmule-kills-'));
  try {
    const start = performance.now();
    const figures = await killRuns({
      dist: DIST,
      folder,
      ...options,
      signal: stopping.signal,
      onDefect: (defect) => process.stderr.write(`${defect}\n`),
      onKill: (kills, name, working) =>
        process.stderr.write(`${kills} of ${options.moments}: ${working} (${name})\n`),
    });
    const minutes = (performance.now() - start) / 60_000;
    process.stdout.write(json ? `${JSON.stringify({ ...figures, minutes })}\n` : text(figures, minutes));
    return figures.defects.length === 0 ? 0 : 1;
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
});

function text({ kills, runs, stages, compared, defects }: KillFigures, minutes: number): string {
  const row = (cells: readonly (string | number)[]): string =>
    `  ${cells.map((cell, i) => (i < 2 ? String(cell).padEnd(14) : String(cell).padStart(8))).join('')}`;
  return [
    `${kills} kills of ${runs} runs in ${minutes.toFixed(1)} minutes`,
    row(['run', 'stage', 'kills', 'work', 'again', 'allowed']),
    ...stages.map(({ name, stage, ...figures }) =>
      row([name, stage, figures.kills, figures.work, figures.again, figures.mayCost]),
    ),
    'Work: runs of networks. Again: most that one killed run did twice; allowed: for each kill.',
    `Compared at the ends: ${compared.files} files, ${(compared.bytes / 1e6).toFixed(1)} MB`,
    defects.length === 0 ? 'Every end was that of a run that nobody touched.' : `${defects.length} defects:`,
    ...defects,
    '',
  ].join('\n');
}
