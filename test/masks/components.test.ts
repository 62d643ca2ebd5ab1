import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { componentMask, componentMeans, labelComponents } from '../../src/masks/components.ts';
import { emptyMask, type Mask, maskArea } from '../../src/masks/mask.ts';
import { cpuMs } from '../cpu.ts';
import { anyMask, drawn, picture } from './grids.ts';

/** Labels by flood fill, components in row-major order of their first pixels. */
function floodLabels({ height, width, data }: Mask, connectivity: 4 | 8): number[] {
  const labels = new Array<number>(height * width).fill(0);
  let count = 0;
  for (let start = 0; start < labels.length; start++) {
    if (data[start] === 0 || labels[start] !== 0) continue;
    const stack = [start];
    labels[start] = ++count;
    while (stack.length > 0) {
      const at = stack.pop()!;
      const x = at % width;
      const y = Math.floor(at / width);
      for (let dy = -1; dy <= 1; dy++) {
        for (let dx = -1; dx <= 1; dx++) {
          if (connectivity === 4 && dx !== 0 && dy !== 0) continue;
          if (x + dx < 0 || x + dx >= width || y + dy < 0 || y + dy >= height) continue;
          const next = at + dy * width + dx;
          if (data[next] === 0 || labels[next] !== 0) continue;
          labels[next] = count;
          stack.push(next);
        }
      }
    }
  }
  return labels;
}

describe('labelComponents', () => {
  const corners = drawn('#.#', '.#.', '#.#');

  it('joins corners with 8 neighbours and not with 4', () => {
    expect(labelComponents(corners, 8).count).toBe(1);
    expect([...labelComponents(corners, 4).labels]).toEqual([1, 0, 2, 0, 3, 0, 4, 0, 5]);
  });

  it('joins branches that meet only in a later row', () => {
    const { count, areas } = labelComponents(drawn('#.#.#', '#.#.#', '###.#', '....#', '#####'), 4);
    expect(count).toBe(2);
    expect([...areas]).toEqual([25 - 7 - 9, 7, 9]);
  });

  it('does not join the end of a row with the start of the next', () => {
    expect(labelComponents(drawn('..#', '#..'), 8).count).toBe(2);
    expect(labelComponents(drawn('..#', '...', '#..'), 8).count).toBe(2);
  });

  it.each([4, 8] as const)('labels as a flood fill does, %i neighbours', (connectivity) => {
    fc.assert(
      fc.property(anyMask(), (mask) => {
        const { labels, count, areas } = labelComponents(mask, connectivity);
        const expected = floodLabels(mask, connectivity);
        expect([...labels]).toEqual(expected);
        expect(count).toBe(Math.max(0, ...expected));
        expect([...areas]).toEqual(
          Array.from({ length: count + 1 }, (_, label) => expected.filter((other) => other === label).length),
        );
      }),
    );
  });

  it('labels 3000 x 3000 px of speckle within two seconds', async () => {
    const mask = emptyMask({ height: 3000, width: 3000 });
    let state = 1;
    for (let i = 0; i < mask.data.length; i++) {
      state = (Math.imul(state, 1664525) + 1013904223) | 0;
      mask.data[i] = state < 0 ? 1 : 0;
    }
    let areas = new Int32Array();
    const spent = await cpuMs(() => {
      areas = Int32Array.from(labelComponents(mask, 8).areas);
    });
    expect(spent).toBeLessThan(2000);
    expect(areas.subarray(1).reduce((sum, area) => sum + area, 0)).toBe(maskArea(mask));
  });
});

describe('parts of components', () => {
  const components = labelComponents(drawn('##..', '...#', '...#'), 8);

  it('takes the mean of a map over each component', () => {
    const values = [1, 3, 100, 100, 100, 100, 100, 5, 100, 100, 100, 9];
    expect([...componentMeans(components, values)]).toEqual([0, 2, 7]);
  });

  it('cuts one component out', () => {
    expect(picture(componentMask(components, 2))).toEqual(['....', '...#', '...#']);
  });
});
