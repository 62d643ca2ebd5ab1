/** @file What the qualitative figure shows: which images, by which cells, and what it needs of them. */
import type { AnnotationSet } from '../annotations/types.ts';
import type { Case } from '../dataset/types.ts';
import { readCase } from '../dataset/view.ts';
import { structuresByName } from '../pipeline/mask-sets.ts';
import { counted } from '../report/format.ts';
import type { CellResult } from './evaluate.ts';
import { type Examples, renderQualitative, type ShownImage } from './outputs/qualitative.ts';
import type { HeldOut } from './setup.ts';
import type { Table } from './table.ts';

export interface FigureChoice {
  readonly split: HeldOut;
  /** A cell of each method, all with as many labels and of one seed. */
  readonly cells: readonly { readonly cell: CellResult; readonly title: string }[];
  /** Names of images, from the one on which the first method does best to that on which it does worst. */
  readonly images: readonly string[];
}

const MOST_METHODS = 8;
const IMAGES = 4;

/** The number of labels at which most methods are done, the larger one on a tie; undefined before the first cell. */
export function chooseFigure(
  { grid, splits }: Table,
  results: readonly CellResult[],
): FigureChoice | undefined {
  const [headline] = splits;
  if (headline === undefined || results.length === 0) return undefined;
  const seed = Math.min(...results.map((cell) => cell.seed));
  const choices = grid.labelled.map((labelled) => ({
    labelled,
    cells: grid.methods.flatMap(({ name, title }) => {
      const cell = results.find(
        (each) => each.method === name && each.labelled === labelled && each.seed === seed,
      );
      return cell === undefined ? [] : [{ cell, title }];
    }),
  }));
  const { cells } = choices.toSorted(
    (a, b) => b.cells.length - a.cells.length || b.labelled - a.labelled,
  )[0]!;
  const { evaluation } = cells[0]!.cell.results.find(({ split }) => split === headline.split)!;
  const ranked = evaluation.images.toSorted((a, b) => (b.dice.present ?? 0) - (a.dice.present ?? 0));
  const count = Math.min(IMAGES, ranked.length);
  const images = Array.from(
    { length: count },
    (_, k) => ranked[Math.round((k * (ranked.length - 1)) / Math.max(count - 1, 1))]!.fileName,
  );
  return { split: headline.split, cells: cells.slice(0, MOST_METHODS), images };
}

/** The figure; `masks` are those of the cells in their order, in the frames of the cases. */
export async function drawFigure(
  { split, cells, images }: FigureChoice,
  cases: readonly Case[],
  known: AnnotationSet,
  masks: readonly AnnotationSet[],
): Promise<Examples> {
  const [truth, ...found] = [known, ...masks].map(structuresByName);
  const shown: ShownImage[] = [];
  for (const name of images) {
    const panels = cells.map(({ cell }, c) => {
      const { evaluation } = cell.results.find((result) => result.split === split)!;
      const dice = evaluation.images.find(({ fileName }) => fileName === name)?.dice.present ?? null;
      return { structures: found[c]!.get(name) ?? [], dice };
    });
    shown.push({
      name,
      image: await readCase(cases.find((item) => item.name === name)!),
      panels: [{ structures: truth!.get(name) ?? [] }, ...panels],
    });
  }
  const { labelled, seed } = cells[0]!.cell;
  return {
    png: await renderQualitative(['Truth', ...cells.map(({ title }) => title)], shown),
    caption: `Contours on ${counted(images.length, `${split} image`)}, from the one on which ${cells[0]!.title} does best to its worst, with the mean Dice of the structures that an image shows; ${labelled} labelled, seed ${seed}.`,
  };
}
