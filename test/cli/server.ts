/** @file A server of the built package as a child process, and the address that it prints. */
import { type Started, startCli } from './program.ts';

export interface ServerProcess extends Started {
  /** With the key. */
  readonly url: string;
}

/** `args` as on the command line; no browser is opened. */
export async function startServerCli(
  cwd: string,
  args: readonly string[],
  variables: Readonly<Record<string, string>> = {},
): Promise<ServerProcess> {
  const started = startCli(cwd, [...args, '--no-open'], variables);
  const url = await new Promise<string>((done, fail) => {
    let text = '';
    started.child.stderr.on('data', (chunk: Buffer) => {
      text += chunk.toString();
      const found = /^ *\w+: (http:\S+)$/m.exec(text)?.[1];
      if (found !== undefined) done(found);
    });
    started.child.on('close', () => fail(new Error(`packmule ${args[0]} ended: ${text}`)));
  });
  return { ...started, url };
}
