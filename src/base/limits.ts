/** @file Sizes that no input file may make us allocate for. */

/** Largest image or mask in pixels: four times the largest detector panel in radiography, 100 MB as bytes. */
export const MAX_PIXELS = 100_000_000;

/** Largest image file in bytes: two and a half times a picture of so many pixels of 16 bits. */
export const MAX_IMAGE_BYTES = 500e6;

/** Largest table or list in bytes: a million file names of 50 letters. */
export const MAX_TABLE_BYTES = 50e6;
