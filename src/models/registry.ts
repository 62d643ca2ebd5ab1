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
  /** The same bytes at several places, in the order in which they are tried; none for a model that is shipped. */
  readonly sources: readonly ModelSource[];
  /** It comes with the package, in its folder `weights`. */
  readonly isShipped?: true;
}

const META = 'https://dl.fbaipublicfiles.com/segment_anything';

/** Copies of Meta's files on the hub, byte for byte. */
const metaCopy = (file: string): HubFile => ({
  repository: 'ybelkada/segment-anything',
  revision: 'main',
  path: `checkpoints/${file}`,
});

/** SAM-HQ as its authors keep it on the hub, by the commit that brought the file. */
const highQuality = (size: 'b' | 'l' | 'h' | 'tiny', revision: string): HubFile => ({
  repository: 'lkeab/hq-sam',
  revision,
  path: `sam_hq_vit_${size}.pth`,
});

/** What the refiner sam uses where no model is named, and what the refiner foal uses. */
export const DEFAULT_MODEL = 'sam-vit-b';
export const SHIPPED_MODEL = 'foal';

export const MODELS: readonly ModelEntry[] = [
  {
    name: SHIPPED_MODEL,
    file: 'foal.safetensors',
    bytes: 7_184_760,
    sha256: 'eb195616305a856bfa3f49f1656c28664cec29dab183c13e6f5b3557d550180b',
    licence: 'Apache-2.0',
    purpose: "Packmule's own small Segment Anything, for --refiner foal, which adapts it to your images",
    preprocessing: 'sam',
    sources: [],
    isShipped: true,
  },
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
  {
    name: 'mobile-sam',
    file: 'mobile_sam.pt',
    bytes: 40_728_226,
    sha256: '6dbb90523a35330fedd7f1d3dfc66f995213d81b29a5ca8108dbcdd4e37d6c2f',
    licence: 'Apache-2.0',
    purpose: 'MobileSAM: a small encoder with the decoder of SAM, for quick runs on a CPU',
    preprocessing: 'sam',
    sources: ['https://raw.githubusercontent.com/ChaoningZhang/MobileSAM/master/weights/mobile_sam.pt'],
  },
  {
    name: 'sam-hq-vit-tiny',
    file: 'sam_hq_vit_tiny.pth',
    bytes: 42_526_881,
    sha256: '0f32c075ccdd870ae54db2f7630e7a0878ede5a2b06d05d6fe02c65a82fb7196',
    licence: 'Apache-2.0',
    purpose: 'Light SAM-HQ: as quick as MobileSAM, finer masks',
    preprocessing: 'sam',
    sources: [highQuality('tiny', 'a3a77cd0a2e5e50eaa76faccf61b964732d9b35f')],
  },
  {
    name: 'sam-hq-vit-b',
    file: 'sam_hq_vit_b.pth',
    bytes: 379_335_069,
    sha256: '14a9d662cd6f5a9c2dba6d40ab0058d88d287e4a18fd6fdc6ad5fb1a3fdeaa57',
    licence: 'Apache-2.0',
    purpose: 'SAM-HQ, base: finer masks of thin structures than sam-vit-b, about as quick',
    preprocessing: 'sam',
    sources: [highQuality('b', '8a94b5e92b6a4997d813d9057f37a8cb6213082a')],
  },
  {
    name: 'sam-hq-vit-l',
    file: 'sam_hq_vit_l.pth',
    bytes: 1_254_865_805,
    sha256: 'e1a6c385d62bf005ded91a54d5ec55c985cfc4103ef89c08d90f39f04934c343',
    licence: 'Apache-2.0',
    purpose: 'SAM-HQ, large',
    preprocessing: 'sam',
    sources: [highQuality('l', '519b37f36c603d27fadf4000b8f8e10258b213eb')],
  },
  {
    name: 'sam-hq-vit-h',
    file: 'sam_hq_vit_h.pth',
    bytes: 2_570_940_653,
    sha256: 'a7ac14a085326d9fa6199c8c698c4f0e7280afdbb974d2c4660ec60877b45e35',
    licence: 'Apache-2.0',
    purpose: 'SAM-HQ, huge: slow without a fast machine',
    preprocessing: 'sam',
    sources: [highQuality('h', '67ab82412bc794d5ce2e9799b8b6a3c0a8cfe1d2')],
  },
];

export function findModel(name: string): ModelEntry | undefined {
  return MODELS.find((entry) => entry.name === name);
}

/** The refiner that a model is for where only the model is named. */
export function refinerOf(nameOrPath: string): 'foal' | 'sam' {
  return nameOrPath === SHIPPED_MODEL ? 'foal' : 'sam';
}

/** The name that was probably meant. */
export function similarModel(name: string): string | undefined {
  return nearestName(
    name,
    MODELS.map((entry) => entry.name),
  );
}
