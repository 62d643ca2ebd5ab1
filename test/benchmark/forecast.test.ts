import { describe, expect, it } from 'vitest';
import { openCell } from '../../src/benchmark/cell.ts';
import { type Experience, forecast, learn } from '../../src/benchmark/forecast.ts';
import { findMethod } from '../../src/benchmark/methods/index.ts';
import { inOrder, type Work } from '../../src/benchmark/work.ts';
import { bareSetup } from './setup.ts';

const worksOf = (name: string): Work[] => [
  ...inOrder([findMethod(name).masks(openCell(bareSetup(), 5, 1), 'test')]).values(),
];

describe('forecast', () => {
  it('believes the plan of a network until one was timed, then the clock', () => {
    const [network] = worksOf('unet');
    const minutes = network!.kind === 'network' ? network!.planned.minutes : Number.NaN;
    const experience: Experience = new Map();
    expect(forecast(experience, [network!])).toBeCloseTo(60 * minutes);
    learn(experience, network!, 7);
    expect(forecast(experience, [network!, network!])).toBeCloseTo(14);
  });

  it('reckons masks by their images, and each refiner by itself', () => {
    const [, prediction, walk] = worksOf('unet+random-walker') as [Work, Work, Work];
    const sam = worksOf('unet+sam')[2]!;
    const unlabelled = worksOf('random-walker-pseudo-labels')[2]!;
    const experience: Experience = new Map();
    learn(experience, walk, 40);
    expect(forecast(experience, [unlabelled]), 'four images took 40 s, so twenty take').toBeCloseTo(200);
    const before = forecast(experience, [sam]);
    learn(experience, walk, 400);
    expect(forecast(experience, [sam])).toBe(before);
    expect(forecast(experience, [prediction])).toBeGreaterThan(0);
    expect(forecast(experience, [])).toBe(0);
  });
});
