/** @file Writing the report of a run: a page to look at, and tables and charts to keep. */
import { join } from 'node:path';
import { writeFileAtomic } from '../../base/files.ts';
import type { ReportData } from '../../report/data.ts';
import { renderChartFiles, renderResultsMarkdown } from '../../report/markdown.ts';
import { renderReport } from '../../report/report.ts';
import { type RunContext, runStage, type StageOutcome } from '../stage.ts';

/** Writes report.html, and results/ with README.md and its charts, which hold no pictures of the data. */
export async function reportStage(
  context: RunContext,
  options: { readonly inputs: unknown; readonly data: () => Promise<ReportData> },
): Promise<StageOutcome> {
  const { run } = context;
  return runStage(context, {
    name: 'report',
    title: 'Writing the report',
    inputs: options.inputs,
    owns: ['report.html', 'results'],
    outputs: [run.report, run.path('results', 'README.md')],
    work: async () => {
      const data = await options.data();
      for (const { name, svg } of renderChartFiles(data)) {
        await writeFileAtomic(join(run.path('results'), name), svg);
      }
      await writeFileAtomic(run.path('results', 'README.md'), renderResultsMarkdown(data));
      await writeFileAtomic(run.report, renderReport(data));
    },
  });
}
