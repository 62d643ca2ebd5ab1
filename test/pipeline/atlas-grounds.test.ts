/** On what grounds a run has an atlas. */
import { describe, expect, it } from 'vitest';
import type { AnnotatedImage } from '../../src/atlas/atlas.ts';
import type { Dataset } from '../../src/dataset/types.ts';
import { type AtlasGrounds, atlasGrounds } from '../../src/pipeline/settling.ts';
import { renamed, rowOf } from '../atlas/row.ts';

const CLASSES = ['left outer', 'left inner', 'right inner', 'right outer'];
const TWINS: Dataset['mirroredPairs'] = [
  [0, 3],
  [1, 2],
];
const ALL = [0, 1, 2, 3];

function dataset(images: readonly AnnotatedImage[], mirroredPairs: Dataset['mirroredPairs'] = []): Dataset {
  const cases = images.map((image, i) => {
    return { ...image, id: `${i}`, name: `${i}`, imagePath: '', split: 'labelled' } as const;
  });
  return { root: '', classes: CLASSES, mirroredPairs, cases };
}

const grounds = (data: Dataset, holdsOut: boolean, atlas = true): AtlasGrounds | undefined =>
  atlasGrounds({ atlas }, { head: 'exclusive', classes: CLASSES }, data, holdsOut);

describe('an atlas', () => {
  const alike = dataset([rowOf(ALL), rowOf(ALL, [4, 2])]);
  const otherwise = dataset([rowOf(ALL), renamed(rowOf(ALL), [2, 0, 3, 1])]);

  it('is tried where images are held out, whatever the labelled ones say', () => {
    expect([alike, otherwise].map((data) => grounds(data, true))).toEqual(['tried', 'tried']);
  });

  it('is taken where none are and each labelled image keeps its names by the others', () => {
    expect([alike, otherwise].map((data) => grounds(data, false))).toEqual(['suits', undefined]);
  });

  it('is taken of a single image where this shows both sides of a body', () => {
    const image = rowOf(ALL);
    expect(grounds(dataset([image]), false)).toBeUndefined();
    expect(grounds(dataset([image], TWINS), false)).toBe('suits');
    expect(grounds(dataset([image], [[0, 3]]), false), 'not all have twins').toBeUndefined();
  });

  it('is not where it is switched off', () => {
    expect([true, false].map((holdsOut) => grounds(alike, holdsOut, false))).toEqual([undefined, undefined]);
  });
});
