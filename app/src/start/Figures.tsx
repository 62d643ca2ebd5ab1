/** @file Dice of runs by split and stage, side by side. */
import type { RunDetail, RunFigure } from '../../../src/desk/protocol.ts';
import { percent } from './words.ts';

const STAGES: Readonly<Record<string, string>> = {
  initial: 'First network',
  refined: 'Refined',
  final: 'Final network',
  finalRefined: 'Final network, refined',
};

const SPLITS: Readonly<Record<string, string>> = { val: 'Validation', test: 'Test' };

export function Figures({ runs }: { readonly runs: readonly RunDetail[] }) {
  const rows = new Map(
    runs.flatMap(({ figures }) => figures.map(({ split, stage }) => [`${split} ${stage}`, { split, stage }])),
  );
  return (
    <table>
      <caption>
        How well the masks cover the truth (mean Dice; 100 is all of it), and the range in which it lies by 95
        %
      </caption>
      <thead>
        <tr>
          <th scope="col">Images</th>
          <th scope="col">Masks</th>
          {runs.map(({ id, name }) => (
            <th key={id} scope="col">
              {runs.length > 1 ? name : 'Dice'}
            </th>
          ))}
        </tr>
      </thead>
      <tbody>
        {[...rows].map(([key, { split, stage }]) => (
          <tr key={key}>
            <td>{SPLITS[split] ?? split}</td>
            <th scope="row">{STAGES[stage] ?? stage}</th>
            {runs.map(({ id, figures }) => (
              <td key={id}>
                <Dice figure={figures.find((one) => one.split === split && one.stage === stage)} />
              </td>
            ))}
          </tr>
        ))}
      </tbody>
    </table>
  );
}

function Dice({ figure }: { readonly figure: RunFigure | undefined }) {
  if (figure === undefined || figure.dice === null) return <>–</>;
  const { dice, low, high } = figure;
  return (
    <>
      <b>{percent(dice)}</b>
      {low !== undefined && high !== undefined && (
        <small>
          {percent(low)}–{percent(high)}
        </small>
      )}
    </>
  );
}
