/** @file The cases of the gallery: which images to show, and their pictures and outlines. */

import sharp from 'sharp';
import type { AnnotatedImage, Structure } from '../annotations/types.ts';
import { meanOf } from '../base/mean.ts';
import type { Evaluation } from '../evaluate/evaluation.ts';
import type { Image } from '../imaging/image.ts';
import { toRgb } from '../imaging/overlay.ts';
import { dice, rleOverlap } from '../masks/overlap.ts';
import { decodeRle, rleArea } from '../masks/rle.ts';
import type { GalleryCase, GalleryPanel, PromptMarks } from './data.ts';
import { outlinePath } from './outline.ts';

export interface GalleryCaseInput {
  readonly image: Image;
  readonly fileName: string;
  readonly split: string;
  readonly classes: readonly string[];
  /** Absent where there is no ground truth; an empty list is a ground truth without structures. */
  readonly truth?: readonly Structure[];
  readonly initial?: readonly Structure[];
  readonly refined?: readonly Structure[];
  readonly final?: readonly Structure[];
  readonly finalRefined?: readonly Structure[];
  readonly prompts?: readonly PromptMarks[];
}

export interface PictureOptions {
  /** Longest side of the picture in px. Default 960. */
  readonly longestSide?: number;
  /** JPEG quality, 1 to 100. Default 80. */
  readonly quality?: number;
}

/**
 * File names of the `count` images with the lowest mean Dice, lowest first, invented structures counted; images
 * in which nothing counts are left out.
 */
export function worstImages(evaluation: Evaluation, count: number): string[] {
  return evaluation.images
    .flatMap(({ fileName, dice }) => (dice.counted === null ? [] : [{ fileName, dice: dice.counted }]))
    .sort((a, b) => a.dice - b.dice)
    .slice(0, count)
    .map((image) => image.fileName);
}

/** Names of the `count` images whose masks have the lowest mean trust, lowest first; images without a mask last. */
export function leastTrustedImages(images: readonly AnnotatedImage[], count: number): string[] {
  const meanTrust = ({ structures }: AnnotatedImage): number =>
    structures.length === 0
      ? Number.POSITIVE_INFINITY
      : structures.reduce((sum, { trust = 1 }) => sum + trust, 0) / structures.length;
  return images
    .map((image) => ({ fileName: image.fileName, trust: meanTrust(image) }))
    .sort((a, b) => (a.trust === b.trust ? 0 : a.trust - b.trust))
    .slice(0, count)
    .map(({ fileName }) => fileName);
}

/** One case: the image as a JPEG data URI and every mask as an outline. */
export async function createGalleryCase(
  input: GalleryCaseInput,
  options: PictureOptions = {},
): Promise<GalleryCase> {
  const { image, classes, truth } = input;
  const panel = (structures: readonly Structure[] | undefined): GalleryPanel | undefined =>
    structures && createPanel(structures, classes, truth);
  const panels = {
    truth: truth && createPanel(truth, classes, undefined),
    initial: panel(input.initial),
    refined: panel(input.refined),
    final: panel(input.final),
    finalRefined: panel(input.finalRefined),
  };
  return {
    fileName: input.fileName,
    split: input.split,
    width: image.width,
    height: image.height,
    picture: await pictureUri(image, options),
    ...(panels.truth && { truth: panels.truth }),
    ...(panels.initial && { initial: panels.initial }),
    ...(panels.refined && { refined: panels.refined }),
    ...(panels.final && { final: panels.final }),
    ...(panels.finalRefined && { finalRefined: panels.finalRefined }),
    prompts: input.prompts ?? [],
  };
}

function createPanel(
  structures: readonly Structure[],
  classes: readonly string[],
  truth: readonly Structure[] | undefined,
): GalleryPanel {
  const shown = structures.filter((structure) => rleArea(structure.rle) > 0);
  const trueShown = truth?.filter((structure) => rleArea(structure.rle) > 0);
  const nameOf = (structure: Structure): string =>
    classes[structure.classIndex] ?? `class ${structure.classIndex}`;
  const sameClass = (list: readonly Structure[], structure: Structure): Structure | undefined =>
    list.find((other) => other.classIndex === structure.classIndex);

  const scores = trueShown?.map(
    (structure) => dice(rleOverlap(structure.rle, sameClass(shown, structure)?.rle))!,
  );
  return {
    outlines: shown.map((structure) => {
      const partner = trueShown && sameClass(trueShown, structure);
      return {
        classIndex: structure.classIndex,
        className: nameOf(structure),
        path: outlinePath(decodeRle(structure.rle)),
        ...(structure.trust !== undefined && { trust: structure.trust }),
        ...(partner && { dice: dice(rleOverlap(partner.rle, structure.rle))! }),
      };
    }),
    dice: scores === undefined ? null : (meanOf(scores) ?? null),
    missed: trueShown?.filter((structure) => !sameClass(shown, structure)).map(nameOf) ?? [],
    invented: trueShown === undefined ? [] : shown.filter((s) => !sameClass(trueShown, s)).map(nameOf),
  };
}

/** The image as a grey JPEG, with the intensity window of overlay pictures. */
async function pictureUri(image: Image, options: PictureOptions): Promise<string> {
  const { width, height, data } = toRgb(image);
  const longest = options.longestSide ?? 960;
  const jpeg = await sharp(data, { raw: { width, height, channels: 3 } })
    .resize({ width: longest, height: longest, fit: 'inside', withoutEnlargement: true })
    .toColourspace('b-w')
    .jpeg({ quality: options.quality ?? 80, mozjpeg: true })
    .toBuffer();
  return `data:image/jpeg;base64,${jpeg.toString('base64')}`;
}
