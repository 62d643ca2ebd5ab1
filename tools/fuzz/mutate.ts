/** @file What damage and malice do to a file: a few changes of its bytes, drawn from a generator. */
import type { Rng } from '../../src/base/rng.ts';

/** Numbers that break what trusts them. */
const NUMBERS = [
  0, 1, 0x7f, 0x80, 0xff, 0x7fff, 0x8000, 0xffff, 0x7fffffff, 0x80000000, 0xfffffffe, 0xffffffff,
];

type Mutation = (bytes: Buffer, rng: Rng) => Buffer;

const MUTATIONS: readonly Mutation[] = [
  (bytes, rng) => {
    bytes[place(bytes, rng)] = rng.below(256);
    return bytes;
  },
  (bytes, rng) => {
    bytes[place(bytes, rng)]! ^= 1 << rng.below(8);
    return bytes;
  },
  (bytes, rng) => writeNumber(bytes, rng, 2),
  (bytes, rng) => writeNumber(bytes, rng, 4),
  (bytes, rng) => {
    const [from, to] = range(bytes, rng);
    return bytes.fill(0, from, to);
  },
  (bytes, rng) => bytes.subarray(0, rng.below(bytes.length) + 1),
  (bytes, rng) => {
    const [from, to] = range(bytes, rng);
    return Buffer.concat([bytes.subarray(0, from), bytes.subarray(to)]);
  },
  (bytes, rng) => {
    const [from, to] = range(bytes, rng);
    return Buffer.concat([bytes.subarray(0, to), bytes.subarray(from)]);
  },
];

/** What damage and malice do to a text: another number in the place of one, another word in the place of one. */
const TEXT_MUTATIONS: readonly Mutation[] = [
  (bytes, rng) => exchanged(bytes, rng, /-?\d+(\.\d+)?/g, NUMERALS),
  (bytes, rng) => exchanged(bytes, rng, /\b[A-Za-z]\w*\b/g, WORDS),
];
const NUMERALS = [
  '-1',
  '0',
  '1e999',
  '99999999',
  '2147483648',
  '1.5',
  '9007199254740993',
  '""',
  'null',
  '[]',
];
const WORDS = [
  '',
  '__proto__',
  'constructor',
  '../../x',
  'a\0b',
  'null',
  'Ulna',
  'x'.repeat(5000),
  '[[[[',
  '&a;',
];

export type Kind = 'bytes' | 'text';

/** A damaged copy: one to four changes, more often in the first kilobyte, where files say what they are. */
export function mutate(original: Uint8Array, rng: Rng, kind: Kind = 'bytes'): Uint8Array {
  // Of a text, a third of the changes are of what it says.
  const mutations = kind === 'text' ? [...MUTATIONS, ...TEXT_MUTATIONS, ...TEXT_MUTATIONS] : MUTATIONS;
  let bytes: Buffer = Buffer.from(original);
  for (let left = 1 + rng.below(4); left > 0 && bytes.length > 0; left--) {
    bytes = mutations[rng.below(mutations.length)]!(bytes, rng);
  }
  return bytes;
}

function exchanged(bytes: Buffer, rng: Rng, pattern: RegExp, values: readonly string[]): Buffer {
  const text = bytes.toString('latin1');
  const matches = [...text.matchAll(pattern)];
  if (matches.length === 0) return bytes;
  const { index, 0: found } = matches[rng.below(matches.length)]!;
  const value = values[rng.below(values.length)]!;
  return Buffer.from(text.slice(0, index) + value + text.slice(index + found.length), 'latin1');
}

function place(bytes: Buffer, rng: Rng): number {
  return rng.below(rng.uniform() < 0.6 ? Math.min(bytes.length, 1024) : bytes.length);
}

/** Up to 256 bytes. */
function range(bytes: Buffer, rng: Rng): [from: number, to: number] {
  const from = place(bytes, rng);
  return [from, Math.min(bytes.length, from + 1 + rng.below(256))];
}

function writeNumber(bytes: Buffer, rng: Rng, length: 2 | 4): Buffer {
  if (bytes.length < length) return bytes;
  const at = Math.min(place(bytes, rng), bytes.length - length);
  const value = NUMBERS[rng.below(NUMBERS.length)]! % 2 ** (8 * length);
  if (rng.below(2) === 0) bytes.writeUIntLE(value, at, length);
  else bytes.writeUIntBE(value, at, length);
  return bytes;
}
