/** @file The shapes of a checkpoint's tensors, as the architecture is read off them. */
import { CheckpointError } from '../base/errors.ts';
import { whatItSeems } from './recognise.ts';

/** Tensors that are in every model, whatever its encoder. */
const EVERY_MODEL = [
  'prompt_encoder.point_embeddings.0.weight',
  'prompt_encoder.mask_downscaling.0.weight',
  'mask_decoder.iou_token.weight',
  'mask_decoder.mask_tokens.weight',
  'mask_decoder.transformer.layers.0.self_attn.q_proj.weight',
  'mask_decoder.output_upscaling.0.weight',
];

const PARTS = /^(image_encoder|prompt_encoder|mask_decoder)\./;

const SHOWN_NAMES = 3;

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
    if (shape === undefined) throw this.lacks(name);
    if (shape.length === rank) return shape;
    throw this.refusal(`has ${name} of shape [${shape}]`);
  }

  /**
   * How many numbered parts there are below a prefix, such as `image_encoder.blocks.`: one more than the highest number,
   * so that gaps are reported by name. Where fewer than half of them are there, numbers mean nothing.
   */
  count(prefix: string): number {
    const found = this.names().flatMap((name) => {
      const number = name.startsWith(prefix) ? /^\d+(?=\.)/.exec(name.slice(prefix.length)) : null;
      return number === null ? [] : [Number(number[0])];
    });
    const numbers = new Set(found);
    const count = [...numbers].reduce((most, number) => Math.max(most, number + 1), 0);
    return count <= 2 * numbers.size ? count : numbers.size;
  }

  /** The error that a telling tensor is missing: with it what else every model has, and what none of them has. */
  lacks(name: string): CheckpointError {
    const missing = [name, ...EVERY_MODEL.filter((other) => other !== name && !this.has(other))];
    const strange = this.names().filter((other) => !PARTS.test(other));
    const stranger = strange.length > 0 ? `; ${listed(strange, 'and')} left over` : '';
    return this.refusal(`has no tensor ${listed(missing, 'nor')}${stranger}`);
  }

  /** The error of a file that has the encoder of none of the models. */
  isAnother(name: string): CheckpointError {
    const { seen, need, fix } = this.lacks(name);
    return new CheckpointError({ seen: `${seen}; ${whatItSeems(this.names())}`, need, fix });
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

function listed(names: readonly string[], last: string): string {
  const more = names.length - SHOWN_NAMES;
  const shown = names.slice(0, SHOWN_NAMES);
  if (more > 0) return `${shown.join(', ')} ${last} ${more} more`;
  return [shown.slice(0, -1).join(', '), shown.at(-1)].filter((part) => part !== '').join(` ${last} `);
}

export function isCount(value: number): boolean {
  return Number.isSafeInteger(value) && value > 0;
}
