/**
 * @file Loaded into a run that is to be killed: tells on file descriptor 3 what the run does. What is written into a pipe
 * outlives the process. The clock that trainings look at ticks a second for each run of a network and stands still
 * otherwise, so that a checkpoint is due after so many steps, however fast the machine is.
 */
import '../../src/runtime/quiet.ts';
import { readFileSync, writeSync } from 'node:fs';
import files from 'node:fs/promises';
import { syncBuiltinESMExports } from 'node:module';
import { basename, dirname } from 'node:path';
import { fileURLToPath } from 'node:url';
import { InferenceSession } from 'onnxruntime-node';
import type { Mark } from './trace.ts';

const TRACE = 3;

const tell = (mark: Mark): void => {
  writeSync(TRACE, `${JSON.stringify(mark)}\n`);
};

let ran = 0;
performance.now = () => 1000 * ran;
InferenceSession.create = new Proxy(InferenceSession.create, {
  apply: async (create, factory, options) => {
    const session: InferenceSession = await Reflect.apply(create, factory, options);
    session.run = new Proxy(session.run, {
      apply: async (run, _, feeds) => {
        const outputs: unknown = await Reflect.apply(run, session, feeds);
        ran++;
        tell({ what: 'ran' });
        return outputs;
      },
    });
    return session;
  },
});

/** What a file that was put in its place means for the run. */
function markOf(path: string, content: string): Mark | undefined {
  const name = basename(path, '.json');
  if (basename(dirname(path)) === 'stages') {
    const { state } = JSON.parse(content) as { state: 'started' | 'finished' };
    return { what: state, stage: name };
  }
  return name === 'progress' ? undefined : { what: 'saved' };
}

const { rename } = files;
files.rename = async (from, to) => {
  const mark = markOf(String(to), readFileSync(from, 'utf8'));
  await rename(from, to);
  if (mark !== undefined) tell(mark);
};
const self = await files.open(fileURLToPath(import.meta.url));
const handles = Object.getPrototypeOf(self) as typeof self;
await self.close();
const { appendFile } = handles;
// Only journals keep their file open for the lines to come.
handles.appendFile = async function (...args) {
  await appendFile.apply(this, args);
  tell({ what: 'saved' });
};
syncBuiltinESMExports();
