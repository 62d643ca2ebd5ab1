/**
 * @file A Session runs an ONNX model on ONNX Runtime.
 *
 * It is the only place that touches ONNX Runtime: everything above deals in NdArrays.
 */
import { InferenceSession, Tensor as OrtTensor } from 'onnxruntime-node';
import { GraphError } from '../base/errors.ts';
import { encodeModel } from '../graph/onnx/encode.ts';
import type { OnnxModel } from '../graph/onnx/model.ts';
import type { DType, NdArray, StorageOf } from '../tensor/array.ts';

export interface SessionOptions {
  /** Threads of one run; the number of cores by default. */
  readonly threads?: number;
  /** Keep freed memory for the next run: faster where the same session runs often. On by default. */
  readonly keepMemory?: boolean;
  /** Write ONNX Runtime's profile (JSON) to files that start with this path. */
  readonly profile?: string;
}

export type Feeds = Readonly<Record<string, NdArray>>;

export interface Session {
  readonly inputNames: readonly string[];
  readonly outputNames: readonly string[];
  /**
   * Runs the model; GraphError where a feed is missing or does not fit. `into` gives arrays that results are written to, by output name; they may not be among the
   * feeds. Outputs not named there are newly made.
   */
  run(feeds: Feeds, into?: Feeds): Promise<Record<string, NdArray>>;
  close(): Promise<void>;
}

/** Opens a session for a model, or for an ONNX file by path (needed where weights lie in a second file). */
export async function openSession(model: OnnxModel | string, options: SessionOptions = {}): Promise<Session> {
  const ortOptions: InferenceSession.SessionOptions = {
    executionProviders: ['cpu'],
    graphOptimizationLevel: 'all',
    intraOpNumThreads: options.threads ?? 0,
    interOpNumThreads: 1,
    executionMode: 'sequential',
    enableCpuMemArena: options.keepMemory ?? true,
    // Planning memory ahead doubles the peak of a training step and saves no time.
    enableMemPattern: false,
    logSeverityLevel: 3,
    ...(options.profile !== undefined && { enableProfiling: true, profileFilePrefix: options.profile }),
  };
  const session = await (typeof model === 'string'
    ? InferenceSession.create(model, ortOptions)
    : InferenceSession.create(encodeModel(model), ortOptions)
  ).catch((cause: unknown) => {
    throw new GraphError(
      {
        seen: `ONNX Runtime does not load the model${typeof model === 'string' ? ` ${model}` : ''}: ${messageOf(cause)}`,
        need: 'A model of operators that ONNX Runtime knows',
        fix: 'Check that the file is complete and was written by this version of Packmule',
      },
      { cause },
    );
  });
  return {
    inputNames: session.inputNames,
    outputNames: session.outputNames,
    run: async (feeds, into = {}) => {
      const ortFeeds: Record<string, OrtTensor> = {};
      for (const name of session.inputNames) {
        const array = feeds[name];
        if (array === undefined) throw missingFeed(name);
        ortFeeds[name] = toOrt(array);
      }
      const fetches: Record<string, OrtTensor | null> = {};
      for (const name of session.outputNames) {
        const array = into[name];
        fetches[name] = array === undefined ? null : toOrt(array);
      }
      const results = await session.run(ortFeeds, fetches).catch((cause: unknown) => {
        throw failedRun(cause);
      });
      const outputs: Record<string, NdArray> = {};
      for (const name of session.outputNames) outputs[name] = into[name] ?? fromOrt(results[name]!);
      return outputs;
    },
    close: async () => {
      if (options.profile !== undefined) session.endProfiling();
      await session.release();
    },
  };
}

function messageOf(cause: unknown): string {
  return cause instanceof Error ? cause.message : String(cause);
}

function failedRun(cause: unknown): GraphError {
  return new GraphError(
    {
      seen: `ONNX Runtime cannot run the model: ${messageOf(cause)}`,
      need: 'Arrays of the shapes and types the model was built for, and enough memory',
      fix: 'Check the sizes of what is fed, or use smaller batches',
    },
    { cause },
  );
}

function missingFeed(name: string): GraphError {
  return new GraphError({
    seen: `The input ${name} was not fed`,
    need: 'An array for every input of the model',
    fix: `Pass one under the name ${name}`,
  });
}

function toOrt({ dtype, data, shape }: NdArray): OrtTensor {
  return new OrtTensor(dtype, data, shape);
}

function fromOrt(tensor: OrtTensor): NdArray {
  return { dtype: tensor.type as DType, shape: tensor.dims, data: tensor.data as StorageOf[DType] };
}
