/**
 * @file Image embeddings on disk, one file per image and model: encoding takes seconds, and a run asks for the same
 * images again and again.
 */
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { CheckpointError } from '../base/errors.ts';
import { writeFileAtomic } from '../base/files.ts';
import { sameShape } from '../graph/shape.ts';
import { type Float32NdArray, float32, type NdArray } from '../tensor/array.ts';
import { toFloat32 } from '../tensor/elements.ts';
import { float32ToFloat16, prepareFloat16 } from '../tensor/float16.ts';
import { encodeSafetensors, openSafetensors, type SafetensorsFile } from '../tensor/safetensors.ts';
import { EMBEDDING_SUFFIX, writeLabel } from './stored.ts';

/** What a model keeps of an image, by name: `embedding`, and for SAM-HQ and Foal `fine`. */
export type ImageFeatures = Readonly<Record<string, Float32NdArray>>;
/** The shapes of a model's features, by the same names. */
export type FeatureShapes = Readonly<Record<string, readonly number[]>>;

export interface EmbeddingStore {
  /** The stored features of an image, or undefined; a file that is damaged or holds others counts as none. */
  get(modelHash: string, imageKey: string, shapes: FeatureShapes): Promise<ImageFeatures | undefined>;
  /** Whether there are stored features of an image, damaged or not. */
  has(modelHash: string, imageKey: string): boolean;
  /** Stores features and returns them as `get` will, so that the first run sees what every later one does. */
  put(modelHash: string, imageKey: string, features: ImageFeatures): Promise<ImageFeatures>;
}

export interface StoreOptions {
  /**
   * Half precision (the default) needs 2 MB per image of the published models (6 MB for SAM-HQ) and hardly moves a
   * mask; `float32` needs twice as much and keeps every digit.
   */
  readonly precision?: 'float16' | 'float32';
  /** What people call the model, for lists of what is stored. */
  readonly label?: string;
}

/** A store in a folder: `<start of the model's hash>/<image's key>.safetensors`. */
export function openEmbeddingStore(folder: string, options: StoreOptions = {}): EmbeddingStore {
  const { precision = 'float16', label } = options;
  const folderOf = (modelHash: string): string => join(folder, safeName(modelHash).slice(0, 16));
  const pathOf = (modelHash: string, imageKey: string): string =>
    join(folderOf(modelHash), `${safeName(imageKey)}${EMBEDDING_SUFFIX}`);
  if (precision === 'float16') prepareFloat16();
  return {
    get: (modelHash, imageKey, shapes) =>
      readFeatures(pathOf(modelHash, imageKey), shapes).catch((error: unknown) => {
        if (error instanceof CheckpointError) return undefined;
        throw error;
      }),
    has: (modelHash, imageKey) => existsSync(pathOf(modelHash, imageKey)),
    put: async (modelHash, imageKey, features) => {
      const stored = new Map(
        Object.entries(features).map(([name, array]): [string, NdArray] => [
          name,
          precision === 'float32'
            ? array
            : { dtype: 'float16', shape: array.shape, data: float32ToFloat16(array.data) },
        ]),
      );
      const bytes = encodeSafetensors(stored, { model: modelHash, image: imageKey });
      if (label !== undefined) await writeLabel(folderOf(modelHash), label);
      await writeFileAtomic(pathOf(modelHash, imageKey), bytes);
      return floats(stored);
    },
  };
}

/** Undefined for a file that holds other tensors; CheckpointError for one that is not there or damaged. */
async function readFeatures(path: string, shapes: FeatureShapes): Promise<ImageFeatures | undefined> {
  const file = await openSafetensors(path);
  try {
    if (!haveShapes(file.entries, shapes)) return undefined;
    const features: [string, Float32NdArray][] = [];
    for (const name of file.entries.keys()) features.push([name, await file.readFloat32(name)]);
    return Object.fromEntries(features);
  } finally {
    await file.close();
  }
}

/** Whether there are these tensors and no others. */
function haveShapes(found: SafetensorsFile['entries'], shapes: FeatureShapes): boolean {
  const wanted = Object.entries(shapes);
  const fits = ([name, shape]: [string, readonly number[]]): boolean => {
    const entry = found.get(name);
    return entry !== undefined && sameShape(entry.shape, shape);
  };
  return found.size === wanted.length && wanted.every(fits);
}

function floats(tensors: ReadonlyMap<string, NdArray>): ImageFeatures {
  return Object.fromEntries(
    [...tensors].map(([name, array]) => [name, float32(array.shape, toFloat32(array))]),
  );
}

/** Hashes are hexadecimal; anything else must not lead out of the folder. */
function safeName(key: string): string {
  return key.replace(/[^0-9A-Za-z_-]/g, '_');
}
