/** @file The values of a volume as bytes. Nothing is allocated on the word of a header. */
import { gunzipSync, inflateSync } from 'node:zlib';
import { ImageError } from '../base/errors.ts';
import { dataBytes, mostBytes, type VolumeLayout } from './layout.ts';

/**
 * The bytes of all values and no others, in the file itself where they are not packed. `name` is the file's, for errors.
 * @throws ImageError for a file that is cut off or cannot be unpacked.
 */
export function unpack(file: Uint8Array, name: string, layout: VolumeLayout): Uint8Array {
  const { skipBytes } = layout;
  const packed = file.subarray(layout.dataAt);
  const expected = dataBytes(layout);
  const whole = layout.packing === 'raw' ? packed : unpacked(packed, name, layout);
  const start = skipBytes === -1 ? Math.max(0, whole.length - expected) : skipBytes;
  if (whole.length < start + expected) {
    throw new ImageError({
      seen: `${name} is cut off: ${Math.max(0, whole.length - start)} of ${expected} bytes of values are there`,
      need: 'Volumes are complete',
      fix: 'Copy it again from its source, or leave it out',
    });
  }
  return whole.subarray(start, start + expected);
}

function unpacked(packed: Uint8Array, name: string, layout: VolumeLayout): Uint8Array {
  const maxOutputLength = mostBytes(layout);
  try {
    return layout.packing === 'gzip'
      ? gunzipSync(packed, { maxOutputLength })
      : inflateSync(packed, { maxOutputLength });
  } catch (cause) {
    throw new ImageError(
      {
        seen: `${name} cannot be inflated (${cause instanceof Error ? cause.message : String(cause)})`,
        need: 'Compressed volumes are complete, and as long as their header says',
        fix: 'Copy it again from its source, or leave it out',
      },
      { cause },
    );
  }
}
