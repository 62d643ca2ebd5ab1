/** @file Loss and validation Dice over the minutes of training, a line for each network of each run. */
import type { RunDetail } from '../../../src/desk/protocol.ts';

interface Line {
  readonly name: string;
  /** Number of its colour. */
  readonly series: number;
  readonly isDashed: boolean;
  readonly points: readonly (readonly [x: number, y: number])[];
}

/** Size of a chart in its own units, and its margins. */
const [WIDTH, HEIGHT] = [440, 220];
const BOX = { left: 44, right: 416, top: 12, bottom: 180 };

export function Curves({ runs }: { readonly runs: readonly RunDetail[] }) {
  const linesOf = (
    value: (point: RunDetail['curves'][number]['points'][number]) => number | undefined,
  ): Line[] =>
    runs
      .flatMap(({ name, curves }, run) =>
        curves.map(({ stage, points }): Line => {
          const known = points.flatMap((point) => {
            const y = value(point);
            return y === undefined ? [] : [[point.minutes, y] as const];
          });
          const own = stage === 'initial' ? 'initial network' : 'final network';
          const isOnly = runs.length === 1;
          return {
            name: isOnly ? own : `${name}, ${own}`,
            series: isOnly ? (stage === 'initial' ? 0 : 1) : run,
            isDashed: !isOnly && stage === 'initial',
            points: known,
          };
        }),
      )
      .filter(({ points }) => points.length > 0);
  const dice = linesOf(({ valDice }) => (valDice === undefined ? undefined : 100 * valDice));
  const loss = linesOf((point) => point.loss);
  return (
    <>
      <div class="charts">
        <Chart title="Loss" lines={loss} from={0} />
        {dice.length > 0 && <Chart title="Validation Dice" lines={dice} from={0} to={100} />}
      </div>
      <ul class="legend">
        {loss.map(({ name, series, isDashed }) => (
          <li key={name}>
            <svg viewBox="0 0 26 8" aria-hidden="true">
              <line class={lineClass(series, isDashed)} x1="1" x2="25" y1="4" y2="4" />
            </svg>
            {name}
          </li>
        ))}
      </ul>
    </>
  );
}

const lineClass = (series: number, isDashed: boolean): string =>
  `line s${series}${isDashed ? ' is-dashed' : ''}`;

interface ChartProps {
  readonly title: string;
  readonly lines: readonly Line[];
  readonly from: number;
  readonly to?: number;
}

function Chart({ title, lines, from, to }: ChartProps) {
  const all = lines.flatMap(({ points }) => points);
  const [right, top] = [
    Math.max(...all.map(([x]) => x), 1e-9),
    to ?? Math.max(...all.map(([, y]) => y), 1e-9),
  ];
  const x = (value: number): number => BOX.left + (value / right) * (BOX.right - BOX.left);
  const y = (value: number): number => BOX.bottom - ((value - from) / (top - from)) * (BOX.bottom - BOX.top);
  const ends = lines.map(({ name, points }) => `${name} ends at ${short(points.at(-1)![1])}`);
  return (
    <figure>
      <figcaption>{title}</figcaption>
      <svg
        viewBox={`0 0 ${WIDTH} ${HEIGHT}`}
        role="img"
        aria-label={`${title} over minutes. ${ends.join('. ')}.`}
      >
        {[0, 0.25, 0.5, 0.75, 1].map((share) => {
          const value = from + share * (top - from);
          return (
            <g key={share}>
              <line class="grid" x1={BOX.left} x2={BOX.right} y1={y(value)} y2={y(value)} />
              <text x={BOX.left - 7} y={y(value) + 4} text-anchor="end">
                {short(value)}
              </text>
            </g>
          );
        })}
        {[0, 0.5, 1].map((share) => (
          <text key={share} x={x(share * right)} y={BOX.bottom + 18} text-anchor="middle">
            {short(share * right)}
          </text>
        ))}
        <text x={(BOX.left + BOX.right) / 2} y={HEIGHT - 4} text-anchor="middle">
          minutes
        </text>
        {lines.map(({ name, series, isDashed, points }) => (
          <polyline
            key={name}
            class={lineClass(series, isDashed)}
            points={points.map(([px, py]) => `${x(px).toFixed(1)},${y(py).toFixed(1)}`).join(' ')}
          />
        ))}
      </svg>
    </figure>
  );
}

/** Three digits at most. */
function short(value: number): string {
  if (value === 0) return '0';
  return value >= 100 ? value.toFixed(0) : value >= 10 ? value.toFixed(1) : value.toPrecision(2);
}
