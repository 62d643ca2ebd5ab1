/** @file The class list of a labelled folder: classes are added, renamed and coloured, and keep their masks. */
import { z } from 'zod';
import { AnnotationError } from '../base/errors.ts';
import { writeFileAtomic } from '../base/files.ts';
import { readListFile } from '../base/list-file.ts';
import type { ClassChange } from './protocol.ts';

const classSchema = z.strictObject({
  /** What masks go by; never changed. */
  key: z.string().min(1),
  name: z.string().min(1),
  /** Number of a colour of the palette. */
  colour: z.int().min(0),
  /** Earlier names, by which an older annotation file may still call it. */
  was: z.array(z.string()).default([]),
});

export type LabelClass = Readonly<z.infer<typeof classSchema>>;

/** The list with the names of an annotation file, in its order, behind those that are there. */
export function withNames(classes: readonly LabelClass[], names: readonly string[]): readonly LabelClass[] {
  const known = new Set(classes.flatMap(({ name, was }) => [name, ...was]));
  return names.filter((name) => !known.has(name)).reduce(withClass, classes);
}

function withClass(classes: readonly LabelClass[], name: string): readonly LabelClass[] {
  const next = classes.length;
  return [...classes, { key: `c${next + 1}`, name, colour: next % 40, was: [] }];
}

/** @throws AnnotationError for a name that is empty or taken, or a class that is not there. */
export function changeClasses(classes: readonly LabelClass[], change: ClassChange): readonly LabelClass[] {
  if ('add' in change) return withClass(classes, freeName(classes, change.add));
  const { classIndex } = change;
  const before = classes[classIndex];
  if (before === undefined) {
    throw new AnnotationError({
      seen: `There is no class number ${classIndex}`,
      need: 'A class of this folder',
      fix: 'Load the page again',
    });
  }
  const others = classes.filter((one) => one !== before);
  const after =
    'name' in change
      ? { ...before, name: freeName(others, change.name), was: [...before.was, before.name] }
      : { ...before, colour: change.colour };
  return classes.map((one) => (one === before ? after : one));
}

/** The name without space around it. */
function freeName(classes: readonly LabelClass[], given: string): string {
  const name = given.trim();
  if (name === '' || name.length > 100 || /\p{Cc}/u.test(name)) {
    throw new AnnotationError({
      seen: `A class cannot be called ${JSON.stringify(given.slice(0, 100))}`,
      need: 'A name of 1 to 100 signs',
      fix: 'Choose another name',
    });
  }
  if (classes.some((one) => one.name === name)) {
    throw new AnnotationError({
      seen: `There is a class ${name} already`,
      need: 'Every class has a name of its own',
      fix: 'Choose another name',
    });
  }
  return name;
}

/** The key of the class that an annotation file calls `name`, by earlier names too; undefined for none. */
export function keyOfName(classes: readonly LabelClass[], name: string): string | undefined {
  const now = classes.find((one) => one.name === name);
  return (now ?? classes.find(({ was }) => was.includes(name)))?.key;
}

/** No class where there is no file yet. @throws RunError for a damaged one. */
export function readClasses(path: string): Promise<readonly LabelClass[]> {
  return readListFile(path, classSchema, {
    need: 'The class list as Packmule wrote it',
    fix: 'Restore the file from a copy',
  });
}

export async function writeClasses(path: string, classes: readonly LabelClass[]): Promise<void> {
  await writeFileAtomic(path, `${JSON.stringify(classes)}\n`);
}
