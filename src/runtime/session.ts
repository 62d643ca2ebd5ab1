/**
 * @file A Session runs an ONNX model on ONNX Runtime.
 *
 * It is the only place that touches ONNX Runtime: everything above deals in NdArrays.
 */
import './quiet.ts';
import { InferenceSession, listSupportedBackends, Tensor as OrtTensor } from 'onnxruntime-node';
import { GraphError } from '../base/errors.ts';
import { encodeModel } from '../graph/onnx/encode.ts';
import type { OnnxModel } from '../graph/onnx/model.ts';
import type { DType, NdArray, StorageOf } from '../tensor/array.ts';
import { type Device, PROVIDERS } from './device.ts';

/** Where and with what a model runs. */
export interface ComputeOptions {
  /** Threads of one run; the number of cores by default. */
  readonly threads?: number;
  /** `cpu` by default. Operators that another device does not have run on the CPU. */
  readonly device?: Device;
  /** Told why the device opens no session for a model, which then runs on the CPU. Without it that is an error. */
  readonly onFallback?: (reason: string) => void;
}

export interface SessionOptions extends ComputeOptions {
  /** Keep freed memory for the next run: faster where the same session runs often. On by default. */
  readonly keepMemory?: boolean;
  /** Write ONNX Runtime's profile (JSON) to files that start with this path. */
  readonly profile?: string;
}

/** Of options that hold more, what is for sessions. */
export function computeOf({ threads, device, onFallback }: ComputeOptions): ComputeOptions {
  return {
    ...(threads !== undefined && { threads }),
    ...(device !== undefined && { device }),
    ...(onFallback !== undefined && { onFallback }),
  };
}

export type Feeds = Readonly<Record<string, NdArray>>;

export interface Session {
  readonly inputNames: readonly string[];
  readonly outputNames: readonly string[];
  /**
   * Runs the model; GraphError where a feed is missing or does not fit. `into` gives arrays that results are written to, by
   * output name; they may not be among the feeds. Outputs not named there are newly made.
   *
   * ONNX Runtime's call is synchronous: timers and requests of this thread wait until it is done.
   */
  run(feeds: Feeds, into?: Feeds): Promise<Record<string, NdArray>>;
  close(): Promise<void>;
}

/** An ONNX file that was written from a model: needed where its weights lie in a second file. */
export interface ModelFile {
  readonly path: string;
  readonly nodes: OnnxModel['nodes'];
}

/** Opens a session for a model, or for an ONNX file; of one that is named by its path alone nothing is known. */
export async function openSession(
  model: OnnxModel | ModelFile | string,
  options: SessionOptions = {},
): Promise<Session> {
  const { session, device } = await load(model, options);
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
        throw failedRun(device, cause);
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

/** Providers that this build of ONNX Runtime knows, by its names; those not bundled need a library of their own. */
export function listProviders(): readonly { readonly name: string; readonly bundled: boolean }[] {
  return listSupportedBackends();
}

/** A function of its own, so that the encoded model is not held as long as the session lives. */
async function load(
  model: OnnxModel | ModelFile | string,
  options: SessionOptions,
): Promise<{ session: InferenceSession; device: Device }> {
  const { device = 'cpu', onFallback } = options;
  const { source, nodes } = loadable(model);
  const open = async (on: Device): Promise<{ session: InferenceSession; device: Device }> => {
    const session = await create(source, ortOptions(provider(on, nodes), options)).catch((cause: unknown) => {
      throw notLoaded(source, on, cause);
    });
    return { session, device: on };
  };
  return open(device).catch((error: unknown) => {
    if (device === 'cpu' || onFallback === undefined || !(error instanceof GraphError)) throw error;
    onFallback(`${error.seen.split('\n')[0]}.`);
    return open('cpu');
  });
}

/** What ONNX Runtime loads, a path or bytes, and the nodes in it as far as they are known. */
function loadable(model: OnnxModel | ModelFile | string): {
  source: string | Uint8Array;
  nodes: OnnxModel['nodes'];
} {
  if (typeof model === 'string') return { source: model, nodes: [] };
  return { source: 'path' in model ? model.path : encodeModel(model), nodes: model.nodes };
}

function create(
  model: string | Uint8Array,
  options: InferenceSession.SessionOptions,
): Promise<InferenceSession> {
  return typeof model === 'string'
    ? InferenceSession.create(model, options)
    : InferenceSession.create(model, options);
}

/** Arrays that one program may touch on every WebGPU device. */
const WEBGPU_ARRAYS = 8;

/** The execution provider of a device, with what it needs to run the nodes of a model. */
function provider(device: Device, nodes: OnnxModel['nodes']): InferenceSession.ExecutionProviderConfig {
  if (device !== 'webgpu') return PROVIDERS[device];
  // Splits of the parameter vector have an output per weight, and ONNX Runtime makes one program of each split.
  const tooWide = nodes.filter(
    ({ type, inputs, outputs }) => type === 'Split' && inputs.length + outputs.length > WEBGPU_ARRAYS,
  );
  if (tooWide.length === 0) return 'webgpu';
  return { name: 'webgpu', forceCpuNodeNames: tooWide.map(({ name }) => name) };
}

function ortOptions(
  executionProvider: InferenceSession.ExecutionProviderConfig,
  options: SessionOptions,
): InferenceSession.SessionOptions {
  return {
    // The CPU is not named as a second one: an unknown first one would then be left out silently.
    executionProviders: [executionProvider],
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
}

function notLoaded(source: string | Uint8Array, device: Device, cause: unknown): GraphError {
  const which = typeof source === 'string' ? ` ${source}` : '';
  const where = device === 'cpu' ? '' : ` on ${device}`;
  return new GraphError(
    {
      seen: `ONNX Runtime does not load the model${which}${where}: ${messageOf(cause)}`,
      need: 'A model of operators that ONNX Runtime knows',
      fix:
        device === 'cpu'
          ? 'Check that the file is complete and was written by this version of Packmule'
          : 'Use the device cpu; `packmule doctor` says what is usable',
    },
    { cause },
  );
}

function messageOf(cause: unknown): string {
  return (cause instanceof Error ? cause.message : String(cause)).trim();
}

function failedRun(device: Device, cause: unknown): GraphError {
  const [where, instead] = device === 'cpu' ? ['', ''] : [` on ${device}`, ', or use the device cpu'];
  return new GraphError(
    {
      seen: `ONNX Runtime cannot run the model${where}: ${messageOf(cause)}`,
      need: 'Arrays of the shapes and types the model was built for, and enough memory',
      fix: `Check the sizes of what is fed, or use smaller batches${instead}`,
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
