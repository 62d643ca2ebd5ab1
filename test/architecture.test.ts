/** The one-way floors of docs/architecture.md: a room imports only from its own floor or from floors below. */
import { readdirSync, readFileSync, statSync } from 'node:fs';
import { join, relative, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';

const SRC = fileURLToPath(new URL('../src', import.meta.url));

const FLOOR: Readonly<Record<string, number>> = {
  base: 0,
  tensor: 0,
  nifti: 1,
  volumes: 1,
  imaging: 1,
  dicom: 1,
  graph: 2,
  masks: 2,
  runtime: 2.5,
  annotations: 3,
  autodiff: 3,
  nn: 3,
  optim: 3.5,
  dataset: 4,
  sam: 5,
  models: 5,
  refine: 5,
  review: 5.2,
  label: 5.2,
  desk: 0,
  evaluate: 5,
  trust: 5.5,
  training: 6,
  atlas: 6.1,
  prompted: 6.1,
  foal: 6.2,
  adapt: 6.3,
  track: 6.3,
  frozen: 6.2,
  nnunet: 6.2,
  closeup: 6.2,
  machine: 6.5,
  pipeline: 7,
  benchmark: 8,
  tune: 8,
  report: 6,
  server: 8,
  submit: 8,
  cli: 9,
};

/** The page, whose own tsconfig keeps what needs Node.js out of it. */
const APP = fileURLToPath(new URL('../app/src', import.meta.url));

function walk(folder: string): string[] {
  return readdirSync(folder).flatMap((name) => {
    const path = join(folder, name);
    return statSync(path).isDirectory() ? walk(path) : [path];
  });
}

const files = walk(SRC).filter((path) => path.endsWith('.ts'));
const pageFiles = walk(APP).filter((path) => /\.tsx?$/.test(path));

const roomOf = (path: string): string => relative(SRC, path).split('/')[0]!;

describe('the house', () => {
  it('has a floor for every room', () => {
    const rooms = new Set(files.map(roomOf).filter((room) => !room.endsWith('.ts')));
    expect([...rooms].sort()).toEqual(Object.keys(FLOOR).sort());
  });

  it('imports downwards only', () => {
    const upwards = files.flatMap((path) =>
      [...readFileSync(path, 'utf8').matchAll(/from '(\.[^']+)'/g)].flatMap(([, target]) => {
        const [from, to] = [roomOf(path), roomOf(resolve(path, '..', target!))];
        return from !== to && FLOOR[to]! > FLOOR[from]! ? [`${relative(SRC, path)} -> ${target}`] : [];
      }),
    );
    expect(upwards).toEqual([]);
  });

  it('lets nothing import the page, and the page nothing of the server', () => {
    const imports = (path: string): string[] =>
      [...readFileSync(path, 'utf8').matchAll(/from '(\.[^']+)'/g)].map(([, target]) =>
        relative(SRC, resolve(path, '..', target!)),
      );
    expect(files.filter((path) => imports(path).some((target) => target.startsWith('../app')))).toEqual([]);
    expect(pageFiles.filter((path) => imports(path).some((target) => target.startsWith('server/')))).toEqual(
      [],
    );
  });

  it('starts no process of its own but as Node.js, which an Electron app is not by itself', () => {
    const texts = new Map(files.map((path) => [relative(SRC, path), readFileSync(path, 'utf8')]));
    const starting = [...texts].filter(([, text]) => /\b(spawn\(process\.execPath|fork\()/.test(text));
    expect(starting.map(([path]) => path).sort()).toEqual([
      'benchmark/crew.ts',
      'cli/submit.ts',
      'machine/probe-child.ts',
      'server/children.ts',
    ]);
    for (const [path, text] of starting) expect(text, path).toContain('...asNode(),');
  });

  it('keeps files short enough to hold one concept', () => {
    const long = [...files, ...pageFiles].filter(
      (path) => readFileSync(path, 'utf8').split('\n').length > 400,
    );
    expect(long.map((path) => relative(SRC, path))).toEqual([]);
  });
});
