/**
 * @file Image embeddings on disk, one file per image and model: encoding takes seconds, and a run asks for the same
 * images again and again.
 */
import { join } from 'node:path';
import { CheckpointError } from '../base/errors.ts';
import { writeFileAtomic } from '../base/files.ts';
import { type Float32NdArray, float32, type NdArray } from '../tensor/array.ts';
import { toFloat32 } from '../tensor/elements.ts';
import { float32ToFloat16 } from '../tensor/float16.ts';
import { encodeSafetensors, readSafetensors } from '../tensor/safetensors.ts';

export interface EmbeddingStore {
  /** The stored embedding of an image, or undefined; a damaged file counts as none. */
  get(modelHash: string, imageKey: string): Promise<Float32NdArray | undefined>;
  /** Stores an embedding and returns it as `get` will, so that the first run sees what every later one does. */
  put(modelHash: string, imageKey: string, embedding: Float32NdArray): Promise<Float32NdArray>;
}

/**
 * A store in a folder. Half precision (the default) needs 2 MB per image of the published models and hardly moves a
 * mask; `float32` needs 4 MB and keeps embeddings exactly.
 */
export function openEmbeddingStore(
  folder: string,
  precision: 'float16' | 'float32' = 'float16',
): EmbeddingStore {
  const pathOf = (modelHash: string, imageKey: string): string =>
    join(folder, safeName(modelHash).slice(0, 16), `${safeName(imageKey)}.safetensors`);
  return {
    get: async (modelHash, imageKey) => {
      const tensors = await readSafetensors(pathOf(modelHash, imageKey)).catch((error: unknown) => {
        if (error instanceof CheckpointError) return undefined;
        throw error;
      });
      const embedding = tensors?.get('embedding');
      return embedding && float32(embedding.shape, toFloat32(embedding));
    },
    put: async (modelHash, imageKey, embedding) => {
      const { shape, data } = embedding;
      const stored: NdArray =
        precision === 'float16' ? { dtype: 'float16', shape, data: float32ToFloat16(data) } : embedding;
      const bytes = encodeSafetensors(new Map([['embedding', stored]]), {
        model: modelHash,
        image: imageKey,
      });
      await writeFileAtomic(pathOf(modelHash, imageKey), bytes);
      return float32(shape, toFloat32(stored));
    },
  };
}

/** Hashes are hexadecimal; anything else must not lead out of the folder. */
function safeName(key: string): string {
  return key.replace(/[^0-9A-Za-z_-]/g, '_');
}
