/**
 * @file TensorBoard's event files: a sequence of records, each the length of an event and the event, both with a
 * checksum (https://www.tensorflow.org/tutorials/load_data/tfrecord), where an event is a protobuf message
 * `Event { double wall_time = 1; int64 step = 2; string file_version = 3; Summary summary = 5; }`.
 */
import { ProtobufWriter } from '../graph/onnx/protobuf.ts';
import { crc32c } from './crc32c.ts';

/** What every event file begins with. `wallTime` is in seconds since 1970. */
export function versionRecord(wallTime: number): Uint8Array {
  const event = new ProtobufWriter();
  event.double(1, wallTime);
  event.string(3, 'brain.Event:2');
  return record(event.finish());
}

/** Values of one step, by their tags. */
export function scalarsRecord(
  wallTime: number,
  step: number,
  scalars: Readonly<Record<string, number>>,
): Uint8Array {
  const event = new ProtobufWriter();
  event.double(1, wallTime);
  event.int(2, step);
  event.message(5, (summary) => {
    for (const [tag, value] of Object.entries(scalars)) {
      summary.message(1, (entry) => {
        entry.string(1, tag);
        entry.float(2, value);
      });
    }
  });
  return record(event.finish());
}

/** Length (8 bytes, little-endian), its checksum, the data, their checksum. */
function record(data: Uint8Array): Uint8Array {
  const out = new Uint8Array(data.length + 16);
  const view = new DataView(out.buffer);
  view.setBigUint64(0, BigInt(data.length), true);
  view.setUint32(8, masked(crc32c(out.subarray(0, 8))), true);
  out.set(data, 12);
  view.setUint32(12 + data.length, masked(crc32c(data)), true);
  return out;
}

/** Turned and shifted, so that the checksum of data with checksums in them is no special case. */
function masked(crc: number): number {
  return (((crc >>> 15) | (crc << 17)) + 0xa282ead8) >>> 0;
}
