/** @file What the works that are left will write, in bytes. */
import { embeddingBytes, maskBytes, networkBytes, trainingBytes } from '../pipeline/disk.ts';
import { type AskedModel, type Images, inOrder, type Network, type Work } from './work.ts';

/** A network that is no U-Net of ours. */
const OTHER_NETWORK = 100e6;
/** Tables, curves and cells. */
const OUTPUTS = 50e6;

/** At most, where so many works are done at once; `classes` is how many masks an image has. */
export function neededBytes(works: readonly Work[], classes: number, jobs: number): number {
  const networks = works.filter((work) => work.kind === 'network');
  const training = Math.max(0, ...networks.map((work) => bytesOf(work, trainingBytes)));
  const kept = works.reduce((sum, work) => sum + keptBytes(work, classes), 0);
  return OUTPUTS + jobs * training + embeddings(works) + kept;
}

function keptBytes(work: Work, classes: number): number {
  switch (work.kind) {
    case 'network':
      return bytesOf(work, networkBytes);
    case 'prediction':
      return 2 * maskBytes(work.images.count, classes);
    case 'refinement':
      return maskBytes(work.prediction.images.count, classes);
  }
}

function bytesOf(
  work: Network,
  ofUnet: (planned: Extract<Network, { sort?: undefined }>['planned']) => number,
): number {
  return work.sort === undefined ? ofUnet(work.planned) : OTHER_NETWORK;
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
