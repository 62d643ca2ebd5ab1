/** @file The promptable models that Packmule knows by name: where their weights are, how large, and their hashes. */
import { nearestName } from '../base/suggest.ts';
import type { Preprocessing } from '../sam/preprocess.ts';

/** A file of a repository on the Hugging Face hub; a Space is named `spaces/owner/name`. */
export interface HubFile {
  readonly repository: string;
  /** A commit, so that what lies there cannot change, or a branch. */
  readonly revision: string;
  readonly path: string;
}

/** An address, or a file on the hub, which has mirrors and a cache of its own. */
export type ModelSource = string | HubFile;

export interface ModelEntry {
  /** As it is written on the command line and in settings. */
  readonly name: string;
  /** Name of the weights file as it is kept. */
  readonly file: string;
  /** Exact size. */
  readonly bytes: number;
  /** Of the whole file, in hex: bytes with another hash are never used, wherever they come from. */
  readonly sha256: string;
  readonly licence: string;
  /** What it is good for, for the list. */
  readonly purpose: string;
  /** How it was trained to see images. */
  readonly preprocessing: Preprocessing;
  /** The same bytes at several places, in the order in which they are tried. */
  readonly sources: readonly ModelSource[];
}

const META = 'https://dl.fbaipublicfiles.com/segment_anything';

/** Copies of Meta's files on the hub, byte for byte. */
const metaCopy = (file: string): HubFile => ({
  repository: 'ybelkada/segment-anything',
  revision: 'main',
  path: `checkpoints/${file}`,
});

/** Refines where no model is named. */
export const DEFAULT_MODEL = 'sam-vit-b';

export const MODELS: readonly ModelEntry[] = [
  {
    name: 'sam-vit-b',
    file: 'sam_vit_b_01ec64.pth',
    bytes: 375_042_383,
    sha256: 'ec2df62732614e57411cdcf32a23ffdf28910380d03139ee0f4fcbe91eb8c912',
    licence: 'Apache-2.0',
    purpose: 'Segment Anything, base: the quickest of the three originals on a CPU; the default',
    preprocessing: 'sam',
    sources: [`${META}/sam_vit_b_01ec64.pth`, metaCopy('sam_vit_b_01ec64.pth')],
  },
  {
    name: 'sam-vit-l',
    file: 'sam_vit_l_0b3195.pth',
    bytes: 1_249_524_607,
    sha256: '3adcc4315b642a4d2101128f611684e8734c41232a17c648ed1693702a49a622',
    licence: 'Apache-2.0',
    purpose: 'Segment Anything, large: nearly as good as the huge one, half its size',
    preprocessing: 'sam',
    sources: [`${META}/sam_vit_l_0b3195.pth`, metaCopy('sam_vit_l_0b3195.pth')],
  },
  {
    name: 'sam-vit-h',
    file: 'sam_vit_h_4b8939.pth',
    bytes: 2_564_550_879,
    sha256: 'a7bf3b02f3ebf1267aba913ff637d9a2d5c33d3173bb679e46d9f338c26f262e',
    licence: 'Apache-2.0',
    purpose: 'Segment Anything, huge: what the paper refines with; slow without a fast machine',
    preprocessing: 'sam',
    sources: [`${META}/sam_vit_h_4b8939.pth`, metaCopy('sam_vit_h_4b8939.pth')],
  },
  {
    // The weights of MedSAM's version 1 (July 2023), which its preprocessing belongs to. wanglab/medsam-vit-base on
    // the hub (May 2023) is the release before, whose decoder alone was trained, on images seen as SAM sees them.
    name: 'medsam-vit-b',
    file: 'medsam_vit_b.pth',
    bytes: 375_049_145,
    sha256: '34b34b78c1d18cb8c6bf84cf9c00e135d6d6c965699f3c0e31ef1bc9dcb5be74',
    licence: 'CC-BY-4.0',
    purpose: 'SAM base trained on medical images, for box prompts alone (refine.preset: medsam)',
    preprocessing: 'medsam',
    sources: [
      'https://zenodo.org/records/10689643/files/medsam_vit_b.pth',
      {
        repository: 'spaces/dennistrujillo/MedSAMTest',
        revision: '2c1bc6a7c8a18a6e72538a8f284f21657b1a7236',
        path: 'medsam_vit_b.pth',
      },
    ],
  },
];

export function findModel(name: string): ModelEntry | undefined {
  return MODELS.find((entry) => entry.name === name);
}

/** The name that was probably meant. */
export function similarModel(name: string): string | undefined {
  return nearestName(
    name,
    MODELS.map((entry) => entry.name),
  );
}
