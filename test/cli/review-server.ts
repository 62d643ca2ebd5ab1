/** @file `packmule review` of the built package as a child process, and the address that it prints. */
import { type Started, startCli } from './program.ts';

export interface ReviewProcess extends Started {
  /** With the key. */
  readonly url: string;
}

export async function startReviewCli(cwd: string, ...args: string[]): Promise<ReviewProcess> {
  const started = startCli(cwd, ['review', ...args, '--no-open']);
  const url = await new Promise<string>((done, fail) => {
    let text = '';
    started.child.stderr.on('data', (chunk: Buffer) => {
      text += chunk.toString();
      const found = /Review: (http:\S+)/.exec(text)?.[1];
      if (found !== undefined) done(found);
    });
    started.child.on('close', () => fail(new Error(`packmule review ended: ${text}`)));
  });
  return { ...started, url };
}
