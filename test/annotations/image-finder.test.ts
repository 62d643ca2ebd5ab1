import { describe, expect, it } from 'vitest';
import { imageLookup } from '../../src/annotations/image-finder.ts';
import { AnnotationError } from '../../src/base/errors.ts';

const found = (files: readonly string[], name: string): unknown => {
  const image = imageLookup('/data/A', files)(name);
  return image && [image.path, image.frame].filter((part) => part !== undefined);
};

describe('an image is found by what annotations call it', () => {
  it.each<[string, string[], string, unknown]>([
    ['by its name', ['a.png', 'b.png'], 'b.png', ['/data/A/b.png']],
    ['by its name rather than its stem', ['a.jpg', 'a.png'], 'a.png', ['/data/A/a.png']],
    ['without its ending', ['a.jpg', 'notes.txt'], 'a', ['/data/A/a.jpg']],
    ['by masks with another ending', ['a.jpg'], 'a.png', ['/data/A/a.jpg']],
    ['by a UID, whose parts are no endings', ['1.2.3', '1.2.4'], '1.2.4', ['/data/A/1.2.4']],
    ['by masks that are called after a UID', ['1.2.3', '1.2.4'], '1.2.4.png', ['/data/A/1.2.4']],
    ['in a folder below', ['P1/S/IM1', 'P2/S/IM2'], 'IM2', ['/data/A/P2/S/IM2']],
    ['by a name with folders', ['P1/S/IM1', 'P2/S/IM1'], 'P2/S/IM1', ['/data/A/P2/S/IM1']],
    ['by the folder that is named itself', ['IM1'], 'A/IM1', ['/data/A/IM1']],
    ['with the number of its frame', ['P1/a.dcm'], 'a#3.dcm', ['/data/A/P1/a.dcm', 2]],
    ['not in another folder', ['P1/IM1'], 'P2/IM1', undefined],
    ['not by a part of its name', ['P1/xIM1'], 'IM1', undefined],
  ])('%s', (_, files, name, path) => expect(found(files, name)).toEqual(path));

  it.each([
    [['P1/IM1', 'P2/IM1'], 'IM1'],
    [['a.png', 'a.jpg'], 'a'],
  ])('or refused where there are several: %j', (files, name) => {
    expect(() => found(files, name)).toThrow(AnnotationError);
    expect(() => found(files, name)).toThrow(/several images .*, such as/);
  });
});
