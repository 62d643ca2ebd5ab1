/** What a training sees: views with true boxes and targets, and prompts that say what is so. */
import { describe, expect, it } from 'vitest';
import type { PointXy } from '../../src/base/geometry.ts';
import { createRng } from '../../src/base/rng.ts';
import { openEpisodes, ROUNDS } from '../../src/foal/episodes.ts';
import { prepareImage, type TrainingImage, type TrainingObject } from '../../src/foal/prepare.ts';
import { firstPrompt, MOST_TOKENS, nextPrompt } from '../../src/foal/prompts.ts';
import { sketch } from '../../src/foal/sketch.ts';
import { emptyMask, maskBox } from '../../src/masks/mask.ts';
import type { TrainingPrompt } from '../../src/prompted/prompt-feeds.ts';
import { tokenPlaces } from '../../src/sam/prompt-encoder.ts';
import { drawScene } from './scenes.ts';
import { tinyFoal } from './tiny.ts';

const SIZE = 128;
const SIDE = SIZE / 4;
const config = tinyFoal(SIZE);

function views(count: number): TrainingImage[] {
  const rng = createRng(11);
  const images: TrainingImage[] = [];
  while (images.length < count) {
    const scene = drawScene(rng, 90, 140);
    const view = prepareImage(rng, scene, config, 3, 'any');
    if (view) images.push(view);
  }
  return images;
}

const cellOf = ([x, y]: PointXy): number => Math.floor(y / 4) * SIDE + Math.floor(x / 4);

/** First and last cell of an axis that an object covers at all. */
function extent({ target }: TrainingObject): { columns: [number, number]; rows: [number, number] } {
  const covered = [...target].flatMap((value, cell) => (value > 0 ? [cell] : []));
  const of = (values: number[]): [number, number] => [Math.min(...values), Math.max(...values)];
  return {
    columns: of(covered.map((c) => c % SIDE)),
    rows: of(covered.map((c) => Math.floor(c / SIDE))),
  };
}

describe('a view of an image', () => {
  it('has boxes around its targets, whatever way it is turned', () => {
    for (const { objects, pixels } of views(30)) {
      expect(pixels.length).toBe(SIZE * SIZE);
      expect(objects.length).toBe(3);
      for (const object of objects) {
        const { columns, rows } = extent(object);
        const [x0, y0, x1, y1] = object.box;
        // A box is of pixel indices, scaled; it ends up to a scaled pixel before its object does.
        for (const [edge, cell] of [
          [x0, columns[0]],
          [y0, rows[0]],
          [x1, columns[1]],
          [y1, rows[1]],
        ] as const) {
          expect(Math.abs(edge / 4 - (cell + 0.5))).toBeLessThan(1.5);
        }
      }
    }
  });

  it('shows the objects where their targets are', () => {
    // Triangles are brighter than what is around them, or darker in the negative.
    for (const { objects, pixels } of views(10)) {
      const means = [0, 0];
      const counts = [0, 0];
      objects[0]!.target.forEach((value, cell) => {
        if (value > 0 && value < 255) return;
        const at = 4 * Math.floor(cell / SIDE) * SIZE + 4 * (cell % SIDE);
        if (pixels[at] === 0) return;
        means[value / 255]! += pixels[at]!;
        counts[value / 255]! += 1;
      });
      expect(Math.abs(means[1]! / counts[1]! - means[0]! / counts[0]!)).toBeGreaterThan(0.1);
    }
  });

  it('is none where there is nothing to learn', () => {
    const size = { height: 40, width: 40 };
    const image = { ...size, bits: 8, data: new Uint8Array(1600) } as const;
    const speck = emptyMask(size);
    speck.data[700] = 1;
    const everything = { ...size, data: new Uint8Array(1600).fill(1) };
    for (const objects of [[], [speck], [everything]]) {
      expect(prepareImage(createRng(1), { image, objects }, config, 2, 'any')).toBeUndefined();
    }
  });
});

describe('prompts', () => {
  const images = views(40);
  const rng = createRng(5);
  const fits = ({ points, box }: TrainingPrompt): boolean => tokenPlaces(points, box).length <= MOST_TOKENS;

  it('begin with boxes near the true ones and points inside', () => {
    const first = images.flatMap(({ objects }) =>
      objects.map((object) => ({ object, prompt: firstPrompt(rng, object) })),
    );
    expect(first.some(({ prompt }) => prompt.box === undefined)).toBe(true);
    expect(first.filter(({ prompt }) => prompt.points.length === 0).length).toBeGreaterThan(first.length / 2);
    for (const { object, prompt } of first) {
      expect(prompt.box !== undefined || prompt.points.length === 1).toBe(true);
      for (const { xy, positive } of prompt.points) {
        expect(positive).toBe(true);
        expect(object.target[cellOf(xy)]).toBeGreaterThan(0);
      }
      if (prompt.box === undefined || prompt.mask) continue;
      const [x0, , x1] = object.box;
      expect(Math.abs(prompt.box[0] - x0)).toBeLessThanOrEqual(0.2 * (x1 - x0) + 1e-6);
      expect(prompt.box.every((edge) => edge >= 0 && edge < SIZE)).toBe(true);
    }
  });

  it('begin with rough masks too, that are near the object and in their box', () => {
    const sketches = images.flatMap(({ objects }) =>
      objects.map((object) => ({ object, rough: sketch(rng, object)! })),
    );
    let overlaps = 0;
    for (const { object, rough } of sketches) {
      const drawn = rough.mask.map((logit) => Number(logit > 0));
      const truth = object.target.map((share) => Number(share >= 128));
      const common = drawn.reduce((sum, value, cell) => sum + value * truth[cell]!, 0);
      overlaps += (2 * common) / (drawn.reduce((a, b) => a + b, 0) + truth.reduce((a, b) => a + b, 0));
      const cells = { height: SIDE, width: SIDE, data: Uint8Array.from(drawn) };
      const [x0, y0, x1, y1] = maskBox(cells)!;
      expect(rough.box).toEqual([4 * x0, 4 * y0, 4 * x1 + 3, 4 * y1 + 3]);
    }
    expect(overlaps / sketches.length).toBeGreaterThan(0.75);
    expect(overlaps / sketches.length).toBeLessThan(0.97);
    expect(images.some(({ objects }) => objects.some((object) => firstPrompt(rng, object).mask))).toBe(true);
  });

  it('go on where the answer is wrong, and never say what is not so', () => {
    for (const { objects } of images) {
      let prompt = firstPrompt(rng, objects[0]!);
      const { target } = objects[0]!;
      // Everything is claimed but the right half of the object.
      const logits = Float32Array.from(target, (_, cell) => (cell % SIDE < SIDE / 2 ? 1 : -1));
      for (let round = 1; round < 12; round++) {
        const before = prompt;
        prompt = nextPrompt(rng, objects, 0, before, logits);
        expect(fits(prompt)).toBe(true);
        expect(prompt.box === undefined || prompt.box === before.box).toBe(true);
        expect(prompt.mask === undefined || prompt.mask === logits).toBe(true);
        const added = prompt.points.filter((point) => !before.points.includes(point));
        expect(added.length).toBeGreaterThan(0);
        for (const { xy, positive } of added) {
          expect(target[cellOf(xy)]! > (positive ? 0 : -1)).toBe(true);
          if (!positive) expect(target[cellOf(xy)]).toBeLessThan(128);
        }
      }
    }
  });
});

describe('episodes', () => {
  const size = { images: 3, prompts: 2, tokens: MOST_TOKENS };
  const frequencies = new Float32Array(config.width).fill(0.5);
  const shown: number[] = [];
  const options = {
    ...{ config, size, frequencies, seed: 1 },
    imageAt: async (index: number) => {
      shown.push(index);
      return {
        ...images[index % images.length]!,
        objects: images[index % images.length]!.objects.slice(0, 2),
      };
    },
  };
  const images = views(12);
  const answer = (step: number): Float32Array =>
    new Float32Array(6 * SIDE * SIDE).fill(step % 2 === 0 ? 1 : -1);

  it('keep each image for some rounds, out of step with each other', async () => {
    const episodes = openEpisodes(options, undefined);
    shown.length = 0;
    const fresh: number[] = [];
    for (let step = 0; step < 7; step++) {
      const before = shown.length;
      await episodes.feeds(step);
      fresh.push(shown.length - before);
      episodes.answer(answer(step));
    }
    expect(fresh).toEqual([3, 1, 1, 1, 1, 1, 1]);
    expect(new Set(shown).size).toBe(shown.length);
    expect(ROUNDS).toBe(3);
  });

  it('go on from a stored state with the same feeds', async () => {
    const whole = openEpisodes(options, undefined);
    for (let step = 0; step < 4; step++) {
      await whole.feeds(step);
      whole.answer(answer(step));
    }
    const stored = JSON.parse(JSON.stringify(whole.state().prompts));
    const resumed = openEpisodes(options, { prompts: stored, logits: answer(3) });
    expect(await resumed.feeds(4)).toEqual(await whole.feeds(4));
  });
});
