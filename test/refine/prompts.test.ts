import { describe, expect, it } from 'vitest';
import type { Mask } from '../../src/masks/mask.ts';
import { preparePrompts } from '../../src/refine/prompts.ts';
import { type RefineSettingsInput, refineSettingsSchema } from '../../src/refine/settings.ts';
import { drawn, picture } from '../masks/grids.ts';
import { initialMask } from './scenes.ts';

function prompts(masks: readonly Mask[], settings: RefineSettingsInput = {}) {
  const initial = masks.map((mask, k) => initialMask(k, mask));
  return preparePrompts(
    initial,
    refineSettingsSchema.parse({ morphology: { operation: 'none' }, ...settings }),
  );
}

describe('preparePrompts', () => {
  const left = drawn('........', '.####...', '.####...', '.####...', '........');
  const right = drawn('........', '...####.', '...####.', '...####.', '........');

  it('gives tight boxes and the centroids of the pixels of one class alone', () => {
    const [a, b] = prompts([left, right]);
    // Columns 3 and 4 belong to both, so 1 and 2, and 5 and 6, are left; half pixels round up.
    expect(a!.prompt).toEqual({ box: [1, 1, 4, 3], positive: [2, 2], negatives: [[6, 2]], seedInside: true });
    expect(b!.prompt).toEqual({ box: [3, 1, 6, 3], positive: [6, 2], negatives: [[2, 2]], seedInside: true });
  });

  it('tells a class that others cover, and one that is empty', () => {
    const small = drawn('........', '........', '..##....', '........', '........');
    const none = drawn('........', '........', '........', '........', '........');
    const bySeeds: RefineSettingsInput = { passes: [{ box: true }, { points: 'all', mask: true }] };
    const [a, covered, empty] = prompts([left, small, none], bySeeds);
    expect(covered!.noPrompt).toBe('covered');
    expect(covered!.prompt).toBeUndefined();
    expect(empty!.noPrompt).toBe('empty');
    expect(a!.prompt!.negatives).toEqual([]);
  });

  it('asks about a class that others cover where no pass takes a seed', () => {
    const small = drawn('........', '........', '..##....', '........', '........');
    for (const passes of [[{ box: true }], [{ box: true, mask: true }]]) {
      const [around, covered] = prompts([left, small], { passes });
      expect(covered!.prompt).toEqual({ box: [2, 2, 3, 2], negatives: [], seedInside: false });
      expect(around!.prompt!.negatives).toEqual([]);
    }
  });

  it('sees a centroid that falls outside a concave shape, and finds an interior seed instead', () => {
    const hook = drawn('#######', '#######', '##.....', '##.....', '##.....', '#######', '#######');
    expect(prompts([hook])[0]!.prompt).toMatchObject({ positive: [3, 3], seedInside: false });
    const inside = prompts([hook], { seed: 'interior' })[0]!.prompt!;
    expect(inside.seedInside).toBe(true);
    const [x, y] = inside.positive!;
    expect(hook.data[y * 7 + x]).toBe(1);
  });

  it('orders and limits negatives by distance where asked to', () => {
    const points = [2, 8, 5, 0].map((x) => drawn(`${'.'.repeat(x)}#${'.'.repeat(8 - x)}`));
    expect(prompts(points)[0]!.prompt!.negatives).toEqual([
      [8, 0],
      [5, 0],
      [0, 0],
    ]);
    expect(prompts(points, { negatives: { nearest: 2 } })[0]!.prompt!.negatives).toEqual([
      [0, 0],
      [5, 0],
    ]);
  });

  it('prompts from the mask after morphology, or before it as the published code does', () => {
    const dot = drawn('.....', '.....', '..#..', '.....', '.....');
    const morphology = { operation: 'dilation', element: 'diamond', radius: 1 } as const;
    const [described] = prompts([dot], { morphology });
    expect(described!.prompt!.box).toEqual([1, 1, 3, 3]);
    expect(picture(described!.mask)).toEqual(['.....', '..#..', '.###.', '..#..', '.....']);
    const [coded] = prompts([dot], { preset: 'as-coded', morphology });
    expect(coded!.prompt!.box).toEqual([2, 2, 2, 2]);
    expect(coded!.mask).toEqual(described!.mask);
  });

  it('takes every operation of the settings', () => {
    const block = drawn('.....', '.###.', '.###.', '.###.', '.....');
    const box = (operation: 'erosion' | 'dilation' | 'opening' | 'closing') =>
      prompts([block], { morphology: { operation, element: 'square', radius: 1 } })[0]!.prompt!.box;
    expect(box('erosion')).toEqual([2, 2, 2, 2]);
    expect(box('dilation')).toEqual([0, 0, 4, 4]);
    expect(box('opening')).toEqual([1, 1, 3, 3]);
  });
});
