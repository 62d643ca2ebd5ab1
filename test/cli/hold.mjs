/**
 * Loaded into a run (node --import): holds it at the beginning of the stages HOLD_AT, names with commas between them, until
 * somebody has done to it what is to be done. DISK_BYTES: from the last of them on, or from the start where there is none,
 * the disk takes so many bytes more, then no more, as a full one does: what fits of a file is written, then comes ENOSPC.
 */
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import files from 'node:fs/promises';
import { syncBuiltinESMExports } from 'node:module';
import { basename, dirname } from 'node:path';

const { HOLD_AT, HOLD_FILES, DISK_BYTES } = process.env;
const stages = HOLD_AT ? HOLD_AT.split(',') : [];
let left = Number.POSITIVE_INFINITY;
const fill = () => {
  if (DISK_BYTES !== undefined) left = Number(DISK_BYTES);
};
if (stages.length === 0) fill();

const { rename, writeFile, appendFile } = files;
files.rename = async (from, to) => {
  const isRecord = basename(dirname(to)) === 'stages';
  const isBegun = isRecord && JSON.parse(readFileSync(from, 'utf8')).state === 'started';
  await rename(from, to);
  const stage = basename(to, '.json');
  if (!isBegun || !stages.includes(stage)) return;
  writeFileSync(`${HOLD_FILES}/held-${stage}`, '');
  while (!existsSync(`${HOLD_FILES}/go-${stage}`)) await new Promise((next) => setTimeout(next, 2));
  if (stage === stages.at(-1)) fill();
};

/** @param write takes content as its argument `at` */
const limited = (write, at) =>
  async function (...args) {
    if (left === Number.POSITIVE_INFINITY) return write.apply(this, args);
    const content = args[at];
    const isPieces = typeof content !== 'string' && !ArrayBuffer.isView(content);
    const bytes = isPieces ? Buffer.concat([...content]) : Buffer.from(content);
    args[at] = bytes.subarray(0, left);
    left -= args[at].length;
    await write.apply(this, args);
    if (args[at].length === bytes.length) return;
    throw Object.assign(new Error('ENOSPC: no space left on device, write'), { code: 'ENOSPC' });
  };
files.writeFile = limited(writeFile, 1);
files.appendFile = limited(appendFile, 1);
const self = await files.open(new URL(import.meta.url));
const handles = Object.getPrototypeOf(self);
await self.close();
for (const name of ['writeFile', 'appendFile']) handles[name] = limited(handles[name], 0);
syncBuiltinESMExports();
