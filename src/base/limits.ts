/** @file Sizes that no input file may make us allocate for. */

/** Largest image or mask in pixels: four times the largest detector panel in radiography, 100 MB as bytes. */
export const MAX_PIXELS = 100_000_000;
