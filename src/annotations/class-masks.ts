/**
 * @file Per-class masks: a folder with one folder an image, in it one PNG a class, `<image>/<class>.png`; 0 is
 * background, anything else the structure. Classes may overlap. The folder has the image's file name, with or
 * without its ending; letters of a class name that file names cannot have are percent-encoded. Class order comes
 * from the caller's list, from classes.txt beside the folders, or else is alphabetical.
 *
 * A mask of zeros means that the class is absent, and tells the size of an image without any structure.
 */
import { join } from 'node:path';
import { AnnotationError } from '../base/errors.ts';
import type { Size } from '../base/geometry.ts';
import { writeMaskPng } from '../imaging/write.ts';
import { emptyMask } from '../masks/mask.ts';
import { decodeRle, encodeRle, rleArea } from '../masks/rle.ts';
import { createClassLookup, mergeByClass } from './collect.ts';
import { flatName } from './fit.ts';
import {
  checkSameSize,
  emptyFolder,
  listFolder,
  readClassList,
  readValuePng,
  writeClassList,
} from './mask-folders.ts';
import type { AnnotatedImage, ReadableFormat, Structure, WritableFormat } from './types.ts';

export const classMasks: ReadableFormat & WritableFormat = {
  id: 'class-masks',
  name: 'a folder of per-class PNGs (IMAGE/CLASS.png)',
  place: 'folder',
  holds: {
    overlaps: true,
    exact: true,
    classList: true,
    anyClassName: false,
    fileEndings: true,
    equalStems: true,
    notes: [],
  },

  async matches(path) {
    for (const folder of (await listFolder(path)).folders) {
      if ((await listFolder(join(path, folder))).pngs.length > 0) return true;
    }
    return false;
  },

  async read(path, options = {}) {
    const { folders } = await listFolder(path);
    if (folders.length === 0)
      throw emptyFolder(path, 'A folder of per-class masks has one folder for every image');
    const files = new Map<string, string[]>();
    for (const folder of folders) {
      const { pngs } = await listFolder(join(path, folder));
      if (pngs.length === 0) {
        throw emptyFolder(join(path, folder), 'The folder of an image has one PNG for every class in it');
      }
      files.set(folder, pngs);
    }
    const found = [...new Set([...files.values()].flat().map(classNameOf))].sort();
    const lookup = createClassLookup((await readClassList(path)) ?? found, options.classes);
    const images: AnnotatedImage[] = [];
    for (const [folder, pngs] of files) {
      let size: Size | undefined;
      const structures: Structure[] = [];
      for (const png of pngs) {
        const file = join(path, folder, png);
        const classIndex = lookup.indexOf(classNameOf(png), file);
        const { width, height, data } = await readValuePng(file);
        checkSameSize(file, { width, height }, size ?? { width, height });
        size = { width, height };
        const rle = encodeRle({ ...size, data: Uint8Array.from(data, (value) => (value === 0 ? 0 : 1)) });
        if (rleArea(rle) > 0) structures.push({ classIndex, rle });
      }
      images.push({ fileName: folder, ...size!, structures: mergeByClass(structures) });
    }
    return { classes: lookup.classes, images };
  },

  async write(path, set) {
    const [firstClass] = set.classes;
    if (firstClass === undefined) {
      throw new AnnotationError({
        seen: 'The annotations have no classes',
        need: 'Per-class PNGs need at least one class',
        fix: 'Write COCO JSON instead',
      });
    }
    for (const image of set.images) {
      const folder = join(path, flatName(image.fileName));
      if (image.structures.length === 0)
        await writeMaskPng(join(folder, pngOf(firstClass)), emptyMask(image));
      for (const { classIndex, rle } of image.structures) {
        await writeMaskPng(join(folder, pngOf(set.classes[classIndex]!)), decodeRle(rle));
      }
    }
    await writeClassList(path, set.classes);
  },
};

function pngOf(className: string): string {
  const safe = className.replace(/[%/\\:*?"<>|]|^\./g, (letter) => {
    return `%${letter.charCodeAt(0).toString(16).padStart(2, '0')}`;
  });
  return `${safe}.png`;
}

function classNameOf(png: string): string {
  return png
    .replace(/\.png$/i, '')
    .replace(/%([0-9a-f]{2})/gi, (_, code) => String.fromCharCode(Number.parseInt(code, 16)));
}
