import { describe, expect, it } from 'vitest';
import { describeFoal, foalPlan, planFoal, stepsToLearn } from '../../src/adapt/plan.ts';

describe('how long a model learns', () => {
  it('is as many steps as are set, else what a third of the minutes of a network holds, to a limit', () => {
    expect(stepsToLearn({ adaptSteps: 7 }, 1)).toBe(7);
    expect(stepsToLearn({}, 1)).toBe(planFoal(1 / 3).steps);
    expect(stepsToLearn({}, 0.5)).toBeLessThan(stepsToLearn({}, 1));
    expect([stepsToLearn({}, 9), stepsToLearn({}, 90)]).toEqual([240, 240]);
    expect(stepsToLearn({}, 1e-6)).toBe(1);
  });

  it('in minutes holds as many steps as it takes minutes', () => {
    for (const minutes of [0.5, 2.25, 10]) expect(planFoal(minutes).minutes).toBeCloseTo(minutes, 1);
  });

  it('is told with the copies that tell what it gains', () => {
    const { minutes } = foalPlan(240);
    expect(describeFoal(foalPlan(240), 0).text).toMatch(
      /^learns from the labelled images in 240 steps at most, about/,
    );
    expect(describeFoal(foalPlan(240), 1).text).toContain(
      `a copy to see what that gains, about ${2 * minutes} minutes`,
    );
    expect(describeFoal(foalPlan(240), 3).text).toContain(
      `3 copies to see what that gains, about ${4 * minutes} minutes`,
    );
  });
});
