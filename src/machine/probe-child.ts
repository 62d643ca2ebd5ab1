/**
 * @file Probing a device in a process of its own: a graphics driver that crashes or hangs does so there, and what
 * ONNX Runtime writes to stderr is read instead of shown.
 */
import { spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { stripVTControlCharacters } from 'node:util';
import { asNode } from '../base/node-process.ts';
import type { Device } from '../runtime/device.ts';
import type { ProbeResult } from './probe.ts';

/** Time for an answer, s: shaders are compiled at the first run. */
const LIMIT_SECONDS = { quick: 30, thorough: 180 };

export interface ProbeChildOptions {
  /** See ProbeOptions. */
  readonly thorough?: boolean;
  /** Kills the process. */
  readonly signal?: AbortSignal;
  /** The script to run and the seconds it has; ours by default. */
  readonly script?: string;
  readonly limitSeconds?: number;
}

/** @throws the signal's reason. */
export function probeInChild(device: Device, options: ProbeChildOptions = {}): Promise<ProbeResult> {
  const how = options.thorough === true ? 'thorough' : 'quick';
  const script = options.script ?? fileURLToPath(new URL('./probe-process.js', import.meta.url));
  const limitSeconds = options.limitSeconds ?? LIMIT_SECONDS[how];
  const { signal } = options;
  return new Promise((done, fail) => {
    const child = spawn(process.execPath, [script, device, how], {
      ...asNode(),
      stdio: ['ignore', 'pipe', 'pipe'],
      killSignal: 'SIGKILL',
      ...(signal && { signal }),
    });
    const texts = { stdout: '', stderr: '' };
    for (const stream of ['stdout', 'stderr'] as const) {
      child[stream].setEncoding('utf8').on('data', (text: string) => {
        texts[stream] += text;
      });
    }
    let late = false;
    const timer = setTimeout(() => {
      late = true;
      child.kill('SIGKILL');
    }, limitSeconds * 1000);
    const finish = (ending: string): void => {
      clearTimeout(timer);
      if (signal?.aborted) fail(signal.reason);
      else
        done(readAnswer(texts.stdout, texts.stderr, late ? `gave no answer in ${limitSeconds} s` : ending));
    };
    child.on('error', (cause) => finish(`could not be started (${cause.message})`));
    child.on('close', (code, signal) => finish(`ended with ${signal ?? `exit code ${code}`}`));
  });
}

/** The answer, however the process ended: some drivers crash while they are unloaded. */
function readAnswer(stdout: string, stderr: string, ending: string): ProbeResult {
  const said = stripVTControlCharacters(stderr).trim();
  const line = stdout.trim().split('\n').at(-1) ?? '';
  if (!line.startsWith('{')) {
    const last = said === '' ? '' : `: ${said.split('\n').at(-1)}`;
    return { outcome: 'refuses', reason: `The process that tries the device ${ending}${last}` };
  }
  const result = JSON.parse(line) as ProbeResult;
  // What is missing (a library, a driver) stands in the log more often than in the error.
  return result.outcome === 'refuses' && said !== ''
    ? { ...result, reason: `${result.reason}\n${said}` }
    : result;
}
