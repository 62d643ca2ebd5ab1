/** @file What the buttons of the start page and the runs page do. */
import { Failure, messageOf } from '../request.ts';
import * as api from './api.ts';
import type { Dropped } from './dropped.ts';
import {
  browsing,
  busy,
  checked,
  details,
  home,
  looking,
  problem,
  project,
  recognised,
  runList,
  sending,
  type View,
  view,
} from './store.ts';

/** Files on their way at a time. */
const AT_ONCE = 4;

export async function openPage(): Promise<void> {
  await trying(async () => {
    home.value = await api.fetchHome();
    project.value = home.value.project;
  });
  addEventListener('hashchange', readAddress);
  readAddress();
  if (view.value.name !== 'runs') await refreshRuns();
}

function readAddress(): void {
  const [name = '', ...ids] = location.hash.slice(1).split('/');
  view.value = viewOf(name, ids);
  problem.value = undefined;
  if (view.value.name === 'runs') void refreshRuns();
}

function viewOf(name: string, [first, second]: readonly string[]): View {
  if (name === 'run' && first !== undefined) return { name, id: first };
  if (name === 'compare' && first !== undefined && second !== undefined)
    return { name, ids: [first, second] };
  return { name: name === 'runs' ? 'runs' : 'start' };
}

export function go(address: string): void {
  location.hash = address;
}

/** Does something that was asked for and may fail; meanwhile nothing else can be asked for. */
async function trying(work: () => Promise<void>): Promise<void> {
  busy.value = true;
  try {
    await sayingWhy(work);
  } finally {
    busy.value = false;
  }
}

/** Does something that may fail, and says why it did. */
async function sayingWhy(work: () => Promise<void>): Promise<void> {
  problem.value = undefined;
  try {
    await work();
  } catch (error) {
    problem.value = {
      seen: messageOf(error),
      fix: error instanceof Failure ? error.fix : 'Load the page again',
    };
  }
}

/** Nobody waits for the list: what is typed meanwhile counts. */
export function refreshRuns(): Promise<void> {
  return sayingWhy(async () => {
    runList.value = await api.fetchRuns();
  });
}

export function browse(path: string): Promise<void> {
  return trying(async () => {
    browsing.value = await api.fetchFolders(path);
  });
}

/** Looks at a folder: first at names and annotations, then at every file. */
export function look(folder: string): Promise<void> {
  browsing.value = undefined;
  recognised.value = undefined;
  checked.value = undefined;
  looking.value = folder;
  return trying(async () => {
    try {
      recognised.value = await api.recognise(folder);
    } finally {
      looking.value = undefined;
    }
    const found = recognised.value;
    if (found?.kind !== 'ready') return;
    const result = await api.check(found.folder);
    if (recognised.value === found) checked.value = result;
  });
}

/** Copies a dropped folder into the project, then looks at it. */
export function take({ name, files }: Dropped): Promise<void> {
  recognised.value = undefined;
  return trying(async () => {
    if (files.length === 0) {
      throw new Failure(
        'There are no images in what was dropped',
        'Drop a folder of images, annotated or not',
      );
    }
    const bytes = files.reduce((sum, { file }) => sum + file.size, 0);
    const own = plainName(name);
    let upload: Awaited<ReturnType<typeof api.beginUpload>>;
    try {
      upload = await api.beginUpload({ project: project.value, name: own, files: files.length, bytes });
      sending.value = { name: own, done: 0, total: files.length };
      const left = [...files];
      const sendNext = async (): Promise<void> => {
        for (let next = left.shift(); next !== undefined; next = left.shift()) {
          await api.sendFile(upload.id, next.path, next.file);
          sending.value = { name: own, done: sending.value!.done + 1, total: files.length };
        }
      };
      await Promise.all(Array.from({ length: AT_ONCE }, sendNext));
    } finally {
      sending.value = undefined;
    }
    await look(upload.folder);
  });
}

/** A name that a folder may have. */
export function plainName(name: string): string {
  return name.replace(/[^\w.-]+/g, '-').replace(/^[^A-Za-z0-9]+/, '') || 'images';
}

export function begin(name: string, minutes: number | undefined): Promise<void> {
  const { folder } = recognised.value!;
  return trying(async () => {
    const wish = { folder, project: project.value, name, ...(minutes !== undefined && { minutes }) };
    go(`run/${(await api.startRun(wish)).id}`);
  });
}

/** Has phantoms drawn and learnt from; a trial that was done before is shown. */
export const tryIt = (): Promise<void> =>
  trying(async () => go(`run/${(await api.startDemo(project.value)).id}`));

export const beginRound = (run: string): Promise<void> =>
  trying(async () => go(`run/${(await api.nextRound(run)).id}`));

export const resume = (run: string): Promise<void> => trying(async () => void (await api.resumeRun(run)));

export const stop = (run: string): Promise<void> => trying(() => api.stopRun(run));

export const review = (run: string): Promise<void> =>
  trying(async () => location.assign((await api.openReview(run)).path));

export const label = (folder: string): Promise<void> =>
  trying(async () => location.assign((await api.openLabels(folder)).path));

/** Follows runs until the returned function is called. */
export function follow(ids: readonly string[]): () => void {
  const ends = ids.map((id) =>
    api.followRun(id, (detail) => {
      details.value = new Map(details.value).set(id, detail);
    }),
  );
  return () => {
    for (const end of ends) end();
  };
}
