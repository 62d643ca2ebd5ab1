/** @file Opening rooms: each is locked while it is open, so that one server writes its journals. */
import { existsSync } from 'node:fs';
import { coco } from '../annotations/coco.ts';
import { wholeName } from '../annotations/image-names.ts';
import { RunError } from '../base/errors.ts';
import { describeOwner, lockRemedy, tryLock } from '../base/lock.ts';
import type { DataConfigInput } from '../dataset/config.ts';
import { type LabelFolder, openLabelFolder } from '../dataset/label-folder.ts';
import { labelAddress, labelLock, openLabelBook } from '../label/book.ts';
import { readRecordedConfig } from '../pipeline/recorded-config.ts';
import { type RunDirectory, runDirectory } from '../pipeline/run-directory.ts';
import type { RoomEvent } from '../review/protocol.ts';
import { type Doubts, startAdvisor } from './advisor.ts';
import { createBroadcast } from './events.ts';
import { createLabelRoom } from './label-room.ts';
import { createPictures } from './pictures.ts';
import { openReviewRoom } from './review-room.ts';
import type { RoomParts } from './room-api.ts';
import { createSmartEdit, type ModelSource } from './smart-edit.ts';

export interface OpenRoom {
  readonly parts: RoomParts;
  /** The file that remembers where the room is served. */
  readonly address: string;
  /** Lets what is being written end. */
  close(): Promise<void>;
}

export interface OpenLabelRoom extends OpenRoom {
  /** Has the doubts of a run over these images count when images are suggested. @throws RunError where it is none. */
  learnFrom(run: string): Promise<void>;
}

interface RoomOptions {
  /** Who decides and draws. */
  readonly reviewer: string;
  readonly model: ModelSource | undefined;
  /** For the terminal: a defect of ours. */
  readonly note: (text: string) => void;
}

export interface ReviewOptions extends RoomOptions {
  /** The run directory. */
  readonly folder: string;
}

export interface LabelOptions extends RoomOptions {
  /** Where the images are, and how they are seen. */
  readonly data: DataConfigInput;
}

/** @throws RunError where the folder holds no refined masks, or another process reviews it. */
export async function openReview({ folder, reviewer, model }: ReviewOptions): Promise<OpenRoom> {
  const run = runDirectory(folder);
  // Before the lock, which would make a folder where there is no run.
  await readRecordedConfig(run);
  const release = await lockRoom(run.path('review', 'lock.json'), 'reviewing this run');
  try {
    const room = await openReviewRoom(folder, reviewer);
    const pictures = createPictures();
    const smartEdit = createSmartEdit(model, pictures);
    return {
      parts: { room, reviewRoom: room, pictures, smartEdit, events: createBroadcast<RoomEvent>() },
      address: run.path('review', 'address.json'),
      close: async () => {
        await room.close();
        await smartEdit.close();
        await release();
      },
    };
  } catch (error) {
    await release();
    throw error;
  }
}

/** @throws DatasetError as openLabelFolder, RunError where another process labels the folder. */
export async function openLabels(options: LabelOptions): Promise<OpenLabelRoom> {
  const { data, reviewer, model, note } = options;
  const folder = await openLabelFolder(data);
  const release = await lockRoom(labelLock(folder.root), 'labelling this folder');
  try {
    const book = await openLabelBook(folder, reviewer);
    const pictures = createPictures();
    const smartEdit = createSmartEdit(model, pictures);
    const events = createBroadcast<RoomEvent>();
    const changed = (): void => events.send({ event: 'labels', data: room.labels() });
    const { cases } = folder;
    const { describe } = smartEdit;
    const advisor = model && startAdvisor({ cases, isDone: book.isDone, describe, changed, note });
    const room = createLabelRoom(folder, book, reviewer, advisor);
    return {
      parts: { room, labelRoom: room, pictures, smartEdit, events },
      address: labelAddress(folder.root),
      learnFrom: async (run) => advisor?.takeDoubts(await runDoubts(runDirectory(run), folder)),
      close: async () => {
        await room.close();
        await smartEdit.close();
        await release();
      },
    };
  } catch (error) {
    await release();
    throw error;
  }
}

/** Doubt about each image by its id: how far the mean trust in its masks is from 1; undefined where there is none. */
async function runDoubts(run: RunDirectory, { cases }: LabelFolder): Promise<Doubts | undefined> {
  await readRecordedConfig(run);
  const path = run.masks('refined', 'unlabelled');
  if (!existsSync(path)) return undefined;
  const byName = new Map((await coco.read(path)).images.map((image) => [wholeName(image), image.structures]));
  const doubts = new Map(
    cases.flatMap(({ id, name }) => {
      const structures = byName.get(name) ?? [];
      if (structures.length === 0) return [];
      const trust = structures.reduce((sum, structure) => sum + (structure.trust ?? 0), 0);
      return [[id, 1 - trust / structures.length] as const];
    }),
  );
  return doubts.size > 0 ? doubts : undefined;
}

async function lockRoom(path: string, work: string): Promise<() => Promise<void>> {
  const attempt = await tryLock(path);
  if ('release' in attempt) return attempt.release;
  throw new RunError({
    seen: `${describeOwner(attempt.owner)} has been ${work} since ${attempt.owner.started}`,
    need: 'One server does this; any number of pages may show it',
    fix: lockRemedy(path, attempt.owner, 'or open the address that it printed'),
  });
}
