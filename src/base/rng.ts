/**
 * @file A small seeded random generator whose state can be stored in a checkpoint.
 *
 * sfc32 (Chris Doty-Humphrey, PractRand): 128 bits of state, passes BigCrush, and is the same on every machine.
 */

export interface Rng {
  /** Uniform in [0, 1) with 32 bits of resolution. */
  uniform(): number;
  /** Uniform in [low, high). */
  between(low: number, high: number): number;
  /** Whole number in [0, count). */
  below(count: number): number;
  /** Standard normal (Box-Muller, one value a call). */
  normal(): number;
  /** A new array of the same elements in random order (Fisher-Yates). */
  shuffled<T>(items: readonly T[]): T[];
  /** An independent generator named by `label`: the same parent seed and label give the same child. */
  child(label: string): Rng;
  /** The four 32-bit words of the state, to be stored. */
  state(): [number, number, number, number];
}

/** A generator from a seed (any finite number) or from a stored state. */
export function createRng(seed: number | readonly [number, number, number, number]): Rng {
  let [a, b, c, d] = typeof seed === 'number' ? seedState(seed) : seed;

  const next = (): number => {
    const sum = (((a + b) | 0) + d) | 0;
    d = (d + 1) | 0;
    a = b ^ (b >>> 9);
    b = (c + (c << 3)) | 0;
    c = (c << 21) | (c >>> 11);
    c = (c + sum) | 0;
    return sum >>> 0;
  };

  const rng: Rng = {
    uniform: () => next() / 4294967296,
    between: (low, high) => low + (high - low) * rng.uniform(),
    below: (count) => Math.floor(rng.uniform() * count),
    normal: () => Math.sqrt(-2 * Math.log(1 - rng.uniform())) * Math.cos(2 * Math.PI * rng.uniform()),
    shuffled: (items) => {
      const out = [...items];
      for (let i = out.length - 1; i > 0; i--) {
        const j = rng.below(i + 1);
        [out[i], out[j]] = [out[j]!, out[i]!];
      }
      return out;
    },
    child: (label) => createRng(hashWords(label, a ^ c, b ^ d)),
    state: () => [a, b, c, d],
  };
  if (typeof seed === 'number') for (let i = 0; i < 12; i++) next();
  return rng;
}

function seedState(seed: number): [number, number, number, number] {
  return [seed | 0, Math.floor(seed / 4294967296) | 0, 0x9e3779b9 | 0, 1];
}

/** FNV-1a over the label, started from two words of the parent state. */
function hashWords(label: string, low: number, high: number): [number, number, number, number] {
  let x = 0x811c9dc5 ^ low;
  for (let i = 0; i < label.length; i++) x = Math.imul(x ^ label.charCodeAt(i), 0x01000193);
  const words: [number, number, number, number] = [x, high, low, 1];
  const child = createRng(words);
  for (let i = 0; i < 12; i++) child.uniform();
  return child.state();
}
