/** @file What the start page and the runs page ask the server for. */
import type {
  Checked,
  FolderList,
  Home,
  Recognised,
  RoomOpened,
  RunDetail,
  RunList,
  RunRequest,
  RunStarted,
  Upload,
  UploadRequest,
} from '../../../src/desk/protocol.ts';
import { post, request } from '../request.ts';

const got = async <T>(path: string): Promise<T> => (await request(`api/${path}`)).json() as Promise<T>;
const told = async <T>(path: string, body: unknown): Promise<T> =>
  (await post(`api/${path}`, body)).json() as Promise<T>;

export const fetchHome = (): Promise<Home> => got('home');
export const fetchFolders = (path: string): Promise<FolderList> =>
  got(`folders?path=${encodeURIComponent(path)}`);
export const recognise = (folder: string): Promise<Recognised> => told('recognise', { folder });
export const check = (folder: string): Promise<Checked> => told('check', { folder });
export const beginUpload = (wish: UploadRequest): Promise<Upload> => told('uploads', wish);
export const startRun = (wish: RunRequest): Promise<RunStarted> => told('runs', wish);
export const startDemo = (project: string): Promise<RunStarted> => told('demo', { project });
export const nextRound = (run: string): Promise<RunStarted> => told(`runs/${run}/round`, {});
export const resumeRun = (run: string): Promise<RunStarted> => told(`runs/${run}/resume`, {});
export const fetchRuns = (): Promise<RunList> => got('runs');
export const openReview = (run: string): Promise<RoomOpened> => told('rooms/review', { run });
export const openLabels = (folder: string): Promise<RoomOpened> => told('rooms/labels', { folder });

export async function stopRun(run: string): Promise<void> {
  await post(`api/runs/${run}/stop`, {});
}

/** Sends one file as it is read, so that a large one needs no memory. */
export async function sendFile(upload: string, path: string, file: File): Promise<void> {
  await request(`api/uploads/${upload}?path=${encodeURIComponent(path)}`, { method: 'PUT', body: file });
}

/** Calls back with the run whenever something of it changed; the returned function ends that. */
export function followRun(run: string, onRun: (detail: RunDetail) => void): () => void {
  const events = new EventSource(`api/runs/${run}/events`);
  events.addEventListener('run', ({ data }) => onRun(JSON.parse(data as string) as RunDetail));
  return () => events.close();
}
