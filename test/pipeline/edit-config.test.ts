/** Settings changed in the text of a file: the values that were meant, and not one other word. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import type { Tree } from '../../src/pipeline/config.ts';
import { describeConfig } from '../../src/pipeline/describe-config.ts';
import { type Edit, editConfig } from '../../src/pipeline/edit-config.ts';
import { resolveConfig } from '../../src/pipeline/load-config.ts';

const radius = (value: number): Edit => ({ path: ['refine', 'morphology', 'radius'], value });
const passes: Edit = { path: ['refine', 'passes'], value: [{ box: true }, { points: 'all', mask: true }] };

describe('editConfig', () => {
  it('takes the hash mark from a setting that is commented out', () => {
    const text =
      'refine:\n  # What refines.\n  #refiner: sam\n  morphology:\n    # In px.\n    #radius: 8\n\nseed: 2\n';
    expect(editConfig(text, [radius(3)])).toBe(text.replace('    #radius: 8', '    radius: 3'));
  });

  it('gives a setting another value, and leaves the words behind it', () => {
    expect(editConfig('refine:\n  morphology:\n    radius: 8 # small\n', [radius(3)])).toBe(
      'refine:\n  morphology:\n    radius: 3 # small\n',
    );
  });

  it('adds settings and sections that are not there', () => {
    expect(editConfig('name: a\n', [radius(3)])).toBe('name: a\nrefine: { morphology: { radius: 3 } }\n');
    expect(editConfig('refine:\n    # Nothing yet.\nname: a', [radius(3)])).toBe(
      'refine:\n    morphology: { radius: 3 }\n    # Nothing yet.\nname: a\n',
    );
  });

  it('replaces a list over many lines, and what is in braces on one', () => {
    const list =
      'refine:\n  passes:\n  - box: true\n    points: all\n  - box: true\n  # Which.\n  seed: interior\n';
    expect(editConfig(list, [passes])).toBe(
      'refine:\n  passes: [ { box: true }, { points: all, mask: true } ]\n  # Which.\n  seed: interior\n',
    );
    expect(editConfig('refine: { refiner: sam, morphology: { element: disk } }\n', [radius(2)])).toBe(
      'refine: { refiner: sam, morphology: { element: disk, radius: 2 } }\n',
    );
  });

  it('keeps the line ends of the file', () => {
    expect(editConfig('refine:\r\n  seed: interior\r\n', [radius(1)])).toBe(
      'refine:\r\n  morphology: { radius: 1 }\r\n  seed: interior\r\n',
    );
  });

  it.each([
    ['braces over many lines', 'refine: {\n  morphology: { radius: 8 }\n}\n'],
    ['a name in quotes', '"refine":\n  morphology:\n    radius: 8\n'],
    ['an anchor', 'refine:\n  morphology: &m\n    radius: 8\nother: *m\n'],
  ])('leaves a file alone in which it cannot be done: %s', (_, text) => {
    expect(editConfig(text, [radius(3)])).toBeUndefined();
  });

  it('in the file of `packmule init` changes these settings and no other, and no comment', () => {
    const known = {
      'refine.passes': fc.constantFrom(passes.value, [{ points: 'positive' }]),
      'refine.morphology.operation': fc.constantFrom('none', 'erosion'),
      'refine.morphology.radius': fc.integer({ min: 0, max: 7 }),
      'refine.randomWalker.sigma': fc.constantFrom({ relative: 0.25 }, 9),
      'refine.randomWalker.priorStrength': fc.constantFrom(0, 0.02),
    };
    const chosen = fc.record(known, { requiredKeys: [] });
    fc.assert(
      fc.property(chosen, chosen, (first, second) => {
        const set = { name: 'a', data: { root: 'x' }, refine: { seed: 'interior' } };
        const text = describeConfig(set, ['Ours.']);
        const editsOf = (values: object): Edit[] =>
          Object.entries(values).map(([path, value]) => ({ path: path.split('.'), value }));
        const once = editConfig(text, editsOf(first))!;
        const twice = editConfig(once, editsOf(second))!;
        const flags = Object.entries({ ...first, ...second }).map(([k, v]) => `${k}=${JSON.stringify(v)}`);
        expect(resolveConfig(parse(twice) as Tree, '/')).toEqual(resolveConfig(set, '/', { set: flags }));
        const words = (file: string): string[] => file.split('\n').filter((line) => /^\s*# /.test(line));
        expect(words(twice)).toEqual(words(text));
        expect(twice.split('\n')).toHaveLength(text.split('\n').length);
      }),
      { numRuns: 25 },
    );
  });
});
