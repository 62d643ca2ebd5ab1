/** @file Annotation formats: the entrance of this room. */
export { readCvatAttributes } from './cvat.ts';
export { annotationFormats, readAnnotations } from './read.ts';
export type {
  AnnotatedImage,
  AnnotationFormat,
  AnnotationSet,
  ReadAnnotationsOptions,
  Structure,
} from './types.ts';
