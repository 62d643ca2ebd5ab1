/** @file Time that does not depend on what else the machine is doing. */

/** Processor time in ms that this process spends in `work`. */
export async function cpuMs(work: () => unknown): Promise<number> {
  const before = process.cpuUsage();
  await work();
  const { user, system } = process.cpuUsage(before);
  return (user + system) / 1000;
}
