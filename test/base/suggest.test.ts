import { describe, expect, it } from 'vitest';
import { nearestName } from '../../src/base/suggest.ts';

describe('nearestName', () => {
  it('finds slips of the hand and nothing else', () => {
    const known = ['Radius', 'Ulna', 'Os lunatum'];
    expect(nearestName('radus', known)).toBe('Radius');
    expect(nearestName('Os lunatun', known)).toBe('Os lunatum');
    expect(nearestName('femur', known)).toBeUndefined();
    expect(nearestName('x', [])).toBeUndefined();
  });
});
