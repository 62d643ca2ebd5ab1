import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { overviewPath, thumbnailPath } from '../../app/src/addresses.ts';
import { findings } from '../../app/src/evidence.ts';
import { commandOf, KEY_GROUPS, keyLabel, type Pressed } from '../../app/src/keys.ts';
import {
  expectedGain,
  isOpen,
  itemKey,
  neighbour,
  type QueueFilter,
  queueOf,
  WHOLE_QUEUE,
} from '../../app/src/queue.ts';
import type { ReviewImage, ReviewItem } from '../../src/review/protocol.ts';

const image = (id: string, split: ReviewImage['split']): [string, ReviewImage] => [
  id,
  { id, name: `${id}.png`, width: 9, height: 9, split },
];
const images = new Map([image('a', 'unlabelled'), image('b', 'unlabelled'), image('t', 'test')]);
const item = (
  id: string,
  classIndex: number,
  trust?: number,
  status: ReviewItem['status'] = 'pending',
): ReviewItem => ({
  image: id,
  classIndex,
  stages: trust === undefined ? [] : ['refined'],
  ...(trust !== undefined && { trust }),
  status,
  revision: 0,
});
const queueIn = (items: readonly ReviewItem[], filter: Partial<QueueFilter> = {}): ReviewItem[] =>
  queueOf(items, images, { ...WHOLE_QUEUE, ...filter });
const keys = (items: readonly ReviewItem[]): string[] => items.map(itemKey);

describe('the address of a thumbnail', () => {
  it('is another one for each state of the masks and each opening of the room', () => {
    const first = item('a', 0, 0.9);
    const mask = (revision: number, edition: string): string =>
      thumbnailPath({ ...first, revision }, { edition });
    expect(new Set([mask(0, 'x'), mask(1, 'x'), mask(0, 'y'), mask(0, 'x')]).size).toBe(3);
    const whole = (state: string, edition: string): string => overviewPath('a', state, { edition });
    expect(new Set([whole('0', 'x'), whole('1', 'x'), whole('0', 'y'), whole('0', 'x')]).size).toBe(3);
  });
});

describe('the queue', () => {
  const items = [
    item('a', 0, 0.9),
    item('a', 1, 0.2, 'accepted'),
    item('b', 0, 0.1, 'skipped'),
    item('b', 1, 0.4),
    item('b', 2),
    item('t', 0, 0.05),
  ];

  it('begins with what is trusted least; what was skipped comes last, what is decided not at all', () => {
    expect(keys(queueIn(items))).toEqual(['1 b', '0 a', '0 b']);
  });

  it('can be of one status, class, split, and range of trust', () => {
    const of = (filter: Partial<QueueFilter>): string[] => keys(queueIn(items, filter));
    expect(of({ status: 'accepted' })).toEqual(['1 a']);
    expect(of({ classIndex: 0 })).toEqual(['0 a', '0 b']);
    expect(of({ status: 'all', split: 'test' })).toEqual(['0 t']);
    expect(of({ status: 'all' })).toEqual(['1 a', '1 b', '0 a', '0 b']);
    expect(of({ trust: { low: 0.4, high: 0.9 } })).toEqual(['1 b']);
    expect(of({ trust: { low: 0.9, high: 2 } })).toEqual(['0 a']);
  });

  it('can be of what one stage found, what nobody refined before everything else', () => {
    const found = [
      { ...item('a', 0, 0.3), stages: ['refined', 'final'] as const },
      { ...item('a', 1), stages: ['final'] as const },
      { ...item('b', 1), stages: ['initial'] as const },
      // Drawn by hand, where no stage found anything.
      item('b', 2, undefined, 'corrected'),
    ];
    expect(keys(queueIn(found))).toEqual(['0 a']);
    expect(keys(queueIn(found, { status: 'all' }))).toEqual(['0 a', '2 b']);
    expect(keys(queueIn(found, { stage: 'final' }))).toEqual(['1 a', '0 a']);
    expect(keys(queueIn(found, { stage: 'initial' }))).toEqual(['1 b']);
  });

  it('can go image by image, and no decision moves an image', () => {
    const order = { order: 'image' } as const;
    const all = [item('a', 0, 0.2), item('a', 1, 0.9), item('b', 0, 0.3), item('b', 1, 0.4)];
    expect(keys(queueIn(all, order))).toEqual(['0 a', '1 a', '0 b', '1 b']);
    const later = [{ ...all[0]!, status: 'accepted' as const }, ...all.slice(1)];
    expect(keys(queueIn(later, order))).toEqual(['1 a', '0 b', '1 b']);
  });

  it('goes on to the next mask, also from one that was just decided, and stays at its ends', () => {
    const before = queueIn(items);
    const after = before.slice(1);
    expect(neighbour(after, before, '1 b', 1)).toBe(after[0]);
    expect(neighbour(before, before, '1 b', 1)).toBe(before[1]);
    expect(neighbour(before, before, '1 b', -1)).toBe(before[0]);
    expect(neighbour(before, before, '0 b', 1)).toBe(before[2]);
    expect(neighbour(before.slice(0, 2), before, '0 b', 1)).toBe(before[0]);
    expect(neighbour([], before, '0 b', 1)).toBeUndefined();
  });
});

describe('what decisions are worth', () => {
  it('is what trust says is missing', () => {
    const items = [item('a', 0, 0.5), item('a', 1, 0.7), item('b', 0, 0.2, 'accepted'), item('b', 1)];
    const queue = queueIn(items);
    const gain = expectedGain(items, queue, 1)!;
    expect(gain.now).toBeCloseTo((0.5 + 0.7 + 1) / 3);
    expect(gain.after).toBeCloseTo((1 + 0.7 + 1) / 3);
    expect(gain.count).toBe(1);
    expect(expectedGain([item('b', 1)], [], 20)).toBeUndefined();
    // Masks of measured images are no part of it, though they may be what the queue shows.
    const measured = queueIn([...items, item('t', 0, 0.1)], { split: 'test', status: 'all' });
    expect(expectedGain(items, measured, 20)).toMatchObject({ count: 0, after: gain.now });
  });

  it('never falls, and is all there is once everything is decided', () => {
    const anyItem = fc
      .tuple(fc.constantFrom('a', 'b'), fc.nat(20), fc.double({ min: 0, max: 1, noNaN: true }))
      .map(([id, classIndex, trust]) => item(id, classIndex, trust));
    fc.assert(
      fc.property(fc.array(anyItem, { minLength: 1 }), fc.nat(30), (items, count) => {
        const queue = queueIn(items);
        const gain = expectedGain(items, queue, count)!;
        expect(gain.after).toBeGreaterThanOrEqual(gain.now - 1e-12);
        expect(expectedGain(items, queue, queue.filter(isOpen).length)!.after).toBeCloseTo(1);
      }),
    );
  });
});

describe('keys', () => {
  const pressed = (key: string, more: Partial<Pressed> = {}): Pressed => ({
    key,
    ctrlKey: false,
    metaKey: false,
    shiftKey: false,
    altKey: false,
    ...more,
  });

  it('mean one thing each', () => {
    const all = KEY_GROUPS.flatMap(({ keys: group }) =>
      group.flatMap((one) => one.keys.map((key) => `${one.control ?? false} ${one.shift ?? false} ${key}`)),
    );
    expect(new Set(all).size).toBe(all.length);
  });

  it('are found with Shift and Caps Lock too, and leave the browser its own', () => {
    expect(commandOf(pressed('a'))).toBe('accept');
    expect(commandOf(pressed('A', { shiftKey: true }))).toBe('accept');
    expect(commandOf(pressed('?', { shiftKey: true }))).toBe('help');
    expect(commandOf(pressed('z', { metaKey: true }))).toBe('undo');
    expect(commandOf(pressed('Z', { ctrlKey: true, shiftKey: true }))).toBe('redo');
    for (const key of ['a', 'r', 's', 'f'])
      expect(commandOf(pressed(key, { ctrlKey: true }))).toBeUndefined();
    expect(commandOf(pressed('z'))).toBeUndefined();
    expect(commandOf(pressed('a', { altKey: true }))).toBeUndefined();
  });

  it('are written as they are printed', () => {
    expect([keyLabel('accept'), keyLabel('redo'), keyLabel('blink')]).toEqual(['A', 'Ctrl Shift Z', 'Space']);
  });
});

describe('findings', () => {
  it('put doubts first and say them in words', () => {
    const found = findings({
      agreement: 0.95,
      confidence: 0.4,
      imageConfidence: 0.9,
      overlap: 0.1,
      frequency: 1,
      areaDeviation: -3.25,
      placeDeviation: 0.4,
    });
    expect(found.map(({ name, value, doubtful }) => [name, value, doubtful])).toEqual([
      ['Network', '40 %', true],
      ['Size', '3.3 deviations off', true],
      ['Refinement', '95 %', false],
      ['Claimed by others', '10 %', false],
      ['Place', 'usual', false],
    ]);
  });
});
