/** @file A room for the labels of a folder: every image can be drawn on, and every class may be there or not. */
import { basename } from 'node:path';
import type { LabelFolder } from '../dataset/label-folder.ts';
import type { Case } from '../dataset/types.ts';
import type { LabelBook } from '../label/book.ts';
import { rleFromString, rleToString } from '../masks/rle.ts';
import type { LayerMask, ReviewItem } from '../review/protocol.ts';
import type { Advisor } from './advisor.ts';
import { NotFound, Unusable } from './refusals.ts';
import type { LabelRoom } from './room.ts';

/** `advisor` is absent where no model can say what images look like. */
export function createLabelRoom(
  folder: LabelFolder,
  book: LabelBook,
  reviewer: string,
  advisor: Advisor | undefined,
): LabelRoom {
  const cases = new Map(folder.cases.map((item) => [item.id, item]));
  const caseOf = (image: string): Case => {
    const found = cases.get(image);
    if (found === undefined) throw new NotFound(`There is no image ${JSON.stringify(image)} in this folder`);
    return found;
  };
  const itemOf = (item: Case, classIndex: number): ReviewItem => {
    const said = book.decision(item, classIndex);
    return {
      image: item.id,
      classIndex,
      stages: [],
      status: book.mask(item, classIndex) === undefined ? 'rejected' : 'corrected',
      revision: said?.number ?? 0,
      ...(said !== undefined && { by: said.by, time: said.time }),
    };
  };
  const masksIn = (item: Case): LayerMask[] =>
    book.classes().flatMap((_, classIndex) => {
      const rle = book.mask(item, classIndex);
      return rle === undefined ? [] : [{ classIndex, counts: rleToString(rle) }];
    });
  const classes = (): string[] => book.classes().map(({ name }) => name);
  const labels: LabelRoom['labels'] = () => ({
    classes: classes(),
    colours: book.classes().map(({ colour }) => colour),
    done: folder.cases.filter(book.isDone).map(({ id }) => id),
    suggestions: advisor?.suggestions() ?? [],
    ...(advisor && { looked: advisor.looked() }),
    unreadable: folder.unreadable,
  });

  return {
    classes,
    caseOf,
    labels,
    state: () => ({
      run: basename(folder.root),
      classes: classes(),
      images: folder.cases.map(({ id, name, size: { width, height } }) => ({
        id,
        name,
        width,
        height,
        split: 'unlabelled',
      })),
      items: folder.cases.flatMap((item) =>
        book.classes().flatMap((_, classIndex) => {
          const isSaid = book.decision(item, classIndex) ?? book.mask(item, classIndex);
          return isSaid === undefined ? [] : [itemOf(item, classIndex)];
        }),
      ),
      calibration: { none: 'there is no run' },
      reviewer,
      labels: labels(),
    }),
    masksOf: (image) => ({ layers: {}, decided: masksIn(caseOf(image)) }),
    standing: (image, classIndex) => {
      const rle = book.classes()[classIndex] && book.mask(caseOf(image), classIndex);
      return rle && { classIndex: book.classes()[classIndex]!.colour, rle };
    },
    decide: async ({ image, classIndex, verdict, counts, basedOn }) => {
      const item = caseOf(image);
      const named = book.classes()[classIndex];
      if (named === undefined) throw new NotFound(`There is no class number ${classIndex} in this folder`);
      if (verdict !== 'corrected' || counts === undefined) throw notDrawn(image);
      const mask = rleFromString(counts, item.size, `The mask of ${named.name} in ${item.id}`);
      const saved = await book.draw(item, classIndex, mask, basedOn);
      return { saved, item: itemOf(item, classIndex) };
    },
    changeClasses: (change) => book.change(change),
    finish: async (image, done) => {
      const item = caseOf(image);
      const kept = await book.finish(item, done);
      if (done) advisor?.finished(item);
      return kept.map((classIndex) => itemOf(item, classIndex));
    },
    close: async () => {
      await advisor?.close();
      await book.close();
    },
  };
}

function notDrawn(image: string): Unusable {
  return new Unusable({
    seen: `This is no drawing of ${image}`,
    need: 'A mask, where images are labelled from nothing',
    fix: 'Load the page again',
  });
}
