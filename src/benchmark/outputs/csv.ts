/** @file The figures as comma-separated values (RFC 4180), unrounded, for other programs. */
import type { Figure, Table } from '../table.ts';

/** A line for each split, method and number of labels. Scores are in [0, 1], distances in px. */
export function renderFiguresCsv({ splits }: Table): string {
  const rule = (name: string): string[] => [`${name}`, `${name}_low`, `${name}_high`];
  const head = [
    ...['split', 'images', 'method', 'labelled', 'seeds', 'minutes'],
    ...rule('dice_present'),
    ...rule('dice_counted'),
    ...rule('iou_present'),
    ...rule('iou_counted'),
    ...['dice_spread', 'hd95_px', 'assd_px', 'detection_rate'],
    ...['difference', 'difference_low', 'difference_high', 'p'],
  ];
  const figure = ({ mean, interval }: Figure): Value[] => [mean, interval?.low, interval?.high];
  const lines = splits.flatMap(({ split, images, rows }) =>
    rows.map((row): Value[] => {
      const against = row.againstFirst?.present;
      return [
        ...[split, images, row.method, row.labelled, row.seeds.join(' '), row.minutes],
        ...figure(row.dice.present),
        ...figure(row.dice.counted),
        ...figure(row.iou.present),
        ...figure(row.iou.counted),
        ...[row.spread, row.hd95, row.assd, row.detectionRate],
        ...[against?.difference, against?.interval.low, against?.interval.high, against?.p],
      ];
    }),
  );
  return csv([head, ...lines]);
}

/** A line for each split, method, number of labels and class. Units as above. */
export function renderClassesCsv({ splits }: Table): string {
  const head = [
    ...['split', 'method', 'labelled', 'class'],
    ...['dice_present', 'dice_counted', 'iou_present', 'iou_counted'],
    ...['hd95_px', 'assd_px', 'detection_rate'],
  ];
  const lines = splits.flatMap(({ split, rows }) =>
    rows.flatMap(({ method, labelled, perClass }) =>
      perClass.map(({ name, dice, iou, hd95, assd, detectionRate }): Value[] => [
        ...[split, method, labelled, name],
        ...[dice.present, dice.counted, iou.present, iou.counted],
        ...[hd95, assd, detectionRate],
      ]),
    ),
  );
  return csv([head, ...lines]);
}

type Value = string | number | null | undefined;

function csv(lines: readonly (readonly Value[])[]): string {
  return lines.map((line) => `${line.map(field).join(',')}\r\n`).join('');
}

function field(value: Value): string {
  const text = value === null || value === undefined ? '' : String(value);
  return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}
