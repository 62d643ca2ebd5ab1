/** @file Loss and validation Dice over the minutes of training, a line for each network of each run. */
import type { RunDetail } from '../../../src/desk/protocol.ts';
import { linearScale, niceDomain, px, ticks } from '../../../src/report/charts/scale.ts';

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
          const own = stage === 'initial' ? 'first network' : 'final network';
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
        <Chart title="Loss: how far off it still is" lines={loss} from={0} />
        {dice.length > 0 && (
          <Chart title="Dice on images that it does not learn from" lines={dice} from={0} to={100} />
        )}
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
  const most = Math.max(...all.map(([minutes]) => minutes), 1e-9);
  const unit = most < 1 ? { name: 'seconds', perMinute: 60 } : { name: 'minutes', perMinute: 1 };
  const top = to ?? Math.max(...all.map(([, value]) => value), 1e-9);
  const x = linearScale([0, most * unit.perMinute], [BOX.left, BOX.right]);
  const y = linearScale(niceDomain([from, top], 4), [BOX.bottom, BOX.top]);
  const ends = lines.map(({ name, points }) => `${name} ends at ${short(points.at(-1)![1])}`);
  return (
    <figure>
      <figcaption>{title}</figcaption>
      <svg
        viewBox={`0 0 ${WIDTH} ${HEIGHT}`}
        role="img"
        aria-label={`${title} over ${unit.name}. ${ends.join('. ')}.`}
      >
        {ticks(y.domain, 4).map((value) => (
          <g key={value}>
            <line class="grid" x1={BOX.left} x2={BOX.right} y1={y(value)} y2={y(value)} />
            <text x={BOX.left - 7} y={y(value) + 4} text-anchor="end">
              {value}
            </text>
          </g>
        ))}
        {ticks(x.domain, 4).map((value) => (
          <text key={value} x={x(value)} y={BOX.bottom + 18} text-anchor="middle">
            {value}
          </text>
        ))}
        <text x={(BOX.left + BOX.right) / 2} y={HEIGHT - 4} text-anchor="middle">
          {unit.name}
        </text>
        {lines.map(({ name, series, isDashed, points }) => (
          <polyline
            key={name}
            class={lineClass(series, isDashed)}
            points={points
              .map(([minutes, value]) => `${px(x(minutes * unit.perMinute))},${px(y(value))}`)
              .join(' ')}
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
