/** Each row of the table: what it is made of, and that it is nothing else. */
import { describe, expect, it } from 'vitest';
import { type Method, openCell } from '../../src/benchmark/cell.ts';
import { findMethod, METHODS } from '../../src/benchmark/methods/index.ts';
import {
  inOrder,
  keyOf,
  type Masks,
  type Prediction,
  type Refinement,
  type Training,
  type UNet,
} from '../../src/benchmark/work.ts';
import { masksOf, N, networksOf, twoNetworks } from './rows.ts';
import { bareSetup, COUNTS } from './setup.ts';

const unet = (): UNet => (masksOf('unet') as Prediction).network as UNet;

describe('every method', () => {
  const named = METHODS.map((method): [string, Method] => [method.name, method]);

  it.each(named)('%s spends the budget of a cell, no more and no less, and `initial` half of it', (name) => {
    const networks = networksOf(masksOf(name));
    expect(networks.reduce((sum, { share }) => sum + share, 0)).toBeCloseTo(name === 'initial' ? 1 / 2 : 1);
    // Outlines and Foal are learnt in steps of their own.
    const masking = networks.filter(({ sort }) => sort !== 'close-up' && sort !== 'foal');
    const sum = (of: (network: Training) => number): number =>
      masking.reduce((total, network) => total + of(network), 0);
    const whole = sum(({ planned }) => planned.minutes) / sum(({ share }) => share);
    // In whole epochs.
    for (const { share, planned } of masking) {
      const { minutes, settings } = planned as UNet['planned'];
      expect(Math.abs(minutes - share * whole)).toBeLessThan(minutes / settings.epochs);
    }
  });

  it.each(named)('%s is made from labelled and unlabelled images alone', (name) => {
    for (const split of ['val', 'test'] as const) {
      const answer = findMethod(name).masks(openCell(bareSetup(), N, 1), split);
      for (const { pseudo } of networksOf(answer)) {
        if (pseudo === undefined) continue;
        expect((pseudo.kind === 'prediction' ? pseudo : pseudo.prediction).split).toBe('unlabelled');
      }
    }
  });

  it.each(named)('%s learns other things from other seeds', (name) => {
    expect(keyOf(masksOf(name, [], N, 2))).not.toBe(keyOf(masksOf(name, [], N, 1)));
  });

  it.each(named)('%s has the same networks for val and test', (name) => {
    const cell = openCell(bareSetup(), N, 1);
    const [val, test] = (['val', 'test'] as const).map((split) =>
      networksOf(findMethod(name).masks(cell, split)).map(keyOf),
    );
    expect(val).toEqual(test);
  });

  it('has a name and a title of its own', () => {
    for (const part of ['name', 'title', 'about'] as const)
      expect(new Set(METHODS.map((method) => method[part])).size).toBe(METHODS.length);
  });

  it('is found by its name, and a wrong name brings the nearest', () => {
    expect(findMethod('unet').name).toBe('unet');
    expect(() => findMethod('umet')).toThrow(/no method umet[\s\S]*Did you mean unet\?/);
  });
});

describe('unet', () => {
  it('learns from the labelled images of the cell and nothing else', () => {
    expect(unet()).toMatchObject({ share: 1, labelled: { count: N }, planned: { settings: { epochs: 8 } } });
    expect(unet().pseudo).toBeUndefined();
  });
});

describe('fully-supervised', () => {
  it('learns from all labelled images, the same network whatever the cell has', () => {
    const keys = COUNTS.map((n) => keyOf(masksOf('fully-supervised', [], n)));
    expect(new Set(keys).size).toBe(1);
    expect(networksOf(masksOf('fully-supervised'))[0]).toMatchObject({ labelled: { count: 9 } });
    expect(keyOf(masksOf('unet', [], 9)), 'which with all labels is the U-Net').toBe(keys[0]);
  });
});

describe.each([
  ['unet+random-walker', 'random-walker', undefined],
  ['unet+foal', 'foal', 'key of foal'],
  ['unet+sam', 'sam', 'key of sam'],
  ['unet+medsam', 'sam', 'key of medsam'],
])('%s', (name, refiner, model) => {
  it("redraws the U-Net's own masks of the image that is measured, and trains nothing", () => {
    const answer = masksOf(name) as Refinement;
    expect(answer).toMatchObject({
      kind: 'refinement',
      settings: { refiner },
      prediction: { split: 'test' },
    });
    expect(answer.model?.key).toBe(model);
    expect(keyOf(answer.prediction)).toBe(keyOf(masksOf('unet')));
  });
});

describe('unet+close-up', () => {
  it('redraws what a U-Net of three quarters of the budget finds by outlines that the labelled images taught', () => {
    const { prediction, closeUp } = masksOf('unet+close-up') as Refinement;
    expect(prediction).toMatchObject({ split: 'test', network: { labelled: { count: N } } });
    expect(prediction.network.share).toBeCloseTo(3 / 4);
    expect(closeUp).toMatchObject({ sort: 'close-up', labelled: { count: N } });
    expect(closeUp!.share).toBeCloseTo(1 / 4);
  });
});

describe('the atlas', () => {
  const isSettled = (masks: Masks): boolean =>
    [...inOrder([masks]).values()].some((work) => work.kind === 'prediction' && work.atlas !== undefined);

  it('of the labelled images of the cell alone settles the masks of a U-Net that has the whole budget', () => {
    const answer = masksOf('unet+atlas') as Refinement;
    expect(answer).toMatchObject({
      settings: { refiner: 'none' },
      prediction: { split: 'test', atlas: { count: N }, network: { labelled: { count: N } } },
    });
    expect(keyOf(answer.prediction.network)).toBe(keyOf(unet()));
  });

  it.each(['unet+atlas+close-up', 'self-training+atlas+close-up'])('is all that %s adds', (name) => {
    const [settled, plain] = [name, name.replace('+atlas', '')].map((row) => masksOf(row) as Refinement);
    expect(settled!.prediction.atlas).toMatchObject({ count: N });
    expect(plain!.prediction.atlas).toBeUndefined();
    expect(keyOf(settled!.prediction.network)).toBe(keyOf(plain!.prediction.network));
    expect(keyOf(settled!.closeUp!)).toBe(keyOf(plain!.closeUp!));
  });

  it('is in no row but ours, and in none where classes overlap', () => {
    const settled = (set: readonly string[] = []) =>
      METHODS.map(({ name }) => name).filter((name) => isSettled(masksOf(name, set)));
    expect(settled()).toEqual([
      'packmule',
      'unet+atlas',
      'unet+atlas+close-up',
      'self-training+atlas+close-up',
    ]);
    expect(settled(['training.head=overlapping'])).toEqual([]);
    expect(settled(['refine.atlas=false'])).not.toContain('packmule');
  });

  it('is in ours only where it suits the labelled images', () => {
    expect([N, 9].map((labelled) => isSettled(masksOf('packmule', [], labelled)))).toEqual([true, false]);
    expect([N, 9].map((labelled) => isSettled(masksOf('unet+atlas', [], labelled)))).toEqual([true, true]);
  });
});

describe('raw-pseudo-labels', () => {
  it('teaches the final network by unrefined masks', () => {
    const [final, before] = twoNetworks('raw-pseudo-labels');
    expect(final).toMatchObject({ pseudo: { kind: 'prediction', split: 'unlabelled' } });
    expect(keyOf(before)).toBe(keyOf((masksOf('initial') as Prediction).network));
  });
});

describe.each([
  ['close-up-pseudo-labels', 'close-up', undefined],
  ['random-walker-pseudo-labels', 'random-walker', undefined],
  ['foal-pseudo-labels', 'foal', 'key of foal'],
  ['adapted-foal-pseudo-labels', 'foal', 'key of foal'],
  ['sam-pseudo-labels', 'sam', 'key of sam'],
  ['sam-pseudo-labels-on', 'sam', 'key of sam'],
  ['medsam-pseudo-labels', 'sam', 'key of medsam'],
  ['paper', 'sam', 'key of sam'],
])('%s', (name, refiner, model) => {
  it('teaches the final network by refined masks', () => {
    const pseudo = twoNetworks(name)[0].pseudo as Refinement;
    expect(pseudo).toMatchObject({ settings: { refiner }, prediction: { split: 'unlabelled' } });
    expect(pseudo.model?.key).toBe(model);
  });
});

describe.each([
  'raw-pseudo-labels',
  'close-up-pseudo-labels',
  'random-walker-pseudo-labels',
  'foal-pseudo-labels',
  'adapted-foal-pseudo-labels',
  'sam-pseudo-labels-on',
])('the final network of %s', (name) => {
  it('is that of packmule: it goes on from the initial one, and learns from the labelled images too', () => {
    const [final, before] = twoNetworks(name);
    expect(keyOf(final.start!)).toBe(keyOf(before));
    expect(final.labelled.count).toBe(N);
  });

  it('follows what is set of it', () => {
    const [anew] = twoNetworks(name, ['final.start=random', 'final.samples=pseudo', 'final.batch=2']);
    expect(anew.start).toBeUndefined();
    expect(anew).toMatchObject({ labelled: { count: 0 }, planned: { settings: { batch: 2 } } });
  });
});

describe.each(['sam-pseudo-labels', 'medsam-pseudo-labels', 'paper'])('the final network of %s', (name) => {
  it('is that of the paper, whatever is set: it begins anew, and learns from masks alone', () => {
    const [final] = twoNetworks(name, ['final.batch=2']);
    expect(final.start).toBeUndefined();
    expect(final).toMatchObject({ labelled: { count: 0 } });
    expect(keyOf(final)).toBe(keyOf(twoNetworks(name)[0]));
  });
});

describe('sam-pseudo-labels-on', () => {
  it('has the masks of sam-pseudo-labels', () => {
    const [usual, on] = ['sam-pseudo-labels', 'sam-pseudo-labels-on'].map((name) => twoNetworks(name)[0]);
    expect(keyOf(on!.pseudo!)).toBe(keyOf(usual!.pseudo!));
  });
});

describe('medsam', () => {
  it.each(['unet+medsam', 'medsam-pseudo-labels'])('is prompted by a box alone in %s, once', (name) => {
    const works = [...inOrder([masksOf(name)]).values()];
    const { settings } = works.find((work) => work.kind === 'refinement')!;
    expect(settings.passes).toEqual([{ box: true, points: 'none', mask: false }]);
  });
});

describe('foal', () => {
  it('is shown masks with their boxes, whatever other refiners are asked', () => {
    for (const set of [[], ['refine.refiner=sam'], ['refine.refiner=foal']]) {
      const { settings } = masksOf('unet+foal', set) as Refinement;
      expect(settings).toMatchObject({
        passes: [{ box: true, mask: true }],
        morphology: { operation: 'none' },
      });
    }
  });

  it('and the others take what the user has set for them', () => {
    const own = ['refine.refiner=sam', 'refine.candidates=best-of-three'];
    const candidatesOf = (name: string) => (masksOf(name, own) as Refinement).settings.candidates;
    expect([candidatesOf('unet+sam'), candidatesOf('unet+foal')]).toEqual(['best-of-three', 'single']);
  });
});

describe('paper', () => {
  it("is the paper's to the letter in both networks and in refinement, whatever is set", () => {
    const set = ['refine.morphology.radius=1', 'refine.candidates=best-of-three', 'training.base=4'];
    const networks = twoNetworks('paper', set);
    for (const { planned } of networks) {
      expect(planned).toMatchObject({
        plan: { architecture: { base: 64, levels: 5, coordinates: false }, head: 'overlapping' },
        settings: { loss: 'weighted-bce', batch: 16, schedule: 'cosine', weightDecay: 0 },
      });
    }
    const { settings } = networks[0].pseudo as Refinement;
    expect(settings).toMatchObject({ candidates: 'single', morphology: { radius: 8 } });
  });

  it('has the minutes of the others, not its 350 epochs', () => {
    const set = ['training.epochs=null', 'training.minutes=60'];
    for (const name of ['paper', 'unet', 'packmule']) {
      const minutes = networksOf(masksOf(name, set)).map(({ planned }) => planned.minutes);
      expect(Math.abs(minutes.reduce((a, b) => a + b) - 60), name).toBeLessThan(3);
    }
  });
});

describe('frozen-encoder+lr-aspp', () => {
  const name = 'frozen-encoder+lr-aspp';

  it("trains a head on the features of the labelled images for a U-Net's minutes, and nothing else", () => {
    const [network, ...others] = networksOf(masksOf(name));
    expect(others).toEqual([]);
    expect(network).toMatchObject({
      sort: 'head',
      labelled: { count: N },
      planned: { minutes: unet().planned.minutes, plan: { classes: ['a', 'b'] } },
    });
    expect(network!.pseudo).toBeUndefined();
    expect(masksOf(name).kind, 'unrefined').toBe('prediction');
  });

  it.each([
    [[], 'foal'],
    [['refine.refiner=sam'], 'sam'],
    [['refine.refiner=sam', 'refine.preset=medsam'], 'medsam'],
  ])('with %j has the encoder of %s', (set, role) => {
    const model = { role, key: `key of ${role}` };
    expect(networksOf(masksOf(name, set))[0]).toMatchObject({ model });
  });
});

describe('nnunet', () => {
  it("plans by itself, for the labelled images and a U-Net's minutes", () => {
    const [network, ...others] = networksOf(masksOf('nnunet'));
    expect(others).toEqual([]);
    expect(network).toMatchObject({
      sort: 'nnunet',
      labelled: { count: N },
      planned: {
        minutes: unet().planned.minutes,
        plan: { head: 'exclusive', classes: ['a', 'b'], networks: 1 },
        settings: { schedule: 'poly', learningRate: 0.01 },
      },
    });
  });

  it('has folds where there are minutes for them', () => {
    const [network] = networksOf(masksOf('nnunet', ['training.epochs=null', 'training.minutes=50']));
    expect(network).toMatchObject({ planned: { plan: { networks: 5 } } });
  });
});

describe('mean teachers', () => {
  it.each([
    ['mean-teacher', 'probabilities', 0.4],
    ['mean-teacher-logits', 'logits', 0],
  ])('%s goes on from a U-Net of half of the budget, by %s, rising over %d', (name, compare, rampUp) => {
    const network = (masksOf(name) as Prediction).network as UNet;
    expect(network).toMatchObject({
      share: 0.5,
      labelled: { count: N },
      unlabelled: { fingerprint: 'unlabelled' },
      planned: { settings: { consistency: { compare, rampUp }, averageDecay: 0.996 } },
    });
    // That of all rows with pseudo labels of our recipe.
    expect(keyOf(network.start!)).toBe(keyOf(twoNetworks('raw-pseudo-labels')[1]));
  });

  it.each([['self-training', 'labels', 0.4]])(
    '%s learns from unlabelled images without masks, by %s, rising over %d',
    (name, compare, rampUp) => {
      const [network, ...others] = networksOf(masksOf(name));
      expect(others).toEqual([]);
      expect(network).toMatchObject({
        labelled: { count: N },
        unlabelled: { fingerprint: 'unlabelled' },
        planned: { settings: { consistency: { compare, rampUp }, averageDecay: 0.996 } },
      });
      expect(network!.pseudo).toBeUndefined();
      expect(unet().unlabelled).toBeUndefined();
    },
  );

  it('self-training+close-up redraws what such a network of three quarters of the budget finds', () => {
    const { prediction, closeUp } = masksOf('self-training+close-up') as Refinement;
    expect(prediction.network).toMatchObject({
      unlabelled: { fingerprint: 'unlabelled' },
      planned: { settings: { consistency: { compare: 'labels' } } },
    });
    expect(prediction.network.share).toBeCloseTo(3 / 4);
    expect(closeUp).toMatchObject({ sort: 'close-up', labelled: { count: N } });
  });

  it('mean-teacher+selection learns from labels, from refined masks that agree, and from all unlabelled images', () => {
    const [final, initial] = twoNetworks('mean-teacher+selection');
    for (const network of [final, initial]) {
      expect(network).toMatchObject({ planned: { settings: { consistency: { compare: 'probabilities' } } } });
      expect(network.start).toMatchObject({ labelled: { count: N }, share: 1 / 3 });
    }
    expect(final).toMatchObject({
      labelled: { count: N },
      unlabelled: { fingerprint: 'unlabelled' },
      pseudo: { kind: 'refinement', prediction: { split: 'unlabelled' } },
      agreement: 0.65,
    });
    expect(initial.agreement).toBeUndefined();
  });
});

describe('works that methods share', () => {
  it('are one: the initial network and its masks teach all methods with pseudo labels of our recipe', () => {
    const initial = [
      'foal-pseudo-labels',
      'raw-pseudo-labels',
      'random-walker-pseudo-labels',
      'sam-pseudo-labels',
    ].map((name) => keyOf(twoNetworks(name)[1]));
    expect(new Set(initial).size).toBe(1);
    expect(initial[0]).not.toBe(keyOf(twoNetworks('paper')[1]));
  });

  it('are others for other numbers of labels, refiners and models', () => {
    const keys = [
      ...COUNTS.map((n) => keyOf(masksOf('unet', [], n))),
      ...['unet+random-walker', 'unet+sam', 'unet+medsam'].map((name) => keyOf(masksOf(name))),
      keyOf(masksOf('unet+random-walker', ['refine.randomWalker.sigma=9'])),
    ];
    expect(new Set(keys).size).toBe(keys.length);
  });

  it('come after what they are made from', () => {
    const order = [...inOrder([masksOf('sam-pseudo-labels')]).values()].map(({ kind }) => kind);
    expect(order).toEqual(['network', 'prediction', 'refinement', 'network', 'prediction']);
  });
});
