/** @file What the works that are left will write, in bytes. */
import { weightCount } from '../nnunet/topology.ts';
import {
  CLOSE_UP_WEIGHTS,
  embeddingBytes,
  FOAL_WEIGHTS,
  maskBytes,
  networkBytes,
  trainingBytes,
  weightsOf,
} from '../pipeline/disk.ts';
import { type AskedModel, type Images, inOrder, type Training, type Work } from './work.ts';

/** More than a head on frozen features has. */
const HEAD_WEIGHTS = 2e6;
/** Tables, curves and cells. */
const OUTPUTS = 50e6;

/** At most, where so many works are done at once; `classes` is how many masks an image has. */
export function neededBytes(works: readonly Work[], classes: number, jobs: number): number {
  const networks = works.filter((work) => work.kind === 'network');
  const training = Math.max(0, ...networks.map((work) => trainingBytes(sizeOf(work).weights)));
  const kept = works.reduce((sum, work) => sum + keptBytes(work, classes), 0);
  return OUTPUTS + jobs * training + embeddings(works) + kept;
}

function keptBytes(work: Work, classes: number): number {
  switch (work.kind) {
    case 'network':
      return sizeOf(work).count * networkBytes(sizeOf(work).weights);
    case 'prediction':
      return 2 * maskBytes(work.images.count, classes);
    case 'refinement':
      return maskBytes(work.prediction.images.count, classes);
  }
}

/** How large the networks of a work are, and how many it has, which are trained one after the other. */
function sizeOf(work: Training): { readonly weights: number; readonly count: number } {
  switch (work.sort) {
    case undefined:
      return { weights: weightsOf(work.planned), count: 1 };
    case 'head':
      return { weights: HEAD_WEIGHTS, count: 1 };
    case 'close-up':
      return { weights: CLOSE_UP_WEIGHTS, count: 1 };
    case 'foal':
      return { weights: FOAL_WEIGHTS, count: 1 };
    case 'nnunet':
      return { weights: weightCount(work.planned.plan), count: work.planned.plan.networks };
  }
}

/** Of images that a large model looks at, once each. Foal's are not kept. */
function embeddings(works: readonly Work[]): number {
  const seen = new Map<string, number>();
  for (const work of inOrder(works).values()) {
    const asked = askedFor(work);
    if (asked?.model === undefined || asked.model.role === 'foal') continue;
    seen.set(`${asked.model.key} ${asked.images.fingerprint}`, embeddingBytes(asked.images.count));
  }
  return [...seen.values()].reduce((sum, bytes) => sum + bytes, 0);
}

/** The promptable model that a work asks, if any, and the images that it shows it. */
function askedFor(
  work: Work,
): { readonly model: AskedModel | undefined; readonly images: Images } | undefined {
  switch (work.kind) {
    case 'network':
      return work.sort === 'head' ? { model: work.model, images: work.labelled } : undefined;
    case 'prediction':
      return work.network.sort === 'head' ? { model: work.network.model, images: work.images } : undefined;
    case 'refinement':
      return { model: work.model, images: work.prediction.images };
  }
}
