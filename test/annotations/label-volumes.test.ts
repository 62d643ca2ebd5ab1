/** Label maps of volumes: slice by slice in, and out with the place of their images. */
import { mkdir, readdir, readFile, writeFile } from 'node:fs/promises';
import { gzipSync } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import { findImagesIn } from '../../src/annotations/image-finder.ts';
import { labelMapNifti } from '../../src/annotations/label-map-nifti.ts';
import { labelMapVolume } from '../../src/annotations/label-map-volume.ts';
import { readAnnotations, recogniseFormat } from '../../src/annotations/read.ts';
import type { AnnotatedImage, AnnotationSet } from '../../src/annotations/types.ts';
import { AnnotationError } from '../../src/base/errors.ts';
import { dataSchema } from '../../src/dataset/config.ts';
import { openDataset } from '../../src/dataset/dataset.ts';
import { encodeRle, rleToString } from '../../src/masks/rle.ts';
import { decodeNifti, encodeNifti, encodeNiftiVolume } from '../../src/nifti/nifti.ts';
import { sourceFile } from '../dicom/source-file.ts';
import { useFolder } from '../pipeline/folder.ts';

const inFolder = useFolder();
/** Three slices of two rows of three columns. */
const DIMS = [3, 2, 3];
const LABELS = Uint8Array.of(0, 1, 0, 2, 0, 0, 0, 0, 0, 0, 0, 0, 2, 2, 2, 1, 1, 1);
/** Turned, mirrored and far away. */
const AFFINE = [0, -0.5, 0, 10, 0.25, 0, 0, -20, 0, 0, 3, 30];
const GRID = { dims: DIMS, spacingMm: [0.25, 0.5, 3], affine: AFFINE };

const mask = (values: ArrayLike<number>, label: number) =>
  encodeRle({ height: 2, width: 3, data: Uint8Array.from(values, (value) => (value === label ? 1 : 0)) });

/** What LABELS say, of images with these names. */
function annotated(name: (slice: number) => string): AnnotatedImage[] {
  return [0, 1, 2].map((slice) => {
    const values = LABELS.subarray(6 * slice, 6 * slice + 6);
    const structures = [1, 2].flatMap((label) =>
      values.includes(label) ? [{ classIndex: label - 1, rle: mask(values, label) }] : [],
    );
    return { fileName: name(slice), height: 2, width: 3, structures };
  });
}

const setOf = (name: (slice: number) => string): AnnotationSet => ({
  classes: ['Radius', 'Ulna'],
  images: annotated(name),
});

/** In a form that can be compared. */
const plain = ({ classes, images }: AnnotationSet) => ({
  classes,
  images: images.map(({ structures, ...image }) => ({
    ...image,
    structures: structures.map(({ classIndex, rle }) => [classes[classIndex], rleToString(rle)]),
  })),
});

async function save(folder: string, files: Readonly<Record<string, Uint8Array | string>>): Promise<string> {
  await mkdir(inFolder(folder), { recursive: true });
  for (const [name, content] of Object.entries(files)) await writeFile(inFolder(folder, name), content);
  return inFolder(folder);
}

const image = (values: Uint8Array = new Uint8Array(18)): Uint8Array => encodeNiftiVolume(values, GRID);

describe('a volume of labels', () => {
  it('is read slice by slice: NIfTI', async () => {
    const masks = await save('masks', {
      'scan.nii.gz': encodeNifti(LABELS, DIMS, [1, 1, 1]),
      'classes.txt': 'Radius\nUlna\n',
    });
    expect(plain(await readAnnotations(masks))).toEqual(plain(setOf((i) => `scan#${i + 1}.nii`)));
  });

  it('is read slice by slice: MetaImage and NRRD', async () => {
    const masks = await save('masks', {
      'a.mha': Buffer.concat([
        Buffer.from(
          'ObjectType = Image\nNDims = 3\nDimSize = 3 2 3\nElementType = MET_UCHAR\nElementDataFile = LOCAL\n',
        ),
        LABELS,
      ]),
      'b.nrrd': nrrd(),
      'classes.txt': 'Radius\nUlna\n',
    });
    expect((await recogniseFormat(masks)).id).toBe('volumes');
    const names = ['a#1.mha', 'a#2.mha', 'a#3.mha', 'b#1.nrrd', 'b#2.nrrd', 'b#3.nrrd'];
    const images = [...annotated((i) => names[i]!), ...annotated((i) => names[3 + i]!)];
    expect(plain(await readAnnotations(masks))).toEqual(plain({ classes: ['Radius', 'Ulna'], images }));
  });

  it('labels the slices of the volume of its name in a data set', async () => {
    await save('data/images', { 'scan.nii.gz': image(Uint8Array.from(LABELS, (value) => 100 * value)) });
    await save('data/masks', {
      'scan.seg.nrrd': nrrd([
        'Segment0_LabelValue:=1',
        'Segment0_Name:=Radius',
        'Segment1_LabelValue:=2',
        'Segment1_Name:=Ulna',
      ]),
    });
    const { cases, classes } = await openDataset(dataSchema.parse({ root: inFolder('data'), ids: 'names' }));
    const found = cases
      .toSorted((a, b) => a.name.localeCompare(b.name))
      .map(({ name, structures = [] }) => [name, structures.map(({ rle }) => rleToString(rle))]);
    expect(classes).toEqual(['Radius', 'Ulna']);
    expect(found).toEqual(
      annotated((i) => `scan#${i + 1}.nii.gz`).map(({ fileName, structures }) => [
        fileName,
        structures.map(({ rle }) => rleToString(rle)),
      ]),
    );
  });
});

/** As 3D Slicer writes it, with keys of its own. */
function nrrd(keys: readonly string[] = [], sizes = '3 2 3', values = LABELS): Uint8Array {
  const axes = sizes.split(' ').length;
  const kinds = axes === 4 ? 'list domain domain domain' : 'domain domain domain';
  const directions = `${axes === 4 ? 'none ' : ''}(0.25,0,0) (0,0.5,0) (0,0,3)`;
  const head = [
    'NRRD0004',
    'type: unsigned char',
    `dimension: ${axes}`,
    'space: left-posterior-superior',
    `sizes: ${sizes}`,
    `space directions: ${directions}`,
    `kinds: ${kinds}`,
    'encoding: gzip',
    'space origin: (1,2,3)',
    ...keys,
  ];
  return Buffer.concat([Buffer.from(`${head.join('\n')}\n\n`), gzipSync(values)]);
}

describe('a segmentation of 3D Slicer', () => {
  const KEYS = [
    'Segment0_LabelValue:=2',
    'Segment0_Name:=Größe',
    'Segment0_NameAutoGenerated:=0',
    'Segment1_LabelValue:=1',
    'Segment1_Name:=Ulna',
    'Segmentation_MasterRepresentation:=Binary labelmap',
  ];

  it('names its numbers itself', async () => {
    const masks = await save('masks', { 'scan.seg.nrrd': nrrd(KEYS) });
    const read = await readAnnotations(masks);
    const expected = { classes: ['Ulna', 'Größe'], images: annotated((i) => `scan#${i + 1}.nrrd`) };
    expect(plain(read)).toEqual(plain(expected));
    const asked = await labelMapVolume.read(masks, { classes: ['Größe', 'Ulna'] });
    expect(asked.images[0]!.structures.map(({ classIndex }) => classIndex)).toEqual([0, 1]);
    await expect(labelMapVolume.read(masks, { classes: ['Ulna', 'Grösse'] })).rejects.toThrow(
      /Did you mean "Grösse"/,
    );
  });

  it('is refused where a number has no name, or segments overlap', async () => {
    const bare = await save('bare', { 'scan.seg.nrrd': nrrd(KEYS.slice(3)) });
    await expect(readAnnotations(bare)).rejects.toThrow(/scan\.seg\.nrrd at \(0, 1\) has the value 2/);
    const layers = Uint8Array.from([...LABELS].flatMap((value) => [value, 1]));
    const overlapping = await save('overlapping', { 'scan.seg.nrrd': nrrd(KEYS, '2 3 2 3', layers) });
    await expect(readAnnotations(overlapping)).rejects.toThrow(AnnotationError);
    await expect(readAnnotations(overlapping)).rejects.toThrow(/has 2 numbers at every place/);
    const unnamed = await save('unnamed', { 'scan.nrrd': nrrd() });
    await expect(readAnnotations(unnamed)).rejects.toThrow(/without names for their values/);
  });
});

describe('NIfTI label maps with their images', () => {
  const written = async (name: string) => decodeNifti(await readFile(inFolder('out', name)), name);

  it('are one file for all slices of a volume, and lie where it lies', async () => {
    const images = await save('images', { 'scan.nii.gz': image() });
    const set = setOf((i) => `scan#${i + 1}.nii.gz`);
    const shuffled = { ...set, images: set.images.toReversed() };
    await labelMapNifti.write(inFolder('out'), shuffled, await findImagesIn(images));
    expect((await readdir(inFolder('out'))).sort()).toEqual(['classes.txt', 'scan.nii.gz']);
    const { dims, spacingMm, affine, data } = await written('scan.nii.gz');
    expect({ dims, spacingMm, affine, data }).toEqual({ ...GRID, data: LABELS });
    expect(plain(await readAnnotations(inFolder('out')))).toEqual(plain(setOf((i) => `scan#${i + 1}.nii`)));
  });

  it.each([
    ['MetaImage', 'scan.mha', metaImage()],
    ['NRRD', 'scan.nrrd', nrrd()],
  ])('lie where a volume lies that is a %s, which counts from other sides', async (_, name, bytes) => {
    const images = await save('images', { [name]: bytes });
    const set = setOf((i) => name.replace('.', `#${i + 1}.`));
    await labelMapNifti.write(inFolder('out'), set, await findImagesIn(images));
    const { dims, spacingMm, affine, data } = await written('scan.nii.gz');
    expect({ dims, spacingMm, data }).toEqual({ dims: DIMS, spacingMm: [0.25, 0.5, 3], data: LABELS });
    expect(affine).toEqual([-0.25, 0, 0, -1, 0, -0.5, 0, -2, 0, 0, 3, 3]);
  });

  it('of some slices are files of their own, each at its place', async () => {
    const images = await save('images', { 'scan.nii.gz': image() });
    const set = setOf((i) => `scan#${i + 1}.nii.gz`);
    const some = { ...set, images: set.images.slice(1) };
    await labelMapNifti.write(inFolder('out'), some, await findImagesIn(images));
    const last = await written('scan#3.nii.gz');
    expect(last.dims).toEqual([3, 2, 1]);
    expect(last.affine).toEqual([0, -0.5, 0, 10, 0.25, 0, 0, -20, 0, 0, 3, 36]);
    expect(plain(await readAnnotations(inFolder('out')))).toEqual(
      plain({ ...set, images: annotated((i) => `scan#${i + 1}.nii`).slice(1) }),
    );
  });

  it('have the distances of other images, and 1 mm without them', async () => {
    const spacing = { tag: 0x00280030, vr: 'DS', value: '0.5\\0.25' } as const;
    const pixels = [
      { tag: 0x00280002, vr: 'US', value: [1] },
      { tag: 0x00280004, vr: 'CS', value: 'MONOCHROME2' },
      { tag: 0x00280100, vr: 'US', value: [8] },
      { tag: 0x00280101, vr: 'US', value: [8] },
      { tag: 0x00280103, vr: 'US', value: [0] },
      { tag: 0x7fe00010, vr: 'OB', value: new Uint8Array(6) },
    ] as const;
    const images = await save('images', { 'a.dcm': sourceFile([spacing, ...pixels]) });
    const set = setOf(() => 'a.dcm');
    const one = { ...set, images: set.images.slice(0, 1) };
    await labelMapNifti.write(inFolder('out'), one, await findImagesIn(images));
    expect((await written('a.nii.gz')).spacingMm).toEqual([0.25, 0.5, 1]);
    await labelMapNifti.write(inFolder('out'), one);
    expect((await written('a.nii.gz')).spacingMm).toEqual([1, 1, 1]);
  });

  it('refuse an image of another size', async () => {
    const images = await save('images', { 'scan.nii.gz': encodeNifti(new Uint8Array(4), [2, 2], [1, 1]) });
    const set = setOf(() => 'scan.nii.gz');
    const one = { ...set, images: set.images.slice(0, 1) };
    const writing = labelMapNifti.write(inFolder('out'), one, await findImagesIn(images));
    await expect(writing).rejects.toThrow(/2 x 2 pixels, another mask of its image 3 x 2/);
  });
});

function metaImage(): Uint8Array {
  const head =
    'ObjectType = Image\nNDims = 3\nTransformMatrix = 1 0 0 0 1 0 0 0 1\nOffset = 1 2 3\nElementSpacing = 0.25 0.5 3\nDimSize = 3 2 3\nElementType = MET_UCHAR\nElementDataFile = LOCAL\n';
  return Buffer.concat([Buffer.from(head), LABELS]);
}
