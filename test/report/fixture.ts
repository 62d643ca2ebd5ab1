/** @file A small run for the tests of the report: phantoms, and predictions made by disturbing their true masks. */
import type { AnnotatedImage, AnnotationSet, Structure } from '../../src/annotations/types.ts';
import { createRng, type Rng } from '../../src/base/rng.ts';
import { generatePhantom, phantomClassNames } from '../../src/dataset/phantom/generate.ts';
import { evaluateSet } from '../../src/evaluate/summary.ts';
import type { Image } from '../../src/imaging/image.ts';
import { emptyMask, type Mask, maskBox } from '../../src/masks/mask.ts';
import { decodeRle, encodeRle } from '../../src/masks/rle.ts';
import type { PromptMarks, ReportData, Stage, TrainingCurve, TrustReport } from '../../src/report/data.ts';
import { createGalleryCase, worstImages } from '../../src/report/gallery.ts';
import { reliabilityOf } from '../../src/trust/reliability.ts';

interface Disturbance {
  /** Largest shift in px. */
  readonly shift: number;
  /** Share of structures that are lost, and of images in which the last class is drawn although it is absent. */
  readonly lost: number;
}

const DISTURBANCES: Readonly<Record<Stage, Disturbance>> = {
  initial: { shift: 7, lost: 0.05 },
  refined: { shift: 7, lost: 0.04 },
  final: { shift: 3, lost: 0.02 },
  finalRefined: { shift: 2, lost: 0.02 },
};

export interface FixtureOptions {
  readonly classes: readonly string[];
  readonly images: number;
  readonly cases: number;
}

/** A full report with val, test and gallery. */
export async function reportFixture(
  { classes, images, cases }: FixtureOptions = { classes: phantomClassNames(17), images: 6, cases: 3 },
): Promise<ReportData> {
  const test = phantomSet(classes, images, 'test');
  const val = phantomSet(classes, images, 'val');
  const predicted = (set: AnnotationSet, stage: Stage): AnnotationSet => disturbedSet(set, stage);
  const results = [val, test].flatMap((split) =>
    (['initial', 'refined', 'final', 'finalRefined'] as const)
      .filter((stage) => split === test || stage !== 'refined')
      .map((stage) => ({
        split: split.name,
        stage,
        evaluation: evaluateSet(split.truth, predicted(split.truth, stage), { surface: {} }),
      })),
  );
  const final = results.at(-1)!.evaluation;
  const gallery = await Promise.all(
    worstImages(final, cases).map((fileName, i) => {
      const at = test.truth.images.findIndex((image) => image.fileName === fileName);
      const of = (stage: Stage): readonly Structure[] => predicted(test.truth, stage).images[at]!.structures;
      return createGalleryCase({
        image: test.pictures[at]!,
        fileName,
        split: 'test',
        classes,
        truth: test.truth.images[at]!.structures,
        initial: of('initial'),
        ...(i !== 1 && { refined: of('refined'), prompts: promptsOf(of('initial')) }),
        final: of('final'),
        finalRefined: of('finalRefined'),
      });
    }),
  );
  return {
    title: 'phantom-hands',
    subtitle: `${classes.length} bones on phantom radiographs of the hand: 6 labelled, 24 unlabelled, ${images} to validate, ${images} to test`,
    date: '2 March 2025',
    packmuleVersion: '0.1.0',
    facts: [
      { name: 'Labelled images', value: '6' },
      { name: 'Unlabelled images', value: '24' },
      { name: 'Classes', value: String(classes.length) },
      { name: 'Refiner', value: 'random walker' },
      { name: 'Whole run', value: '23.4 min' },
    ],
    results,
    curves: [curve('initial', 60, 11.2, 0.74), curve('final', 60, 12.1, 0.83)],
    refinedScores: { label: 'Agreement with the initial mask (Dice)', scores: scores(400), threshold: 0.65 },
    trust: trustFixture(classes),
    gallery: {
      note: `The ${cases} test images with the lowest Dice (final, refined), worst first`,
      cases: gallery,
    },
    tables: [
      {
        title: 'Settings',
        rows: [
          { name: 'preset', value: 'laptop' },
          { name: 'base width', value: '16' },
          { name: 'input', value: '192 x 112' },
          { name: 'seed', value: '42' },
        ],
      },
      { title: 'Versions', rows: [{ name: 'packmule', value: '0.1.0' }] },
      {
        title: 'Data',
        rows: [
          { name: 'fingerprint', value: '9f2c0d1b6a8e47c3b5d0e1f2a3948576c8b7a6f5e4d3c2b1a09f8e7d6c5b4a39' },
        ],
      },
    ],
    warnings: ['3 masks had no prompt, because other classes cover them wholly: capitate (2), lunate (1).'],
  };
}

interface PhantomSet {
  readonly name: string;
  readonly pictures: readonly Image[];
  readonly truth: AnnotationSet;
}

function phantomSet(classes: readonly string[], count: number, name: string): PhantomSet & AnnotationSet {
  const phantoms = Array.from({ length: count }, (_, index) =>
    generatePhantom({ seed: name.length, index, classes: classes.length, size: { height: 384, width: 288 } }),
  );
  const images = phantoms.map(
    ({ image, structures }, i): AnnotatedImage => ({
      fileName: `${name}-${String(i).padStart(2, '0')}.png`,
      height: image.height,
      width: image.width,
      // The last class is left out of every third image, so that predictions can invent it.
      structures: structures
        .filter((structure) => i % 3 !== 0 || structure.classIndex < classes.length - 1)
        .map(({ classIndex, mask }) => ({ classIndex, rle: encodeRle(mask) })),
    }),
  );
  const truth = { classes, images };
  return { name, pictures: phantoms.map((phantom) => phantom.image), truth, ...truth };
}

function disturbedSet(truth: AnnotationSet, stage: Stage): AnnotationSet {
  const { shift, lost } = DISTURBANCES[stage];
  const images = truth.images.map((image, i) => {
    const rng = createRng(i + 1).child(stage);
    const structures = image.structures.flatMap((structure): Structure[] => {
      const moved = shifted(decodeRle(structure.rle), rng, shift);
      return rng.uniform() < lost ? [] : [{ classIndex: structure.classIndex, rle: encodeRle(moved) }];
    });
    const last = truth.classes.length - 1;
    const source = image.structures[0];
    if (i % 3 === 0 && source && !stage.startsWith('final')) {
      structures.push({ classIndex: last, rle: encodeRle(shifted(decodeRle(source.rle), rng, 40)) });
    }
    return { ...image, structures };
  });
  return { classes: truth.classes, images };
}

function shifted(mask: Mask, rng: Rng, most: number): Mask {
  const [dx, dy] = [Math.round(rng.between(-most, most)), Math.round(rng.between(-most, most))];
  const out = emptyMask(mask);
  for (let y = 0; y < mask.height; y++) {
    for (let x = 0; x < mask.width; x++) {
      const [sx, sy] = [x - dx, y - dy];
      if (sx < 0 || sy < 0 || sx >= mask.width || sy >= mask.height) continue;
      out.data[y * mask.width + x] = mask.data[sy * mask.width + sx]!;
    }
  }
  return out;
}

function promptsOf(structures: readonly Structure[]): PromptMarks[] {
  const boxes = structures.flatMap(({ classIndex, rle }) => {
    const box = maskBox(decodeRle(rle));
    return box === undefined ? [] : [{ classIndex, box }];
  });
  const centres = boxes.map(
    ({ box: [x0, y0, x1, y1] }) => [Math.round((x0 + x1) / 2), Math.round((y0 + y1) / 2)] as const,
  );
  return boxes.map(({ classIndex, box }, i) => ({
    classIndex,
    box,
    positive: [centres[i]!],
    negative: [...centres.filter((_, j) => j !== i), [20, 30] as const],
  }));
}

function curve(stage: 'initial' | 'final', epochs: number, minutes: number, best: number): TrainingCurve {
  const rng = createRng(epochs).child(stage);
  const points = Array.from({ length: epochs }, (_, i) => {
    const done = (i + 1) / epochs;
    const loss = 2.4 * Math.exp(-4 * done) + 0.35 + 0.05 * rng.normal() * (1 - done);
    const valDice = best * (1 - Math.exp(-5 * done)) + 0.01 * rng.normal();
    return { epoch: i + 1, minutes: minutes * done, loss, ...(i % 3 === 2 && { valDice }) };
  });
  return { stage, points };
}

/** Trust that is calibrated on labelled images and a little too high on val and test. */
function trustFixture(classes: readonly string[]): TrustReport {
  const judged = (split: string, count: number, bias: number) => {
    const rng = createRng(count).child(split);
    return Array.from({ length: count }, () => {
      const trust = Math.min(1, Math.max(0, 0.85 - 0.35 * rng.uniform() ** 2 + 0.08 * rng.normal()));
      return { trust, dice: Math.min(1, Math.max(0, trust - bias + 0.08 * rng.normal())) };
    });
  };
  const measured = (
    [
      ['labelled', 540, 0],
      ['val', 260, 0.02],
      ['test', 410, 0.04],
    ] as const
  ).map(([split, count, bias]) => ({ split, reliability: reliabilityOf(judged(split, count, bias)) }));
  return {
    calibration: {
      masks: 540,
      images: 45,
      weights: [
        { name: 'confidence', weight: 0.42 },
        { name: 'placeDeviation', weight: -0.55 },
        { name: 'agreement', weight: 0.11 },
      ],
    },
    measured,
    pool: judged('pool', 900, 0).map(({ trust }) => trust),
    least: [{ fileName: 'unlabelled-07.png', className: classes[0]!, trust: 0.12 }],
  };
}

function scores(count: number): number[] {
  const rng = createRng(9);
  return Array.from({ length: count }, () => Math.min(1, Math.max(0, 0.88 + 0.09 * rng.normal())));
}
