/**
 * @file Label maps as MetaImage or NRRD files, of one slice or of all slices of a volume, read only. Segmentations of
 * 3D Slicer (.seg.nrrd) name their numbers themselves, as long as no two segments overlap.
 */
import { gatherMetaImage, isMetaImage, parseMetaImage } from '../volumes/metaimage.ts';
import { gatherNrrd, nrrdKeys, parseNrrd } from '../volumes/nrrd.ts';
import { isVolumeName } from '../volumes/reader.ts';
import { unpack } from '../volumes/unpack.ts';
import { valuesOf } from '../volumes/values.ts';
import { labelMapReader } from './label-map.ts';
import { type LabelFile, slicesOf } from './label-values.ts';
import { readLabelBytes } from './mask-folders.ts';

export const labelMapVolume = labelMapReader({
  id: 'volumes',
  name: 'a folder of MetaImage or NRRD label maps',
  isLabelFile: isVolumeName,

  readLabels: (path) =>
    readLabelBytes(path, async (bytes): Promise<LabelFile> => {
      const isMeta = isMetaImage(bytes);
      const file = await (isMeta ? gatherMetaImage(bytes, path) : gatherNrrd(bytes, path));
      const layout = isMeta ? parseMetaImage(file, path) : parseNrrd(file, path);
      const values = valuesOf(unpack(file, path, layout), layout.type, layout.littleEndian);
      const slices = slicesOf(layout.dims, values);
      const names = isMeta ? undefined : segmentNames(nrrdKeys(file));
      return { slices, ...(names && { names }) };
    }),
});

/** `Segment0_Name` and `Segment0_LabelValue` of 3D Slicer; undefined where there are none. */
function segmentNames(keys: ReadonlyMap<string, string>): ReadonlyMap<number, string> | undefined {
  const names = [...keys].flatMap(([key, name]): [number, string][] => {
    const segment = /^(Segment\d+)_Name$/.exec(key)?.[1];
    const value = Number(keys.get(`${segment}_LabelValue`) ?? Number.NaN);
    return segment === undefined || !Number.isInteger(value) ? [] : [[value, name]];
  });
  return names.length === 0 ? undefined : new Map(names.sort(([a], [b]) => a - b));
}
