/** Event files, beside bytes that are known and read by hand. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { crc32c } from '../../src/track/crc32c.ts';
import { scalarsRecord, versionRecord } from '../../src/track/events.ts';
import { readEvents } from './read-events.ts';

const hex = (bytes: Uint8Array): string => Buffer.from(bytes).toString('hex');

describe('crc32c', () => {
  // RFC 3720, appendix B.4, and the usual check value.
  it.each([
    [new TextEncoder().encode('123456789'), 0xe3069283],
    [new Uint8Array(32), 0x8a9136aa],
    [new Uint8Array(32).fill(0xff), 0x62a8ab43],
    [Uint8Array.from({ length: 32 }, (_, i) => i), 0x46dd794e],
  ])('%# is as published', (bytes, expected) => {
    expect(crc32c(bytes)).toBe(expected);
  });
});

describe('an event file', () => {
  it('begins as every other does', () => {
    // The length 24 and its checksum, 8 bytes of time, and "brain.Event:2".
    expect(hex(versionRecord(1)).slice(0, 2 * (12 + 9 + 2 + 13))).toBe(
      `1800000000000000a37f4b2209000000000000f03f1a0d${Buffer.from('brain.Event:2').toString('hex')}`,
    );
  });

  it('has a scalar as the message says', () => {
    const record = hex(scalarsRecord(2, 300, { loss: 0.5 }));
    // wall_time 2.0; step 300 as a varint; a summary of 13 bytes with a value of 11: its tag, and 0.5 as a float.
    expect(record.slice(24, -8)).toBe(
      '090000000000000040' + '10ac02' + '2a0d' + '0a0b' + '0a046c6f7373' + '150000003f',
    );
  });

  it('gives back what was written, by a reader that knows the format alone', () => {
    const scalars = fc.dictionary(fc.string({ minLength: 1 }), fc.float({ noNaN: true }), { maxKeys: 5 });
    const events = fc.array(fc.tuple(fc.double({ noNaN: true }), fc.nat(), scalars));
    fc.assert(
      fc.property(events, (written) => {
        const bytes = Buffer.concat([
          versionRecord(7),
          ...written.map(([time, step, values]) => scalarsRecord(time, step, values)),
        ]);
        const [first, ...read] = readEvents(bytes);
        expect(first).toEqual({ wallTime: 7, step: 0, version: 'brain.Event:2', scalars: {} });
        expect(read).toEqual(
          written.map(([wallTime, step, values]) => ({ wallTime, step, scalars: { ...values } })),
        );
      }),
    );
  });
});
