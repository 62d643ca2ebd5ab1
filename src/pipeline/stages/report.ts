/** @file Writing the report of a run. */
import { writeFileAtomic } from '../../base/files.ts';
import type { ReportData } from '../../report/data.ts';
import { renderReport } from '../../report/report.ts';
import { type RunContext, runStage, type StageOutcome } from '../stage.ts';

/** Writes report.html. */
export async function reportStage(
  context: RunContext,
  options: { readonly inputs: unknown; readonly data: () => Promise<ReportData> },
): Promise<StageOutcome> {
  const { run } = context;
  return runStage(context, {
    name: 'report',
    title: 'Writing the report',
    inputs: options.inputs,
    owns: ['report.html'],
    outputs: [run.report],
    work: async () => {
      await writeFileAtomic(run.report, renderReport(await options.data()));
    },
  });
}
