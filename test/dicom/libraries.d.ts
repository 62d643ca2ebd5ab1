/** @file Types of dcmjs, which has none. Only what is used. */

declare module 'dcmjs' {
  /** A data set by the keywords of its attributes; sequences are lists of data sets. */
  export interface NaturalDataSet {
    readonly [keyword: string]: unknown;
  }

  const dcmjs: {
    readonly data: {
      readonly DicomMessage: {
        readFile(bytes: ArrayBuffer): { readonly meta: object; readonly dict: object };
      };
      readonly DicomMetaDictionary: { naturalizeDataset(dict: object): NaturalDataSet };
      /** 0 or 255 a bit. */
      readonly BitArray: { unpack(packed: ArrayBuffer): Uint8Array };
    };
    readonly log: { setLevel(level: string): void };
  };
  export default dcmjs;
}
