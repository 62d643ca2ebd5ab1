/** @file What a run needs besides a device: processor, memory, disk, temporary files, image formats, downloads. */
import { existsSync } from 'node:fs';
import { rm, statfs } from 'node:fs/promises';
import { availableParallelism, cpus, tmpdir, totalmem } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import { PackmuleError } from '../base/errors.ts';
import { writeFileAtomic } from '../base/files.ts';
import { imageFormats } from '../imaging/formats.ts';
import { containerCores, instructionsOf, readSystemFile } from './processor.ts';

export interface Check {
  readonly name: string;
  /** warning: a run works, but not as well as it could. failed: a run does not work. */
  readonly state: 'ok' | 'warning' | 'failed';
  /** What was seen. */
  readonly seen: string;
  /** The one line that mends it. */
  readonly fix?: string;
}

/** The Node.js that package.json asks for, major and minor. */
export const NEEDED_NODE: readonly [number, number] = [20, 19];
const LEAST_MEMORY = 2e9;
const LEAST_DISK = 1e9;

/** Where downloads come from that a user may want: what, and a small file there. */
const DOWNLOADS: Readonly<Record<string, string>> = {
  'checkpoints of Segment Anything (dl.fbaipublicfiles.com)':
    'https://dl.fbaipublicfiles.com/segment_anything/sam_vit_b_01ec64.pth',
  'checkpoints of Hugging Face (huggingface.co)':
    'https://huggingface.co/facebook/sam-vit-base/resolve/main/config.json',
  'the library of cuda (api.nuget.org)': 'https://api.nuget.org/v3/index.json',
};
const NETWORK_MS = 4000;

/** All checks; `runs` is the folder of all runs. */
export async function checkMachine(runs: string): Promise<Check[]> {
  return [
    checkNode(process.versions.node),
    checkProcessor(),
    checkMemory(totalmem(), process.constrainedMemory(), process.availableMemory()),
    await checkDisk('runs', resolve(runs)),
    await checkTemporary(),
    checkImages(),
  ];
}

export function checkNode(version: string): Check {
  const [major = 0, minor = 0] = version.split('.').map(Number);
  const [needMajor, needMinor] = NEEDED_NODE;
  if (major > needMajor || (major === needMajor && minor >= needMinor)) {
    return { name: 'Node.js', state: 'ok', seen: version };
  }
  const needed = NEEDED_NODE.join('.');
  return {
    name: 'Node.js',
    state: 'failed',
    seen: `${version}, but ${needed} is needed`,
    fix: `Install Node.js ${needed} or later from nodejs.org`,
  };
}

function checkProcessor(): Check {
  const model = cpus()[0]?.model.trim() ?? process.arch;
  const cpuinfo = readSystemFile('/proc/cpuinfo') ?? '';
  return describeProcessor(model, availableParallelism(), containerCores(readSystemFile), cpuinfo);
}

export function describeProcessor(
  model: string,
  cores: number,
  allowed: number | undefined,
  cpuinfo: string,
): Check {
  const instructions = instructionsOf(cpuinfo);
  const seen = [
    `${model}, ${cores} ${cores === 1 ? 'core' : 'cores'}`,
    ...(instructions && instructions.names.length > 0 ? [instructions.names.join(', ')] : []),
    ...(instructions && !instructions.int8 ? ['no byte products: int8 models gain nothing'] : []),
  ].join('; ');
  if (allowed === undefined || allowed >= cores) return { name: 'processor', state: 'ok', seen };
  const threads = Math.max(1, Math.floor(allowed));
  return {
    name: 'processor',
    state: 'warning',
    seen: `${seen}; the container may use ${Math.round(allowed * 10) / 10} of them`,
    fix: `--set threads=${threads}`,
  };
}

/** Bytes. `limit` is 0 or beyond all memory where a container sets none. */
export function checkMemory(total: number, limit: number, available: number): Check {
  const limited = limit > 0 && limit < total;
  const seen = `${gigabytes(available)} free of ${gigabytes(limited ? limit : total)}${limited ? ' that the container may use' : ''}`;
  if (available >= LEAST_MEMORY) return { name: 'memory', state: 'ok', seen };
  return { name: 'memory', state: 'warning', seen, fix: 'Close other programs, or --set training.batch=2' };
}

/** Free space for a folder that need not be there yet. */
export async function checkDisk(name: string, folder: string): Promise<Check> {
  let existing = folder;
  while (!existsSync(existing)) existing = dirname(existing);
  const { bavail, bsize } = await statfs(existing);
  const free = bavail * bsize;
  const seen = `${folder}: ${gigabytes(free)} free`;
  if (free >= LEAST_DISK) return { name, state: 'ok', seen };
  return { name, state: 'warning', seen, fix: 'Free some space, or choose another folder with --runs' };
}

/** Models beyond 1 GB pass through the temporary folder. */
async function checkTemporary(): Promise<Check> {
  const folder = tmpdir();
  const path = join(folder, `packmule-doctor-${process.pid}`);
  try {
    await writeFileAtomic(path, 'x');
    await rm(path, { force: true });
    return await checkDisk('temporary', folder);
  } catch (error) {
    if (!(error instanceof PackmuleError)) throw error;
    return {
      name: 'temporary',
      state: 'failed',
      seen: error.seen,
      fix: 'Set TMPDIR to a folder that may be written',
    };
  }
}

function checkImages(): Check {
  const { sharp, readable } = imageFormats();
  const missing = Object.keys(readable).filter((format) => readable[format] !== true);
  const name = 'images';
  if (missing.length === 0) {
    return { name, state: 'ok', seen: `sharp ${sharp} reads ${Object.keys(readable).join(', ')}` };
  }
  return {
    name,
    state: 'warning',
    seen: `sharp ${sharp} does not read ${missing.join(', ')}`,
    fix: 'Install the sharp that npm ci brings, not one built from source',
  };
}

/** Whether what can be downloaded can be reached. */
export async function checkNetwork(get: typeof fetch = fetch): Promise<Check[]> {
  return Promise.all(
    Object.entries(DOWNLOADS).map(async ([what, url]): Promise<Check> => {
      try {
        const { status } = await get(url, { method: 'HEAD', signal: AbortSignal.timeout(NETWORK_MS) });
        if (status < 400) return { name: 'network', state: 'ok', seen: what };
        return {
          name: 'network',
          state: 'warning',
          seen: `${what}: HTTP status ${status}`,
          fix: NETWORK_FIX,
        };
      } catch (error) {
        const cause = error instanceof Error ? (error.cause ?? error) : error;
        const reason = cause instanceof Error ? cause.message : String(cause);
        return { name: 'network', state: 'warning', seen: `${what}: ${reason}`, fix: NETWORK_FIX };
      }
    }),
  );
}

const NETWORK_FIX = 'Download the file on another machine; nothing else needs the network';

function gigabytes(bytes: number): string {
  const value = bytes / 1e9;
  return `${value < 10 ? value.toFixed(1) : Math.round(value)} GB`;
}
