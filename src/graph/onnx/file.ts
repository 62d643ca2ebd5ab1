/** @file ONNX models on disk: one file, or for large models a second one beside it that holds the weights. */
import { closeSync, fstatSync, openSync, readSync } from 'node:fs';
import { readFile, rm } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { CheckpointError, GraphError } from '../../base/errors.ts';
import { writeError, writeFileAtomic } from '../../base/files.ts';
import { decodeModel } from './decode.ts';
import { type EncodedModel, encodeModel, encodeModelExternal, initializerBytes, rawBytes } from './encode.ts';
import type { OnnxModel } from './model.ts';

/** Protobuf ends at 2 GB; the rest is for names and nodes. */
const LARGEST_SINGLE_FILE = 1.9e9;

export interface WriteModelOptions {
  /** 'auto', the default, keeps the weights in the model's file up to 1.9 GB. 'always' puts them beside it. */
  readonly external?: 'auto' | 'always';
}

/**
 * Writes a model to `path` and, where its weights are kept apart, those to `path`.data. ONNX Runtime and other tools
 * open it by `path`. No reader sees half a file, nor a model beside the weights of another.
 * @throws RunError where a file cannot be written.
 */
export async function writeModel(
  path: string,
  model: OnnxModel,
  options: WriteModelOptions = {},
): Promise<void> {
  const dataPath = `${path}.data`;
  if (options.external !== 'always' && initializerBytes(model) <= LARGEST_SINGLE_FILE) {
    await writeFileAtomic(path, encodeModel(model));
    await remove(dataPath);
    return;
  }
  const encoded = encodeModelExternal(model, basename(dataPath));
  // The old model goes first: should the writing end between the two files, none is better than a wrong pair.
  await remove(path);
  await writeFileAtomic(dataPath, externalBytes(encoded));
  await writeFileAtomic(path, encoded.model);
}

async function remove(path: string): Promise<void> {
  await rm(path, { force: true }).catch((cause: unknown) => {
    throw writeError(path, cause);
  });
}

/** The data file in pieces: each array at its offset, zeros between them. */
function* externalBytes({ external }: EncodedModel): Generator<Uint8Array> {
  let end = 0;
  for (const { array, offset } of external) {
    if (offset > end) yield new Uint8Array(offset - end);
    yield rawBytes(array);
    end = offset + array.data.byteLength;
  }
}

/**
 * Reads a model with all its weights and metadata.
 * @throws CheckpointError where a file cannot be read; GraphError where it is damaged or not what Packmule reads.
 */
export async function readModel(path: string): Promise<OnnxModel> {
  const bytes = await readFile(path).catch((cause: unknown) => {
    throw unreadable(path, cause);
  });
  const open = new Map<string, number>();
  try {
    return decodeModel(bytes, (location, offset, length) => readPart(open, path, location, offset, length));
  } catch (cause) {
    if (!(cause instanceof GraphError)) throw cause;
    throw new GraphError({ seen: `${path}: ${cause.seen}`, need: cause.need, fix: cause.fix }, { cause });
  } finally {
    for (const file of open.values()) closeSync(file);
  }
}

function readPart(
  open: Map<string, number>,
  path: string,
  location: string,
  offset: number,
  length: number,
): Uint8Array {
  // A model from elsewhere must not make us read other folders.
  if (location === '' || location !== basename(location) || location === '..' || location.includes('\\')) {
    throw new GraphError({
      seen: `The weights are said to be in '${location}'`,
      need: 'Weights in a file beside the model',
      fix: 'Export the model again, or move the file and correct the location',
    });
  }
  const dataPath = join(dirname(path), location);
  try {
    const file = open.get(location) ?? openSync(dataPath, 'r');
    open.set(location, file);
    const { size } = fstatSync(file);
    // Checked before the memory is taken: a damaged model may ask for any amount.
    if (!Number.isSafeInteger(offset) || offset < 0 || offset + length > size) {
      throw new GraphError({
        seen: `Weights of ${length} bytes are said to begin at byte ${offset} of ${dataPath}, which has ${size} bytes`,
        need: 'The file of weights that was written with the model',
        fix: 'Copy both files again',
      });
    }
    const out = new Uint8Array(length);
    for (let read = 0; read < length; ) {
      const count = readSync(file, out, read, Math.min(length - read, 2 ** 30), offset + read);
      if (count === 0) throw new Error('the file ends early');
      read += count;
    }
    return out;
  } catch (cause) {
    throw cause instanceof GraphError ? cause : unreadable(dataPath, cause);
  }
}

function unreadable(path: string, cause: unknown): CheckpointError {
  return new CheckpointError(
    {
      seen: `${path} cannot be read (${cause instanceof Error ? cause.message : String(cause)})`,
      need: 'An ONNX model, with its file of weights beside it where it has one',
      fix: 'Check the path and the rights of the file',
    },
    { cause },
  );
}
