/** @file The server of the start page for one test: a home with a project in it, and runs that are asked for but never done. */
import { mkdir, symlink } from 'node:fs/promises';
import { join } from 'node:path';
import type { Hono } from 'hono';
import { afterEach, beforeEach, expect } from 'vitest';
import { writePhantomDataset } from '../../src/dataset/phantom/write.ts';
import type { Children } from '../../src/server/children.ts';
import { createHouse, type Rooms } from '../../src/server/house.ts';
import type { ModelSource } from '../../src/server/smart-edit.ts';
import { temporaryFolder } from '../temporary.ts';
import { type Asker, asking, KEY } from './asking.ts';

export interface StartedRun {
  readonly run: string;
  readonly args: readonly string[];
  readonly cwd: string;
}

export interface TestHouse extends Asker {
  /** In the home of somebody, beside whose home there is another folder, `other`. */
  home(...parts: string[]): string;
  /** In the folder in which the server was started, by way of a link. */
  project(...parts: string[]): string;
  app(): Hono;
  /** The runs that the server would be doing. */
  started(): readonly StartedRun[];
  /** The answer to a question, of whatever status. */
  told<T>(path: string, body: unknown): Promise<T>;
  asked<T>(path: string): Promise<T>;
  /** A folder of phantoms in the home. */
  phantoms(labelled: number): Promise<string>;
}

/** A house for each test of a file, `model` being that of its rooms; defects that it notes fail the test. */
export function useHouse(model?: ModelSource): TestHouse {
  let root: string;
  let app: Hono;
  let rooms: Rooms;
  let started: readonly StartedRun[];
  let notes: string[];
  const home = (...parts: string[]): string => join(root, 'home', ...parts);
  const project = (...parts: string[]): string => home('project', ...parts);
  const children: Children = {
    start: (run, args, cwd) => {
      started = [...started, { run, args, cwd }];
    },
    works: (run) => started.some((one) => one.run === run),
    failure: () => undefined,
    stop: (run) => {
      started = started.filter((one) => one.run !== run);
    },
    close: async () => undefined,
  };

  beforeEach(async () => {
    root = await temporaryFolder();
    [started, notes, rooms] = [[], [], new Map()];
    for (const folder of [project(), home('.ssh'), join(root, 'other')])
      await mkdir(folder, { recursive: true });
    await symlink(project(), join(root, 'link'));
    const note = (text: string): unknown => notes.push(text);
    const house = await createHouse(
      {
        project: join(root, 'link'),
        userHome: home(),
        roots: [home()],
        reviewer: 'ada',
        modelOf: async () => model,
        note,
      },
      children,
      rooms,
    );
    const page = { bytes: new TextEncoder().encode('<!doctype html>'), type: 'text/html' };
    const site = new Map(['start.html', 'index.html'].map((name) => [name, page]));
    app = house({ site, key: KEY, note });
  });
  afterEach(async () => {
    for (const { room } of rooms.values()) await (await room.catch(() => undefined))?.close();
    expect(notes).toEqual([]);
  });

  const asker = asking(() => app);
  return {
    ...asker,
    home,
    project,
    app: () => app,
    started: () => started,
    told: async <T>(path: string, body: unknown) => (await (await asker.post(path, body)).json()) as T,
    asked: async <T>(path: string) => (await (await asker.get(path)).json()) as T,
    phantoms: async (labelled) => {
      const counts = { labelled, val: 0, test: 0, unlabelled: 2 };
      await writePhantomDataset(home('hands'), {
        seed: 3,
        classes: 3,
        size: { height: 64, width: 64 },
        counts,
      });
      return home('hands');
    },
  };
}
