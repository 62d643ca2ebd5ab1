import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { canonicalJson, hashFile, hashJson } from '../../src/base/hash.ts';
import { temporaryFolder } from '../temporary.ts';

describe('canonicalJson', () => {
  it('orders keys at every depth and leaves lists as they are', () => {
    expect(canonicalJson({ b: [{ d: 1, c: 2 }, 3], a: null })).toBe('{"a":null,"b":[{"c":2,"d":1},3]}');
  });

  it('leaves out what is undefined', () => {
    expect(canonicalJson({ a: undefined, b: 1 })).toBe(canonicalJson({ b: 1 }));
  });

  it('gives equal text for equal data in any key order, and keeps the data', () => {
    fc.assert(
      fc.property(fc.dictionary(fc.string(), fc.jsonValue(), { noNullPrototype: true }), (record) => {
        const turned = Object.fromEntries(Object.entries(record).reverse());
        expect(canonicalJson(turned)).toBe(canonicalJson(record));
        expect(JSON.parse(canonicalJson(record))).toEqual(JSON.parse(JSON.stringify(record)));
      }),
    );
  });
});

describe('hashes', () => {
  it('tell data apart that differ in one value', () => {
    expect(hashJson({ a: [1, 2] })).not.toBe(hashJson({ a: [1, 3] }));
    expect(hashJson({ a: '1' })).not.toBe(hashJson({ a: 1 }));
  });

  it('of a file is the SHA-256 of its bytes', async () => {
    const path = join(await temporaryFolder(), 'abc');
    await writeFile(path, 'abc');
    // The example of FIPS 180-2, appendix B.1.
    expect(await hashFile(path)).toBe('ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad');
  });
});
