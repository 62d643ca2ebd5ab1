/** @file IEEE 754 half precision and bfloat16 as bit patterns, to and from float32. */

const scratchFloat = new Float32Array(1);
const scratchBits = new Uint32Array(scratchFloat.buffer);
/** The smallest half above zero. */
const SMALLEST = 2 ** -24;

/** The float32 value of a half precision bit pattern. Exact: every half is a float32. */
export function float16ToNumber(bits: number): number {
  scratchBits[0] = float32Bits(bits);
  return scratchFloat[0]!;
}

/** The bit pattern of the float32 that a half is. */
function float32Bits(half: number): number {
  const sign = (half & 0x8000) << 16;
  const magnitude = half & 0x7fff;
  // Infinity, and what is no number: all bits of the exponent are set in both.
  if (magnitude >= 0x7c00) return sign | 0x7f800000 | ((magnitude & 0x3ff) << 13);
  // The exponent of a float32 has its zero 112 further up.
  if (magnitude >= 0x400) return sign | ((magnitude << 13) + 0x38000000);
  scratchFloat[0] = magnitude * SMALLEST;
  return sign | scratchBits[0]!;
}

/** The nearest half precision bit pattern, ties to even; beyond 65520 it is infinity. */
export function numberToFloat16(value: number): number {
  scratchFloat[0] = value;
  const bits = scratchBits[0]!;
  const sign = (bits >>> 16) & 0x8000;
  const magnitude = bits & 0x7fffffff;
  if (magnitude > 0x7f800000) return sign | 0x7e00;
  if (magnitude >= 0x47800000) return sign | 0x7c00;
  if (magnitude < 0x38800000) {
    // Below 2^-14 halves are evenly spaced by 2^-24: adding 0.5 makes the float32 unit round to that spacing.
    scratchFloat[0] = Math.abs(scratchFloat[0]!) + 0.5;
    return sign | (scratchBits[0]! - 0x3f000000);
  }
  // Re-bias the exponent, then round the 13 dropped bits to nearest, ties to even; a carry may reach infinity.
  const rebiased = magnitude - 0x38000000;
  return sign | ((rebiased + 0xfff + ((rebiased >>> 13) & 1)) >>> 13);
}

/** All values of a half precision array, same length. */
export function float16ToFloat32(bits: Uint16Array): Float32Array {
  const out = new Float32Array(bits.length);
  lookUp(bits, out);
  return out;
}

/** The second half of the memory of floats: as many halves, for `widenHalves`. */
export function halvesWithin(floats: Float32Array): Uint16Array {
  return new Uint16Array(floats.buffer, floats.byteOffset + 2 * floats.length, floats.length);
}

/** Turns what `halvesWithin` holds into the floats, in place: from the front on, where none is lost before its turn. */
export function widenHalves(floats: Float32Array): void {
  lookUp(halvesWithin(floats), floats);
}

/** The values of all halves, by their bit patterns. */
let valueOfHalf: Float32Array | undefined;

function lookUp(halves: Uint16Array, out: Float32Array): void {
  valueOfHalf ??= valuesOfHalves();
  const values = valueOfHalf;
  for (let i = 0; i < halves.length; i++) out[i] = values[halves[i]!]!;
}

function valuesOfHalves(): Float32Array {
  const patterns = new Uint32Array(2 ** 16);
  for (let half = 0; half < patterns.length; half++) patterns[half] = float32Bits(half);
  return new Float32Array(patterns.buffer);
}

/**
 * Lets the first halves that somebody waits for be read as fast as the later ones: makes the table of their values, and
 * uses it until that is compiled. Takes some milliseconds, once.
 */
export function prepareFloat16(): void {
  if (valueOfHalf !== undefined) return;
  const few = new Float32Array(2 ** 12);
  for (let run = 0; run < 40; run++) widenHalves(few);
}

/** Bit patterns of all values, rounded to nearest even, same length. */
export function float32ToFloat16(values: Float32Array): Uint16Array {
  const out = new Uint16Array(values.length);
  for (let i = 0; i < values.length; i++) out[i] = numberToFloat16(values[i]!);
  return out;
}

/** Values of bfloat16 bit patterns: the upper half of a float32. */
export function bfloat16ToFloat32(bits: Uint16Array): Float32Array {
  const out = new Uint32Array(bits.length);
  for (let i = 0; i < bits.length; i++) out[i] = bits[i]! << 16;
  return new Float32Array(out.buffer);
}
