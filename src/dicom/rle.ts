/** @file The run lengths of DICOM (PS3.5, annex G): one PackBits segment for every byte of a pixel. */

/** The header: the number of segments and 15 offsets. */
const HEADER_BYTES = 64;

/**
 * The bytes of a frame: pixels in order, samples side by side, each little-endian. Throws Error where the stream does
 * not hold them.
 */
export function decodeRleFrame(
  stream: Uint8Array,
  pixels: number,
  samples: number,
  bytesPerSample: number,
): Uint8Array {
  if (stream.length < HEADER_BYTES) throw new Error('its run lengths have no header');
  const view = new DataView(stream.buffer, stream.byteOffset, stream.byteLength);
  const segments = view.getUint32(0, true);
  if (segments !== samples * bytesPerSample) {
    throw new Error(
      `it has ${segments} segments of run lengths where ${samples * bytesPerSample} are needed`,
    );
  }
  const offsets = Array.from({ length: segments }, (_, i) => view.getUint32(4 + 4 * i, true));
  const out = new Uint8Array(pixels * segments);
  offsets.forEach((offset, segment) => {
    const end = offsets[segment + 1] ?? stream.length;
    if (offset < HEADER_BYTES || offset > end || end > stream.length) {
      throw new Error('its segments of run lengths lie outside of it');
    }
    // The most significant byte of a sample comes first, and is the last of a little-endian one.
    const sample = Math.floor(segment / bytesPerSample);
    const byte = bytesPerSample - 1 - (segment % bytesPerSample);
    unpackBits(stream.subarray(offset, end), out, sample * bytesPerSample + byte, segments);
  });
  return out;
}

/** Fills every `step`-th byte of `out` from `start` on. */
function unpackBits(packed: Uint8Array, out: Uint8Array, start: number, step: number): void {
  let to = start;
  let at = 0;
  while (to < out.length) {
    if (at >= packed.length) throw new Error('its run lengths end before the picture does');
    const head = packed[at++]!;
    if (head === 128) continue;
    const repeats = head > 128;
    const count = repeats ? 257 - head : head + 1;
    const here = repeats ? 1 : count;
    if (at + here > packed.length) throw new Error('its run lengths end before the picture does');
    for (let i = 0; i < count && to < out.length; i++, to += step) out[to] = packed[repeats ? at : at + i]!;
    at += here;
  }
}
