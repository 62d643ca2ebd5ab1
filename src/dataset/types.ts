/** @file A data set: cases in four splits, their class list and their annotations, as plain data. */
import type { Structure } from '../annotations/types.ts';
import type { BoxXyxy, Size } from '../base/geometry.ts';
import type { IntensityWindow } from '../imaging/window.ts';
import type { Rle } from '../masks/rle.ts';

/**
 * labelled: annotated, for training. val: annotated, for choosing settings. test: annotated, for reporting.
 * unlabelled: the pool that gets pseudo labels.
 */
export type SplitName = 'labelled' | 'val' | 'test' | 'unlabelled';

export const SPLIT_NAMES: readonly SplitName[] = ['labelled', 'val', 'test', 'unlabelled'];

export interface Case {
  /** File name without extension, or a hash in its place; unique in a checked data set. */
  readonly id: string;
  /** What results call the image: its file name, or a hash. */
  readonly name: string;
  readonly imagePath: string;
  /** SHA-256 of that file, in hex, once checkDataset has read it: what is read later is the same, or an error. */
  readonly fileHash?: string;
  readonly split: SplitName;
  /** How the image is made from the file. Absent: as the file shows it. */
  readonly view?: ImageView;
  /** Distance of pixel centres in mm, where the file tells it. */
  readonly spacingMm?: readonly [row: number, col: number];
  /** It is not known which side it shows, and that is to be known: checkDataset reports it. */
  readonly sideUnknown?: true;
  /**
   * What the annotation file says, or the image's header where there is no annotation; 0 x 0 where that header
   * cannot be read, which checkDataset reports.
   */
  readonly size: Size;
  /** In class order and the frame of the image. Absent when unlabelled; empty when annotated as showing none of the classes. */
  readonly structures?: readonly Structure[];
  /** What a person said about single classes of an unlabelled image in a review; absent where nobody did. */
  readonly reviewed?: readonly ReviewedClass[];
}

/** How an image is made from its file. Nothing set: the image is as the file shows it. */
export interface ImageView {
  /** Which image of a file with several, counted from 0. */
  readonly frame?: number;
  /** In place of the file's own. */
  readonly window?: IntensityWindow;
  /** Filled with black, in px of the file's frame, corners included. */
  readonly blackened?: readonly BoxXyxy[];
  /** Left and right are exchanged, so that all images show one side. Masks of the case are in this frame too. */
  readonly mirrored?: true;
}

/** What is true of one class of one image. */
export interface ReviewedClass {
  readonly classIndex: number;
  /** Absent where nothing of the class is to be seen. */
  readonly rle?: Rle;
  /** Who said so, and when (ISO time). */
  readonly by: string;
  readonly time: string;
}

export interface Dataset {
  /** Absolute path of the folder. */
  readonly root: string;
  readonly classes: readonly string[];
  /** Labelled, val, test, unlabelled; within a split in the order of the annotation file, else by file name. */
  readonly cases: readonly Case[];
  /**
   * Pairs of classes that a left-right flip of the image exchanges. Absent: flipping is not allowed. An empty list:
   * flipping is allowed and every class stays what it is.
   */
  readonly mirroredPairs?: readonly (readonly [number, number])[];
  /** How many DICOM files among the images hold no picture and are no cases; absent where there are none. */
  readonly withoutPicture?: number;
}

/** The cases of one split, in order. */
export function casesOf(dataset: Dataset, split: SplitName): Case[] {
  return dataset.cases.filter((item) => item.split === split);
}
