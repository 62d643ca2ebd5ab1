/** @file Output that cannot be written: a pipe whose reader has gone, or a file on a full disk. */

/**
 * Keeps a failure to print from ending the process with a stack trace. A reader that has gone, such as `head`, wants
 * no more, and that is no failure: the work goes on. Results that cannot be printed for another reason are.
 */
export function listenForLostOutput(): void {
  process.stderr.on('error', () => undefined);
  process.stdout.on('error', (error: NodeJS.ErrnoException) => {
    if (error.code === 'EPIPE') return;
    process.exitCode = 2;
    process.stderr.write(`The result could not be printed (${error.message}).\n`);
  });
}
