/**
 * @file Compares Packmule with the outputs of original implementations: `npm run golden -- CHECK DIR [--json]`.
 * Exit code 0: all within tolerance. 1: something is not, or nothing was checked. 2: the folder cannot be used.
 */
import { stat } from 'node:fs/promises';
import { Argument, Command } from 'commander';
import { ZodError } from 'zod';
import { ConfigError } from '../src/base/errors.ts';
import { runTool } from './exit.ts';
import type { GoldenRow } from './golden/row.ts';

type Check = (dir: string) => Promise<GoldenRow[]>;

const CHECKS: Readonly<Record<string, () => Promise<Check>>> = {
  unet: async () => (await import('./golden/unet.ts')).goldenUnet,
  cvat: async () => (await import('./golden/cvat.ts')).goldenCvat,
  'random-walker': async () => (await import('./golden/random-walker.ts')).goldenRandomWalker,
  sam: async () => (await import('./golden/sam.ts')).goldenSam,
  dicom: async () => (await import('./golden/dicom.ts')).goldenDicom,
};

await runTool(async () => {
  const program = new Command('golden')
    .description('Compare Packmule with the outputs of an original implementation.')
    .addArgument(new Argument('<check>', 'what is compared').choices(Object.keys(CHECKS)))
    .argument('<dir>', 'folder with the reference outputs')
    .option('--json', 'print one JSON object in place of the table')
    .exitOverride()
    .parse();
  const [name, dir] = program.args as [string, string];
  const rows = await runCheck(name, dir);
  const ok = rows.length > 0 && rows.every((row) => row.ok);
  process.stdout.write(
    program.opts<{ json?: boolean }>().json
      ? `${JSON.stringify({ check: name, dir, ok, rows })}\n`
      : table(rows),
  );
  return ok ? 0 : 1;
});

async function runCheck(name: string, dir: string): Promise<GoldenRow[]> {
  const folder = await stat(dir).catch(() => undefined);
  if (!folder?.isDirectory()) throw unusable(dir, 'is no folder');
  const check = await CHECKS[name]!();
  try {
    return await check(dir);
  } catch (error) {
    const isMissing = error instanceof Error && 'code' in error && error.code === 'ENOENT';
    if (isMissing || error instanceof SyntaxError || error instanceof ZodError) {
      throw unusable(dir, `is not the folder of a ${name} check: ${(error as Error).message}`, error);
    }
    throw error;
  }
}

function unusable(dir: string, what: string, cause?: unknown): ConfigError {
  return new ConfigError(
    { seen: `${dir} ${what}`, need: 'A folder in the layout of the reference', fix: 'Check the path' },
    { cause },
  );
}

/** Every quantity with its error and tolerance, then the largest error of all. */
function table(rows: readonly GoldenRow[]): string {
  const shown = rows.map(({ quantity, seen, tolerance, ok }) => [
    ok ? 'ok  ' : 'FAIL',
    quantity,
    figure(seen),
    `(at most ${figure(tolerance)})`,
  ]);
  const widths = [0, 1, 2].map((column) => Math.max(0, ...shown.map((cells) => cells[column]!.length)));
  const lines = shown.map((cells) => cells.map((cell, i) => cell.padEnd(widths[i] ?? 0)).join('  '));
  const failed = rows.filter((row) => !row.ok).length;
  const numeric = rows.filter((row): row is GoldenRow & { seen: number } => typeof row.seen === 'number');
  const worst = numeric.reduce<(typeof numeric)[number] | undefined>(
    (before, row) => (before === undefined || row.seen > before.seen ? row : before),
    undefined,
  );
  const summary =
    rows.length === 0
      ? 'Nothing was checked.'
      : `${rows.length} quantities, ${failed === 0 ? 'all within tolerance' : `${failed} outside tolerance`}.`;
  return `${[...lines, summary, ...(worst ? [`Largest error: ${figure(worst.seen)}, ${worst.quantity}.`] : [])].join('\n')}\n`;
}

function figure(value: string | number): string {
  return typeof value === 'string' || Number.isInteger(value) ? String(value) : value.toExponential(2);
}
