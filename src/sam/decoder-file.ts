/**
 * @file The decoder of a model that was adapted, as a file of its own: all weights but the encoder's, which stay those
 * of the checkpoint that it was made from. That spares a copy of the whole checkpoint, and its embeddings go on to hold.
 */
import { CheckpointError } from '../base/errors.ts';
import type { Weights } from '../nn/parameters.ts';
import { float32 } from '../tensor/array.ts';
import { toFloat32 } from '../tensor/elements.ts';
import { encodeSafetensors, openSafetensors } from '../tensor/safetensors.ts';
import { encoderHash, type SamCheckpoint } from './checkpoint.ts';
import { isEncoderWeight } from './image-encoder.ts';

/** Of the file's metadata: the hash of the encoder that it belongs to. */
const ENCODER = 'packmule.encoder';

/** The file of the decoder of a whole model, in single precision. @param encoder the hash of its encoder */
export function encodeDecoder(
  whole: Weights,
  encoder: string,
  metadata: Readonly<Record<string, string>>,
): Uint8Array {
  const decoder = [...whole].filter(([name]) => !isEncoderWeight(name));
  return encodeSafetensors(new Map(decoder), { ...metadata, [ENCODER]: encoder });
}

/**
 * The checkpoint with its decoder replaced by that of a file.
 * @throws CheckpointError for a file that cannot be read or belongs to another checkpoint.
 */
export async function withDecoder(checkpoint: SamCheckpoint, path: string): Promise<SamCheckpoint> {
  const file = await openSafetensors(path);
  try {
    if (file.metadata[ENCODER] !== encoderHash(checkpoint.weights)) {
      throw new CheckpointError({
        seen: `${path} is no decoder that was adapted for this ${checkpoint.name}`,
        need: 'The checkpoint that the run adapted',
        fix: 'Set sam.model to that checkpoint, or let the run adapt this one: packmule adapt',
      });
    }
    const weights = new Map(checkpoint.weights);
    for (const name of checkpoint.weights.keys()) {
      if (isEncoderWeight(name)) continue;
      const array = await file.read(name);
      weights.set(name, float32(array.shape, toFloat32(array)));
    }
    return { ...checkpoint, name: `${checkpoint.name}-adapted`, weights };
  } finally {
    await file.close();
  }
}
