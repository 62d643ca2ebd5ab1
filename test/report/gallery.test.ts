import { describe, expect, it } from 'vitest';
import type { Structure } from '../../src/annotations/types.ts';
import { evaluateSet } from '../../src/evaluate/summary.ts';
import type { Image } from '../../src/imaging/image.ts';
import { decodeImage } from '../../src/imaging/read.ts';
import { encodeRle } from '../../src/masks/rle.ts';
import { createGalleryCase, leastTrustedImages, worstImages } from '../../src/report/gallery.ts';
import { gallerySection } from '../../src/report/sections/gallery.ts';

const classes = ['radius', 'ulna', 'lunate'];
const structure = (classIndex: number, row: string): Structure => ({
  classIndex,
  rle: encodeRle({ height: 2, width: 4, data: Uint8Array.from(row + row, Number) }),
});
const image: Image = {
  height: 2,
  width: 4,
  bits: 8,
  data: Uint8Array.from([0, 80, 160, 240, 0, 80, 160, 240]),
};

describe('createGalleryCase', () => {
  it('scores each panel and names what is missed and invented', async () => {
    const shown = await createGalleryCase({
      image,
      fileName: 'a.png',
      split: 'test',
      classes,
      truth: [structure(0, '1100'), structure(1, '0011')],
      initial: [structure(0, '1000'), structure(2, '0001')],
    });
    expect(shown.initial).toMatchObject({ missed: ['ulna'], invented: ['lunate'] });
    expect(shown.initial!.dice).toBeCloseTo((2 / 3 + 0) / 2, 12);
    expect(shown.initial!.outlines.map((outline) => [outline.className, outline.dice])).toEqual([
      ['radius', expect.closeTo(2 / 3, 12)],
      ['lunate', undefined],
    ]);
    expect(shown.truth!.dice).toBeNull();
    expect(shown).not.toHaveProperty('final');
  });

  it('has a panel for each set of masks of a run', async () => {
    const [good, bad] = [[structure(0, '1100')], [structure(0, '1000')]];
    const shown = await createGalleryCase({
      ...{ image, fileName: 'a.png', split: 'test', classes, truth: good },
      ...{ initial: bad, refined: bad, final: bad, finalRefined: good },
    });
    const page = gallerySection({ note: '', cases: [shown] }).markup;
    const titles = [...page.matchAll(/<figcaption><b>([^<]*)<\/b>( [\d.]+)?/g)].map(([, title, dice]) => [
      title,
      Number(dice ?? 0),
    ]);
    expect(titles).toEqual([
      ['Image', 0],
      ['Ground truth', 0],
      ['Initial', 66.7],
      ['Refined', 66.7],
      ['Final', 66.7],
      ['Final, refined', 100],
    ]);
    expect(page).toContain('final network 66.7; final, refined 100.0');
  });

  it('has no score without a ground truth', async () => {
    const shown = await createGalleryCase({
      image,
      fileName: 'a.png',
      split: 'unlabelled',
      classes,
      final: [structure(0, '1000')],
    });
    expect(shown.final).toMatchObject({ dice: null, missed: [], invented: [] });
  });

  it('makes a picture that shows the image, smaller where it is large, 16 bits stretched', async () => {
    const pixels = new Uint16Array(64 * 32).map((_, i) => 1000 + (i % 64) * 10);
    const wide: Image = { height: 32, width: 64, bits: 16, data: pixels };
    const { picture } = await createGalleryCase(
      { image: wide, fileName: 'w.png', split: 'test', classes },
      { longestSide: 32, quality: 95 },
    );
    expect(picture).toMatch(/^data:image\/jpeg;base64,/);
    const read = await decodeImage(Buffer.from(picture.split(',')[1]!, 'base64'), 'w.jpg');
    expect([read.width, read.height]).toEqual([32, 16]);
    expect(read.data[0]).toBeLessThan(15);
    expect(read.data[31]).toBeGreaterThan(240);
  });
});

describe('worstImages', () => {
  it('puts the lowest Dice first, invented structures counted, and leaves out images without any', () => {
    const at = (fileName: string, ...structures: Structure[]) => ({
      fileName,
      height: 2,
      width: 4,
      structures,
    });
    const truth = [
      at('good', structure(0, '1111')),
      at('none'),
      at('invented', structure(0, '1111')),
      at('half', structure(0, '1111')),
    ];
    const predicted = [
      at('good', structure(0, '1111')),
      at('none'),
      at('invented', structure(0, '1111'), structure(1, '1000'), structure(2, '1000')),
      at('half', structure(0, '1100')),
    ];
    const evaluation = evaluateSet({ classes, images: truth }, { classes, images: predicted });
    expect(worstImages(evaluation, 5)).toEqual(['invented', 'half', 'good']);
    expect(worstImages(evaluation, 1)).toEqual(['invented']);
  });
});

describe('leastTrustedImages', () => {
  it('gives the images of the lowest mean trust first, those without a mask last', () => {
    const shown = (fileName: string, ...trusts: number[]) => ({
      fileName,
      width: 4,
      height: 2,
      structures: trusts.map((trust, classIndex) => ({ ...structure(classIndex, '1100'), trust })),
    });
    const images = [shown('none'), shown('good', 0.9, 0.8), shown('bad', 0.1, 0.7), shown('fair', 0.6)];
    expect(leastTrustedImages(images, 3)).toEqual(['bad', 'fair', 'good']);
    expect(leastTrustedImages(images, 9).at(-1)).toBe('none');
  });
});
