/** @file The works of a row of the table, with few labels. */
import { expect } from 'vitest';
import { openCell } from '../../src/benchmark/cell.ts';
import { findMethod } from '../../src/benchmark/methods/index.ts';
import { inOrder, type Masks, type Prediction, type Training, type UNet } from '../../src/benchmark/work.ts';
import { bareSetup } from './setup.ts';

/** Labelled images. */
export const N = 5;
export const masksOf = (name: string, set: readonly string[] = [], labelled = N, seed = 1): Masks =>
  findMethod(name).masks(openCell(bareSetup(set), labelled, seed), 'test');

export function networksOf(masks: Masks): Training[] {
  return [...inOrder([masks]).values()].filter((work) => work.kind === 'network');
}
/** The network whose masks are measured, and that by which its pseudo labels were drawn. */
export function twoNetworks(name: string, set: readonly string[] = []): [final: UNet, initial: UNet] {
  const answer = masksOf(name, set);
  expect(answer.kind, 'the final network answers by itself').toBe('prediction');
  const final = (answer as Prediction).network as UNet;
  const pseudo = final.pseudo!;
  return [final, (pseudo.kind === 'prediction' ? pseudo : pseudo.prediction).network as UNet];
}
