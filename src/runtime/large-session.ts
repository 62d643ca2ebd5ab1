/**
 * @file Sessions of models whose weights do not fit in one ONNX file (protobuf ends at 2 GB, and the weights would be
 * in memory twice while it is read): the weights go to a second file, which ONNX Runtime maps into memory.
 */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { initializerBytes } from '../graph/onnx/encode.ts';
import { writeModel } from '../graph/onnx/file.ts';
import type { OnnxModel } from '../graph/onnx/model.ts';
import { openSession, type Session, type SessionOptions } from './session.ts';

/** Weights beyond this many bytes go to a file. */
const LARGEST_INLINE_BYTES = 2 ** 30;

/** As openSession, for a model of any size; large ones pass through a temporary folder. */
export async function openLargeSession(
  model: OnnxModel,
  options: SessionOptions = {},
  largestInlineBytes = LARGEST_INLINE_BYTES,
): Promise<Session> {
  if (initializerBytes(model) <= largestInlineBytes) return openSession(model, options);

  const folder = await mkdtemp(join(tmpdir(), 'packmule-model-'));
  // Where mapped files cannot be removed (Windows), the first attempt fails and the one at the end does it.
  const remove = (): Promise<void> => rm(folder, { recursive: true, force: true }).catch(() => undefined);
  try {
    const path = join(folder, 'model.onnx');
    await writeModel(path, model, { external: 'always' });
    const session = await openSession({ path, nodes: model.nodes }, options);
    const close = async (): Promise<void> => {
      await session.close();
      await remove();
    };
    return { ...session, close };
  } finally {
    await remove();
  }
}
