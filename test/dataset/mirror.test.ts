import { describe, expect, it } from 'vitest';
import { mirroredPairsByName } from '../../src/dataset/mirror.ts';

describe('mirroredPairsByName', () => {
  it('pairs FDI tooth numbers across the midline, also of milk teeth', () => {
    expect(mirroredPairsByName(['11', '21', '38', '48'])).toEqual([
      [0, 1],
      [2, 3],
    ]);
    expect(mirroredPairsByName(['51', '61', '75', '85'])).toEqual([
      [0, 1],
      [2, 3],
    ]);
  });
  it('pairs names with left and right in whatever case', () => {
    expect(mirroredPairsByName(['Left lung', 'femur_right', 'Right lung', 'femur_left'])).toEqual([
      [0, 2],
      [1, 3],
    ]);
  });
  it('says nothing where a class has no twin, or the names tell no side', () => {
    expect(mirroredPairsByName(['11', '21', '38'])).toBeUndefined();
    expect(mirroredPairsByName(['left lung', 'right lung', 'heart'])).toBeUndefined();
    expect(mirroredPairsByName(['radius', 'ulna'])).toBeUndefined();
    expect(mirroredPairsByName(['19', '29'])).toBeUndefined();
    expect(mirroredPairsByName(['upright', 'upleft'])).toBeUndefined();
    expect(mirroredPairsByName([])).toBeUndefined();
  });
});
