/** @file What a folder of image embeddings holds, model by model, and clearing it. */
import { existsSync } from 'node:fs';
import { readdir, readFile, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { writeFileAtomic } from '../base/files.ts';

/** The end of the name of every embedding's file. */
export const EMBEDDING_SUFFIX = '.safetensors';
/** Says what people call the model of a folder. */
const LABEL_FILE = 'model.json';

/** The stored embeddings of one model. */
export interface StoredEmbeddings {
  /** What people call the model; the start of its hash where nobody said. */
  readonly label: string;
  readonly folder: string;
  readonly images: number;
  readonly bytes: number;
}

/** What lies in the folder of a store; nothing where there is none. */
export async function listEmbeddings(folder: string): Promise<StoredEmbeddings[]> {
  const entries = await readdir(folder, { withFileTypes: true }).catch(() => []);
  const models = entries.filter((entry) => entry.isDirectory()).map(({ name }) => name);
  return Promise.all(
    models.sort().map(async (name) => {
      const path = join(folder, name);
      const files = (await readdir(path)).filter((file) => file.endsWith(EMBEDDING_SUFFIX));
      const sizes = await Promise.all(files.map(async (file) => (await stat(join(path, file))).size));
      const bytes = sizes.reduce((sum, size) => sum + size, 0);
      return { label: (await readLabel(path)) ?? name, folder: path, images: files.length, bytes };
    }),
  );
}

/** Removes the stored embeddings of one model; a run that needs them encodes its images again. */
export async function clearEmbeddings({ folder }: StoredEmbeddings): Promise<void> {
  await rm(folder, { recursive: true, force: true });
}

/** Notes in the folder of a model what people call it. */
export async function writeLabel(folder: string, label: string): Promise<void> {
  const path = join(folder, LABEL_FILE);
  if (!existsSync(path)) await writeFileAtomic(path, `${JSON.stringify({ label })}\n`);
}

async function readLabel(folder: string): Promise<string | undefined> {
  try {
    const { label } = JSON.parse(await readFile(join(folder, LABEL_FILE), 'utf8')) as { label?: unknown };
    return typeof label === 'string' ? label : undefined;
  } catch {
    return undefined;
  }
}
