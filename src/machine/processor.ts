/** @file What the processor offers: cores, the share of them a container may use, and instructions that matter. */
import { readFileSync } from 'node:fs';
import { multipliesBytesExactly } from '../runtime/eight-bit.ts';

/** Names in /proc/cpuinfo of instruction sets that ONNX Runtime has kernels for, the wide ones last. */
const INSTRUCTIONS: Readonly<Record<string, string>> = {
  avx2: 'AVX2',
  avx512f: 'AVX-512',
  avx_vnni: 'AVX-VNNI',
  avx512_vnni: 'AVX-512 VNNI',
  amx_int8: 'AMX int8',
  asimddp: 'dot product',
  i8mm: 'int8 matrix product',
  sve: 'SVE',
};

/** Those that multiply and add bytes in one instruction: what a quantized model gains from. */
const BYTE_PRODUCTS = ['AVX-VNNI', 'AVX-512 VNNI', 'AMX int8', 'dot product', 'int8 matrix product'];

export interface Instructions {
  readonly names: readonly string[];
  /** Whether int8 models run faster than float32 ones here. */
  readonly int8: boolean;
}

/** From the text of /proc/cpuinfo: x86 lists `flags`, Arm `Features`. Undefined where it lists neither. */
export function instructionsOf(cpuinfo: string): Instructions | undefined {
  const line = /^(?:flags|Features)\s*:\s*(.*)$/m.exec(cpuinfo)?.[1];
  if (line === undefined) return undefined;
  const flags = new Set(line.split(/\s+/));
  const names = Object.entries(INSTRUCTIONS).flatMap(([flag, name]) => (flags.has(flag) ? [name] : []));
  return { names, int8: names.some((name) => BYTE_PRODUCTS.includes(name)) };
}

/**
 * Whether products of bytes are exact here and gain time. Where instructions are not listed (macOS, Windows), those
 * processors that multiply bytes exactly are the ones that do so fast.
 */
export async function gainsFromBytes(): Promise<boolean> {
  const instructions = instructionsOf(readSystemFile('/proc/cpuinfo') ?? '');
  return instructions?.int8 !== false && (await multipliesBytesExactly());
}

/** The text of a file that not every system has. */
export function readSystemFile(path: string): string | undefined {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return undefined;
  }
}

/**
 * Processors a container may use, from the files of its control group; undefined where it is not limited.
 * `read` gives the text of a file, or undefined.
 */
export function containerCores(read: (path: string) => string | undefined): number | undefined {
  const [quota, period] =
    read('/sys/fs/cgroup/cpu.max')?.trim().split(' ') ??
    ['cpu.cfs_quota_us', 'cpu.cfs_period_us'].map((file) => read(`/sys/fs/cgroup/cpu/${file}`)?.trim());
  const cores = Number(quota) / Number(period);
  // `max` and -1 mean no limit.
  return Number.isFinite(cores) && cores > 0 ? cores : undefined;
}
