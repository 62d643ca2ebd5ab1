/**
 * @file Sessions of models whose weights do not fit in one ONNX file (protobuf ends at 2 GB, and the weights would be
 * in memory twice while it is read): the weights go to a second file, which ONNX Runtime maps into memory.
 */
import { mkdtemp, open, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { writeError } from '../base/files.ts';
import { encodeModelExternal, rawBytes } from '../graph/onnx/encode.ts';
import type { OnnxModel } from '../graph/onnx/model.ts';
import { openSession, type Session, type SessionOptions } from './session.ts';

/** Weights beyond this many bytes go to a file. */
const LARGEST_INLINE_BYTES = 2 ** 30;
/** One write call takes at most 2 GiB. */
const LONGEST_WRITE = 2 ** 30;

const MODEL_FILE = 'model.onnx';
const WEIGHTS_FILE = 'weights.bin';

/** As openSession, for a model of any size; large ones pass through a temporary folder. */
export async function openLargeSession(
  model: OnnxModel,
  options: SessionOptions = {},
  largestInlineBytes = LARGEST_INLINE_BYTES,
): Promise<Session> {
  let bytes = 0;
  for (const { data } of model.initializers.values()) bytes += data.byteLength;
  if (bytes <= largestInlineBytes) return openSession(model, options);

  const folder = await mkdtemp(join(tmpdir(), 'packmule-model-'));
  // Where mapped files cannot be removed (Windows), the first attempt fails and the one at the end does it.
  const remove = (): Promise<void> => rm(folder, { recursive: true, force: true }).catch(() => undefined);
  try {
    await writeModel(model, folder);
    const session = await openSession(join(folder, MODEL_FILE), options);
    const close = async (): Promise<void> => {
      await session.close();
      await remove();
    };
    return { ...session, close };
  } finally {
    await remove();
  }
}

async function writeModel(model: OnnxModel, folder: string): Promise<void> {
  const encoded = encodeModelExternal(model, WEIGHTS_FILE);
  const path = join(folder, WEIGHTS_FILE);
  try {
    await writeFile(join(folder, MODEL_FILE), encoded.model);
    const file = await open(path, 'w');
    try {
      for (const { array, offset } of encoded.external) {
        const bytes = rawBytes(array);
        for (let start = 0; start < bytes.length; start += LONGEST_WRITE) {
          const part = bytes.subarray(start, start + LONGEST_WRITE);
          await file.write(part, 0, part.length, offset + start);
        }
      }
    } finally {
      await file.close();
    }
  } catch (cause) {
    throw writeError(path, cause);
  }
}
