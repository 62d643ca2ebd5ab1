/** @file Types of the encoders that come with the codecs of DICOM without any. Only what is used. */

declare module '@cornerstonejs/codec-charls/wasmjs' {
  export default function open(
    options: object,
  ): Promise<{ readonly JpegLSEncoder: new () => PictureEncoder }>;
}

declare module '@cornerstonejs/codec-openjpeg/wasmjs' {
  export default function open(options: object): Promise<{ readonly J2KEncoder: new () => Jpeg2000Encoder }>;
}

interface Jpeg2000Encoder extends PictureEncoder {
  setQuality(lossless: boolean, ratio: number): void;
  setDecompositions(count: number): void;
}

interface PictureEncoder {
  getDecodedBuffer(frame: {
    readonly width: number;
    readonly height: number;
    readonly bitsPerSample: number;
    readonly componentCount: number;
    readonly isSigned: boolean;
  }): Uint8Array;
  encode(): void;
  getEncodedBuffer(): Uint8Array;
  delete(): void;
}
