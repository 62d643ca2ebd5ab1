/** @file The built command line as a child process. */
import { type ChildProcessWithoutNullStreams, spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { beforeAll } from 'vitest';
import { temporaryFolder } from '../temporary.ts';

/** The build. */
export const DIST = fileURLToPath(new URL('../../dist', import.meta.url));
export const MAIN = join(DIST, 'src', 'cli', 'main.js');

export interface Ended {
  /** undefined where a signal ended it. */
  readonly code: number | undefined;
  readonly stdout: string;
  readonly stderr: string;
}

export interface Started {
  readonly child: ChildProcessWithoutNullStreams;
  readonly ended: Promise<Ended>;
}

/** Whose rights a process has. */
export interface User {
  readonly uid: number;
  readonly gid: number;
}

/** `variables` come on top of the environment of the tests. */
export function startCli(
  cwd: string,
  args: readonly string[],
  variables: Readonly<Record<string, string>> = {},
  user?: User,
): Started {
  if (!existsSync(MAIN)) throw new Error('dist is not built: npm test builds it first');
  const child = spawn(process.execPath, [MAIN, ...args], {
    cwd,
    env: { ...process.env, ...variables },
    ...user,
  });
  const [out, err]: Buffer[][] = [[], []];
  child.stdout.on('data', (chunk: Buffer) => out!.push(chunk));
  child.stderr.on('data', (chunk: Buffer) => err!.push(chunk));
  const ended = new Promise<Ended>((done) => {
    child.on('close', (code) =>
      done({
        code: code ?? undefined,
        stdout: Buffer.concat(out!).toString(),
        stderr: Buffer.concat(err!).toString(),
      }),
    );
  });
  return { child, ended };
}

export function runCli(cwd: string, ...args: string[]): Promise<Ended> {
  return startCli(cwd, args).ended;
}

/** A temporary folder for all tests of a file. */
export function useSharedFolder(): (...parts: string[]) => string {
  let folder = '';
  beforeAll(async () => {
    folder = await temporaryFolder();
  });
  return (...parts) => join(folder, ...parts);
}
