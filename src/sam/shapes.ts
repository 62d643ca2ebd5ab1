/** @file The shapes of a checkpoint's tensors, as the architecture is read off them. */
import { CheckpointError } from '../base/errors.ts';

export class TensorShapes {
  private readonly shapes: ReadonlyMap<string, readonly number[]>;
  private readonly file: string;

  /** `file` names the checkpoint in messages. */
  constructor(shapes: ReadonlyMap<string, readonly number[]>, file: string) {
    this.shapes = shapes;
    this.file = file;
  }

  has(name: string): boolean {
    return this.shapes.has(name);
  }

  names(): string[] {
    return [...this.shapes.keys()];
  }

  /** The shape of a tensor; CheckpointError where it is missing or has another rank. */
  of(name: string, rank: number): readonly number[] {
    const shape = this.shapes.get(name);
    if (shape?.length === rank) return shape;
    throw this.refusal(`has ${shape ? `${name} of shape [${shape}]` : `no tensor ${name}`}`);
  }

  /** How many tensors there are of a name with # for 0, 1, 2 ... */
  count(pattern: string): number {
    let n = 0;
    while (this.shapes.has(pattern.replace('#', String(n)))) n++;
    return n;
  }

  /** The error that the file `what`, such as 'has no tensor x'. */
  refusal(what: string): CheckpointError {
    return new CheckpointError({
      seen: `${this.file} ${what}`,
      need: 'The weights of SAM, MedSAM or SAM-HQ (ViT-B, L or H), MobileSAM, Light HQ-SAM or Foal are needed',
      fix: 'Name a checkpoint such as sam_vit_b_01ec64.pth or mobile_sam.pt, or a folder with its own config.json and model.safetensors',
    });
  }
}

export function isCount(value: number): boolean {
  return Number.isSafeInteger(value) && value > 0;
}
