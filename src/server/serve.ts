/** @file Starting and stopping the review of a run. */
import { randomBytes } from 'node:crypto';
import type { AddressInfo } from 'node:net';
import { createAdaptorServer } from '@hono/node-server';
import { RunError } from '../base/errors.ts';
import { describeOwner, lockRemedy, tryLock } from '../base/lock.ts';
import { readRecordedConfig } from '../pipeline/recorded-config.ts';
import { runDirectory } from '../pipeline/run-directory.ts';
import { createApp } from './app.ts';
import { createPictures } from './pictures.ts';
import { openReviewRoom } from './room.ts';
import { readSite } from './site.ts';
import { createSmartEdit, type ModelSource } from './smart-edit.ts';

export interface ReviewOptions {
  /** The run directory. */
  readonly folder: string;
  /** Who decides. */
  readonly reviewer: string;
  /** 0: any free one. */
  readonly port: number;
  readonly model: ModelSource | undefined;
  /** For the terminal: a defect of ours. */
  readonly note: (text: string) => void;
}

export interface RunningReview {
  /** With the key; whoever has it can review. */
  readonly url: string;
  /** Lets what is being written end; once is enough. */
  close(): Promise<void>;
}

/**
 * Serves the review of a run on this machine alone.
 * @throws RunError where the folder holds no refined masks, another process reviews it, or the port is taken.
 */
export async function startReview(options: ReviewOptions): Promise<RunningReview> {
  const { folder, reviewer, note } = options;
  const site = await readSite();
  // Before the lock, which would make a folder where there is no run.
  await readRecordedConfig(runDirectory(folder));
  const release = await lockReview(folder);
  try {
    const room = await openReviewRoom(folder, reviewer);
    const pictures = createPictures();
    const smartEdit = createSmartEdit(options.model, pictures);
    const key = randomBytes(24).toString('base64url');
    const app = createApp({ room, pictures, smartEdit, site, key, note });
    const server = createAdaptorServer({ fetch: app.fetch });
    const port = await new Promise<number>((done, fail) => {
      server.once('error', (cause) => fail(portError(options.port, cause)));
      server.listen(options.port, '127.0.0.1', () => done((server.address() as AddressInfo).port));
    });
    let closing: Promise<void> | undefined;
    const close = async (): Promise<void> => {
      await new Promise((done) => {
        server.close(done);
        // Pages listen for events for as long as they are open.
        if ('closeAllConnections' in server) server.closeAllConnections();
      });
      await room.close();
      await smartEdit.close();
      await release();
    };
    return {
      url: `http://127.0.0.1:${port}/${key}/`,
      close: () => {
        closing ??= close();
        return closing;
      },
    };
  } catch (error) {
    await release();
    throw error;
  }
}

async function lockReview(folder: string): Promise<() => Promise<void>> {
  const run = runDirectory(folder);
  const path = run.path('review', 'lock.json');
  const attempt = await tryLock(path);
  if ('release' in attempt) return attempt.release;
  throw new RunError({
    seen: `${describeOwner(attempt.owner)} has been reviewing this run since ${attempt.owner.started}`,
    need: 'One server a run; any number of pages may show it',
    fix: lockRemedy(path, attempt.owner, 'or open the address that it printed'),
  });
}

function portError(port: number, cause: Error): RunError {
  return new RunError(
    {
      seen: `Port ${port} of this machine cannot be used (${cause.message})`,
      need: 'A free port',
      fix: 'Choose another --port, or leave it out',
    },
    { cause },
  );
}
