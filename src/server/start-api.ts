/** @file What the start page asks for: folders, what is in them, new ones from dropped files, the start of a run. */
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import type { ReadableStream } from 'node:stream/web';
import { Hono } from 'hono';
import { bodyLimit } from 'hono/body-limit';
import { RunError } from '../base/errors.ts';
import { inspectFolder } from '../dataset/inspect.ts';
import {
  demoRequestSchema,
  folderRequestSchema,
  type Home,
  type RunStarted,
  runRequestSchema,
  uploadRequestSchema,
} from '../desk/protocol.ts';
import { readRecordedConfig } from '../pipeline/recorded-config.ts';
import { roundConfig } from '../pipeline/rounds.ts';
import { runDirectory } from '../pipeline/run-directory.ts';
import { CONFIG_NAME, writeSettings } from '../pipeline/write-settings.ts';
import { readBody, refuse } from './answers.ts';
import type { Children } from './children.ts';
import type { Places } from './places.ts';
import { check, recognise } from './recognise.ts';
import type { RunShelf } from './run-shelf.ts';
import type { Uploads } from './uploads.ts';

/** More than any question of the start page needs. */
const MOST_BYTES = 64 * 2 ** 10;
/** Where runs lie in the folder of a project. */
const RUNS = 'runs';
/** The run that `packmule demo` does. */
const DEMO = 'demo';

export interface StartParts {
  readonly project: string;
  readonly userHome: string;
  readonly places: Places;
  readonly uploads: Uploads;
  readonly shelf: RunShelf;
  readonly children: Children;
}

export function startApi({ project, userHome, places, uploads, shelf, children }: StartParts): Hono {
  const api = new Hono();
  // Before the limit: files come in pieces, and are counted as they come.
  api.put('/uploads/:upload', async (context) => {
    const path = context.req.query('path') ?? '';
    await uploads.put(
      context.req.param('upload'),
      path,
      context.req.raw.body as ReadableStream<Uint8Array> | null,
    );
    return context.body(null, 204);
  });
  api.use(
    bodyLimit({
      maxSize: MOST_BYTES,
      onError: (context) =>
        refuse(context, 413, {
          seen: 'The request is larger than any question of this page',
          need: `At most ${MOST_BYTES / 2 ** 10} kB`,
          fix: 'Load the page again',
        }),
    }),
  );

  api.get('/home', (context) => context.json({ project, userHome, roots: places.roots } satisfies Home));
  api.get('/folders', async (context) =>
    context.json(await places.list(context.req.query('path') ?? project)),
  );
  api.post('/uploads', async (context) =>
    context.json(await uploads.begin(await readBody(context, uploadRequestSchema))),
  );
  api.post('/recognise', async (context) => {
    const { folder } = await readBody(context, folderRequestSchema);
    return context.json(await recognise(await places.folder(folder)));
  });
  api.post('/check', async (context) => {
    const { folder } = await readBody(context, folderRequestSchema);
    return context.json(await check(await places.folder(folder)));
  });

  api.post('/runs', async (context) => {
    const request = await readBody(context, runRequestSchema);
    const folder = await places.folder(request.folder);
    const base = await places.folder(request.project);
    const runs = join(base, RUNS);
    const run = join(runs, request.name);
    requireIdle(children, run);
    const settings = join(folder, CONFIG_NAME);
    if (!existsSync(settings)) await writeSettings(settings, await inspectFolder(folder));
    shelf.addFolder(runs);
    const more = request.minutes === undefined ? [] : ['--set', `training.minutes=${request.minutes}`];
    children.start(run, ['run', folder, '--name', request.name, '--runs', runs, ...more], base);
    return context.json({ id: shelf.idOf(run) } satisfies RunStarted);
  });

  /** For whoever has no images at hand. */
  api.post('/demo', async (context) => {
    const base = await places.folder((await readBody(context, demoRequestSchema)).project);
    const runs = join(base, RUNS);
    const run = join(runs, DEMO);
    shelf.addFolder(runs);
    const isDone = existsSync(runDirectory(run).report);
    if (!isDone && !children.works(run)) children.start(run, ['demo', '--runs', runs], base);
    return context.json({ id: shelf.idOf(run) } satisfies RunStarted);
  });

  api.post('/runs/:run/round', async (context) => {
    const folder = shelf.folderOf(context.req.param('run'));
    const runs = join(folder, '..');
    const config = await readRecordedConfig(runDirectory(folder));
    const round = config.reviews.length + 2;
    // It says what is missing, which the process would say too, but later.
    const run = join(runs, (await roundConfig(config, round, runs)).name);
    requireIdle(children, run);
    children.start(run, ['run', folder, '--round', String(round)], join(runs, '..'));
    return context.json({ id: shelf.idOf(run) } satisfies RunStarted);
  });

  /** Goes on with a run that was stopped. */
  api.post('/runs/:run/resume', (context) => {
    const folder = shelf.folderOf(context.req.param('run'));
    requireIdle(children, folder);
    children.start(folder, ['run', folder], join(folder, '..', '..'));
    return context.json({ id: shelf.idOf(folder) } satisfies RunStarted);
  });
  return api;
}

function requireIdle(children: Children, run: string): void {
  if (!children.works(run)) return;
  throw new RunError({
    seen: `${run} is being worked on`,
    need: 'One process at a time does a run',
    fix: 'Wait for it, or stop it, or choose another name',
  });
}
