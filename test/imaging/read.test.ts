import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import sharp, { type Sharp } from 'sharp';
import { beforeAll, describe, expect, it } from 'vitest';
import { ImageError } from '../../src/base/errors.ts';
import { decodeImage, readImage, readImageHeader } from '../../src/imaging/read.ts';
import {
  encodeGreyPng,
  encodeRgbPng,
  writeGreyPng,
  writeMaskPng,
  writeRgbPng,
} from '../../src/imaging/write.ts';
import { sharedPath } from '../shared.ts';
import { temporaryFolder } from '../temporary.ts';
import pillow from './pillow-cases.json' with { type: 'json' };
import { chunk, png } from './png.ts';

let folder: string;
beforeAll(async () => {
  folder = await temporaryFolder();
});

const WIDTH = 37;
const HEIGHT = 23;
const grey8 = Uint8Array.from({ length: WIDTH * HEIGHT }, (_, i) => (i * 7) % 256);
const grey16 = Uint16Array.from({ length: WIDTH * HEIGHT }, (_, i) => (i * 7919) % 65536);

function raw8(channels: 1 | 2 | 3 | 4 = 1, data = grey8): Sharp {
  return sharp(data, { raw: { width: data.length / channels / HEIGHT, height: HEIGHT, channels } });
}
function raw16(): Sharp {
  return sharp(grey16, { raw: { width: WIDTH, height: HEIGHT, channels: 1 } }).toColourspace('grey16');
}

interface TiffPage {
  bits?: number;
  /** 1 unsigned, 2 signed, 3 float. */
  format?: number;
  /** 0 white is zero, 1 black is zero. */
  photometric?: number;
  /** One strip, little-endian, of a 2 x 1 image. */
  data: Uint8Array;
}

/** An uncompressed little-endian TIFF of 2 x 1 grey pixels a page. */
function tiff(pages: TiffPage[]): Buffer {
  const parts = [Buffer.from([0x49, 0x49, 42, 0, 8, 0, 0, 0])];
  let at = 8;
  pages.forEach(({ bits = 8, format = 1, photometric = 1, data }, i) => {
    const strip = at + 2 + 9 * 12 + 4;
    const next = strip + data.length;
    const tags = [
      [256, 2],
      [257, 1],
      [258, bits],
      [259, 1],
      [262, photometric],
      [273, strip],
      [278, 1],
      [279, data.length],
      [339, format],
    ] as const;
    const directory = Buffer.alloc(strip - at);
    directory.writeUInt16LE(tags.length, 0);
    tags.forEach(([tag, value], k) => {
      directory.writeUInt16LE(tag, 2 + 12 * k);
      directory.writeUInt16LE(4, 4 + 12 * k);
      directory.writeUInt32LE(1, 6 + 12 * k);
      directory.writeUInt32LE(value, 10 + 12 * k);
    });
    directory.writeUInt32LE(i + 1 < pages.length ? next : 0, directory.length - 4);
    parts.push(directory, Buffer.from(data));
    at = next;
  });
  return Buffer.concat(parts);
}

describe('decodeImage', () => {
  it('shows black as 0 also where a TIFF stores white as 0', async () => {
    const plain = await decodeImage(tiff([{ data: Uint8Array.of(10, 250) }]), 'a.tif');
    expect([...plain.data]).toEqual([10, 250]);
    const inverted = await decodeImage(tiff([{ photometric: 0, data: Uint8Array.of(10, 250) }]), 'a.tif');
    expect([...inverted.data]).toEqual([245, 5]);
    const wide = await decodeImage(tiff([{ bits: 16, data: Uint8Array.of(1, 0, 0, 2) }]), 'a.tif');
    expect([wide.bits, ...wide.data]).toEqual([16, 1, 512]);
    const white = { bits: 16, photometric: 0, data: Uint8Array.of(1, 0, 0, 2) };
    expect([...(await decodeImage(tiff([white]), 'a.tif')).data]).toEqual([65534, 65023]);
  });

  it('keeps 8 bits of grey', async () => {
    for (const [name, bytes] of [
      ['a.png', await raw8().toColourspace('b-w').png().toBuffer()],
      ['a.tif', await raw8().toColourspace('b-w').tiff({ compression: 'lzw' }).toBuffer()],
    ] as const) {
      const image = await decodeImage(bytes, name);
      expect(image).toEqual({ height: HEIGHT, width: WIDTH, bits: 8, data: grey8 });
    }
  });

  it('keeps 16 bits of grey unscaled', async () => {
    for (const [name, bytes] of [
      ['a.png', await raw16().png().toBuffer()],
      ['a.tiff', await raw16().tiff({ compression: 'none' }).toBuffer()],
    ] as const) {
      const image = await decodeImage(bytes, name);
      expect(image.bits).toBe(16);
      expect(image.data).toEqual(grey16);
    }
  });

  it('turns RGB and RGBA into grey as Pillow does, without looking at alpha or profiles', async () => {
    const rgb = Uint8Array.from(pillow.rgb);
    const make = (data: Uint8Array, channels: 3 | 4) =>
      sharp(data, { raw: { width: 5, height: 4, channels } });
    expect([...(await decodeImage(await make(rgb, 3).png().toBuffer(), 'a.png')).data]).toEqual(pillow.luma);
    const profiled = await make(rgb, 3).withIccProfile('p3', { attach: true }).png().toBuffer();
    const stored = await sharp(profiled, { ignoreIcc: true }).raw().toBuffer();
    const luma = Array.from({ length: 20 }, (_, i) => {
      const [r, g, b] = stored.subarray(3 * i, 3 * i + 3);
      return (r! * 19595 + g! * 38470 + b! * 7471 + 32768) >> 16;
    });
    expect([...(await decodeImage(profiled, 'a.png')).data]).toEqual(luma);
    const rgba = Uint8Array.from({ length: 80 }, (_, i) =>
      i % 4 === 3 ? i % 5 : rgb[3 * (i >> 2) + (i % 4)]!,
    );
    expect([...(await decodeImage(await make(rgba, 4).png().toBuffer(), 'a.png')).data]).toEqual(pillow.luma);
  });

  it('turns 16-bit RGB into 16-bit grey', async () => {
    const row = Buffer.alloc(1 + 12);
    [65535, 0, 0, 1000, 2000, 3000].forEach((value, i) => {
      row.writeUInt16BE(value, 1 + 2 * i);
    });
    const image = await decodeImage(png(2, 1, 16, 2, row), 'a.png');
    expect(image.bits).toBe(16);
    expect([...image.data]).toEqual([19595, 1815]);
  });

  it('drops the alpha of grey images', async () => {
    const row = Uint8Array.of(0, 200, 0, 100, 255);
    expect([...(await decodeImage(png(2, 1, 8, 4, row), 'a.png')).data]).toEqual([200, 100]);
  });

  it('takes palettes by their colours', async () => {
    const palette = chunk('PLTE', Buffer.from([10, 10, 10, 255, 0, 0]));
    const bytes = png(2, 1, 8, 3, Uint8Array.of(0, 1, 0), [palette]);
    expect([...(await decodeImage(bytes, 'a.png')).data]).toEqual([76, 10]);
  });

  it('turns pictures as their EXIF orientation says', async () => {
    const turned = await raw8()
      .toColourspace('b-w')
      .withMetadata({ orientation: 6 })
      .tiff({ compression: 'none' })
      .toBuffer();
    const image = await decodeImage(turned, 'a.tif');
    expect([image.width, image.height]).toEqual([HEIGHT, WIDTH]);
    // Orientation 6: the stored first column, from below, is the first row shown.
    expect([...image.data.subarray(0, HEIGHT)]).toEqual(
      Array.from({ length: HEIGHT }, (_, i) => grey8[(HEIGHT - 1 - i) * WIDTH]),
    );
  });

  it('reads JPEG', async () => {
    const image = await decodeImage(
      await raw8(
        1,
        grey8.map(() => 77),
      )
        .jpeg()
        .toBuffer(),
      'a.jpg',
    );
    expect(image).toEqual({ height: HEIGHT, width: WIDTH, bits: 8, data: grey8.map(() => 77) });
  });
});

describe('damaged files', () => {
  it.each(['png', 'jpeg', 'tiff'] as const)('cut %s is refused wherever it is cut', async (format) => {
    const bytes = await raw8().toColourspace('b-w')[format]().toBuffer();
    expect((await decodeImage(bytes, 'whole')).width).toBe(WIDTH);
    const cuts = Array.from({ length: 40 }, (_, i) => Math.floor((bytes.length * i) / 40)).concat(
      bytes.length - 2,
    );
    for (const cut of cuts) {
      await expect(decodeImage(bytes.subarray(0, cut), 'cut'), `cut at ${cut}`).rejects.toThrow(ImageError);
    }
  });

  it('an empty file is refused', async () => {
    await writeFile(join(folder, 'zero.png'), '');
    await expect(readImage(join(folder, 'zero.png'))).rejects.toThrow(/zero\.png is empty/);
    await expect(readImageHeader(join(folder, 'zero.png'))).rejects.toThrow(ImageError);
  });

  it('a missing file, a folder, text and other formats are refused', async () => {
    await expect(readImage(join(folder, 'none.png'))).rejects.toThrow(ImageError);
    await expect(readImage(folder)).rejects.toThrow(ImageError);
    await expect(readImageHeader(folder)).rejects.toThrow(ImageError);
    await expect(decodeImage(Buffer.from('hello world'), 'a.png')).rejects.toThrow(/no image file/);
    const svg = Buffer.from('<svg xmlns="http://www.w3.org/2000/svg" width="9" height="9"/>');
    await expect(decodeImage(svg, 'a.png')).rejects.toThrow(ImageError);
    await expect(decodeImage(await raw8().webp().toBuffer(), 'a.png')).rejects.toThrow(ImageError);
  });

  it('a misnamed file is refused with its true name', async () => {
    const bytes = await raw8().jpeg().toBuffer();
    await expect(decodeImage(bytes, 'scan_07.png')).rejects.toThrow(/Rename it to scan_07\.jpg/);
  });

  it('a billion pixels are refused before they are decoded', async () => {
    const bytes = png(50_000, 20_000, 8, 0, Uint8Array.of(0));
    await expect(decodeImage(bytes, 'big.png')).rejects.toThrow(/50000 x 20000 pixels/);
    const small = await encodeGreyPng({ height: HEIGHT, width: WIDTH, bits: 8, data: grey8 });
    await expect(decodeImage(small, 'a.png', { maxPixels: 100 })).rejects.toThrow(ImageError);
  });

  it('float, CMYK and many-page files are refused', async () => {
    const float = tiff([{ bits: 32, format: 3, data: new Uint8Array(8) }]);
    await expect(decodeImage(float, 'a.tif')).rejects.toThrow(/float values/);
    const signed = tiff([{ bits: 16, format: 2, data: new Uint8Array(4) }]);
    await expect(decodeImage(signed, 'a.tif')).rejects.toThrow(/short values/);
    const page = { data: Uint8Array.of(3, 4) };
    await expect(decodeImage(tiff([page, page]), 'a.tif')).rejects.toThrow(/2 pages/);
    const cmyk = await raw8(3, new Uint8Array(HEIGHT * 9))
      .toColourspace('cmyk')
      .jpeg()
      .toBuffer();
    await expect(decodeImage(cmyk, 'a.jpg')).rejects.toThrow(/cmyk/);
  });
});

describe('readImageHeader', () => {
  it('tells size, bits and format', async () => {
    const path = join(folder, 'grey16.png');
    await writeGreyPng(path, { height: HEIGHT, width: WIDTH, bits: 16, data: grey16 });
    expect(await readImageHeader(path)).toEqual({
      format: 'png',
      width: WIDTH,
      height: HEIGHT,
      bits: 16,
      channels: 1,
      frames: 1,
    });
    const turned = join(folder, 'turned.jpg');
    await raw8().withMetadata({ orientation: 6 }).jpeg().toFile(turned);
    expect(await readImageHeader(turned)).toMatchObject({ width: HEIGHT, height: WIDTH, format: 'jpeg' });
  });
});

describe('writing', () => {
  it('gives the same image back', async () => {
    const path = join(folder, 'new', 'a.png');
    for (const image of [
      { height: HEIGHT, width: WIDTH, bits: 8, data: grey8 },
      { height: HEIGHT, width: WIDTH, bits: 16, data: grey16 },
    ] as const) {
      await writeGreyPng(path, image);
      expect(await readImage(path)).toEqual(image);
    }
  });

  it('writes masks as black and white, and RGB as it is', async () => {
    await writeMaskPng(join(folder, 'm.png'), { height: 1, width: 3, data: Uint8Array.of(0, 1, 1) });
    expect([...(await readImage(join(folder, 'm.png'))).data]).toEqual([0, 255, 255]);
    const rgb = Uint8Array.from({ length: 12 }, (_, i) => i * 20);
    await writeRgbPng(join(folder, 'rgb.png'), { height: 2, width: 2, data: rgb });
    expect(new Uint8Array(await sharp(join(folder, 'rgb.png')).raw().toBuffer())).toEqual(rgb);
    expect((await encodeRgbPng({ height: 2, width: 2, data: rgb })).length).toBeGreaterThan(50);
  });
});

describe.skipIf(sharedPath('data') === undefined)('real files (absent where ../shared is)', () => {
  it('read a radiograph', async () => {
    const image = await readImage(sharedPath('data', 'wrist', '0001_1297860395_01_WRI-L1_M014.png')!);
    expect([image.width, image.height, image.bits]).toEqual([494, 727, 8]);
  });
});
