/** @file Dice of runs by split and stage, side by side. */
import type { RunDetail, RunFigure } from '../../../src/desk/protocol.ts';
import { percent } from './words.ts';

const STAGES: Readonly<Record<string, string>> = {
  initial: 'Initial network',
  refined: 'Refined masks',
  final: 'Final network',
  finalRefined: 'Final network, refined',
};

export function Figures({ runs }: { readonly runs: readonly RunDetail[] }) {
  const rows = new Map(
    runs.flatMap(({ figures }) => figures.map(({ split, stage }) => [`${split} ${stage}`, { split, stage }])),
  );
  return (
    <table>
      <caption>Mean Dice of present classes, with its 95 % interval</caption>
      <thead>
        <tr>
          <th scope="col">Split</th>
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
            <td>{split}</td>
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
