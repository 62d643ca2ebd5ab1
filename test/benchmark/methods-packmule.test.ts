/** Packmule's own row, and the rows of its Foal. */
import { describe, expect, it } from 'vitest';
import { setModelRole } from '../../src/benchmark/refiners.ts';
import { keyOf, type Refinement, type UNet } from '../../src/benchmark/work.ts';
import { masksOf, N, twoNetworks } from './rows.ts';
import { bareSetup } from './setup.ts';

/** A budget of hours. */
const LONG = 'training.epochs=1000000';

describe('a model that is named', () => {
  it.each([
    ['sam', 'sam'],
    ['foal', 'foal'],
    ['close-up', 'sam'],
    // By default Foal refines what Packmule does, and the model what its rivals do.
    ['foal+close-up', 'sam'],
  ])('is, where the refiner is %s, the one of the rows of %s', (refiner, role) => {
    const { config } = bareSetup([`refine.refiner=${refiner}`, 'sam.model=/models/some.pth']);
    expect(setModelRole(config)).toBe(role);
  });
});

describe('adapted-foal-pseudo-labels', () => {
  it('is foal-pseudo-labels but for what Foal has learnt from the labelled images, in a quarter of the budget', () => {
    const pseudoOf = (name: string) => twoNetworks(name)[0].pseudo as Refinement;
    const [learnt, shipped] = ['adapted-foal-pseudo-labels', 'foal-pseudo-labels'].map(pseudoOf);
    expect(learnt!.adapted).toMatchObject({ sort: 'foal', labelled: { count: N }, seed: 1 });
    expect(learnt!.adapted!.share).toBeCloseTo(1 / 4);
    expect(shipped!.adapted).toBeUndefined();
    expect(learnt!.model).toEqual(shipped!.model);
  });
});

describe('packmule', () => {
  it('teaches the final network by refined masks and by the labelled images', () => {
    const [final] = twoNetworks('packmule', ['refine.refiner=random-walker']);
    expect(final).toMatchObject({ labelled: { count: N }, pseudo: { kind: 'refinement' } });
  });

  it('lets the final network go on from the initial one, and begin anew where that is set', () => {
    const set = ['refine.refiner=random-walker'];
    const [final, initial] = twoNetworks('packmule', set);
    expect(keyOf(final.start!)).toBe(keyOf(initial));
    const [anew] = twoNetworks('packmule', [...set, 'final.start=random']);
    expect(anew.start).toBeUndefined();
    expect(keyOf(anew)).not.toBe(keyOf(final));
  });

  it('gives the final network what is set of it alone, in the time that it has anyway', () => {
    const set = ['refine.refiner=random-walker'];
    const [usual, before] = twoNetworks('packmule', set);
    const [fine, initial] = twoNetworks('packmule', [...set, 'final.learningRate=5e-4', 'final.batch=2']);
    expect(fine.planned.settings).toMatchObject({ learningRate: 5e-4, batch: 2 });
    expect(keyOf(initial)).toBe(keyOf(before));
    expect(keyOf(fine.start!)).toBe(keyOf(initial));
    for (const name of ['minutes=90', 'epochs=90', 'patience=9', 'validateEvery=9'])
      expect(keyOf(twoNetworks('packmule', [...set, `final.${name}`])[0]), name).toBe(keyOf(usual));

    // One that costs more has fewer epochs, and one of another architecture begins anew.
    const [wide] = twoNetworks('packmule', [...set, 'training.epochs=80', 'final.base=8']);
    const [narrow] = twoNetworks('packmule', [...set, 'training.epochs=80']);
    expect(wide.planned.plan.architecture).not.toEqual(narrow.planned.plan.architecture);
    expect(wide.planned.settings.epochs).toBeLessThan(narrow.planned.settings.epochs);
    expect(wide.planned.minutes / narrow.planned.minutes).toBeCloseTo(1, 1);
    expect(wide.start).toBeUndefined();
  });

  it('redraws what the final network finds, by the same outlines as the pseudo labels', () => {
    const last = masksOf('packmule', ['refine.refiner=close-up']) as Refinement;
    const final = last.prediction.network as UNet;
    expect(last.kind).toBe('refinement');
    expect(final.pseudo).toMatchObject({ kind: 'refinement', settings: { refiner: 'close-up' } });
    expect(keyOf(last.closeUp!)).toBe(keyOf((final.pseudo as Refinement).closeUp!));
  });

  it('redraws by default with a Foal and by outlines that the labelled images of the cell taught', () => {
    const last = masksOf('packmule', ['refine.refiner=foal+close-up', LONG]) as Refinement;
    const { adapted, closeUp, prediction } = last;
    expect(adapted).toMatchObject({ sort: 'foal', labelled: { count: N }, model: { key: 'key of foal' } });
    expect(closeUp).toMatchObject({ sort: 'close-up', labelled: { count: N } });
    const network = prediction.network as UNet;
    const pseudo = network.pseudo as Refinement;
    expect(keyOf(pseudo.adapted!)).toBe(keyOf(adapted!));
    const shares = [adapted!, closeUp!, network, pseudo.prediction.network].map(({ share }) => share);
    [1 / 6, 1 / 6, 1 / 3, 1 / 3].forEach((share, k) => {
      expect(shares[k]).toBeCloseTo(share);
    });
  });

  it('is that of Foal alone where the budget is too short for outlines beside it', () => {
    const [both, foal] = ['foal+close-up', 'foal'].map((refiner) =>
      masksOf('packmule', [`refine.refiner=${refiner}`]),
    );
    expect(keyOf(both!)).toBe(keyOf(foal!));
    const outlines = masksOf('packmule', ['refine.refiner=close-up']) as Refinement;
    expect(outlines.closeUp!.share).toBeCloseTo(1 / 4);
  });

  it('lets Foal learn for its part of the budget, whatever steps are set, unless that is none', () => {
    const of = (steps: number) =>
      masksOf('packmule', ['refine.refiner=foal', `refine.adaptSteps=${steps}`]) as Refinement;
    expect(keyOf(of(7))).toBe(keyOf(of(800)));
    expect(of(7).adapted!.share).toBeCloseTo(1 / 4);
    expect(of(0).adapted).toBeUndefined();
    expect(of(0).prediction.network.share).toBeCloseTo(1 / 2);
  });

  it('follows the settings of a run', () => {
    const [final] = twoNetworks('packmule', ['final.samples=pseudo', 'refine.refiner=none']);
    expect(final).toMatchObject({ labelled: { count: 0 }, pseudo: { settings: { refiner: 'none' } } });
  });
});
