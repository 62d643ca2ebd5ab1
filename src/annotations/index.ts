/** @file Annotation formats: the entrance of this room. */
export { readCvatAttributes } from './cvat.ts';
export { annotationFormats, writableFormat } from './formats.ts';
export { findImagesIn } from './image-finder.ts';
export { readAnnotations } from './read.ts';
export type {
  AnnotatedImage,
  AnnotationFormat,
  AnnotationSet,
  FormatTraits,
  FoundImage,
  ImageFinder,
  ReadAnnotationsOptions,
  ReadableFormat,
  Structure,
  WritableFormat,
} from './types.ts';
export { planWriting, type WritePlan, writePlanned } from './write.ts';
