/**
 * @file Every error a user can cause or meet: what was seen, what is needed, what to do about it.
 *
 * Library code throws these and nothing else on bad input; the command line prints the three sentences and
 * leaves with exit code 2. Anything that is not a PackmuleError is a defect of ours and keeps its stack.
 */

/** The three sentences of an error. Each is a full sentence and names the file or value it is about. */
export interface Complaint {
  /** What was seen: `scan_07.png is 16-bit RGB`. */
  seen: string;
  /** What is needed: `Packmule reads grey images of 8 or 16 bits, or 8-bit RGB`. */
  need: string;
  /** What to do: `Convert it to grey, or leave it out with --skip-bad`. */
  fix: string;
}

export class PackmuleError extends Error implements Complaint {
  readonly seen: string;
  readonly need: string;
  readonly fix: string;

  constructor(complaint: Complaint, options?: ErrorOptions) {
    const sentences = [complaint.seen, complaint.need, complaint.fix].filter((part) => part !== '');
    super(sentences.map((part) => (/[.!?:]$/.test(part) ? part : `${part}.`)).join(' '), options);
    this.name = new.target.name;
    this.seen = complaint.seen;
    this.need = complaint.need;
    this.fix = complaint.fix;
  }
}

/** An image file that cannot be read, or is not what Packmule reads. */
export class ImageError extends PackmuleError {}
/** A sound file of a format of images that is none, such as a report in DICOM. */
export class NoPictureError extends ImageError {}
/** An annotation file that cannot be read, or contradicts itself or its images. */
export class AnnotationError extends PackmuleError {}
/** A data set whose parts do not fit together. */
export class DatasetError extends PackmuleError {}
/** A weights file or checkpoint that is missing, damaged, forbidden or of another architecture. */
export class CheckpointError extends PackmuleError {}
/** A setting that does not exist or has an impossible value. */
export class ConfigError extends PackmuleError {}
/** A run directory that is missing, in use or damaged; a disk that is full. */
export class RunError extends PackmuleError {}
/** A training that cannot go on, such as one whose loss is no longer finite. */
export class TrainingError extends PackmuleError {}
/** A graph that cannot be built: shapes, types or attributes that do not fit an operator. */
export class GraphError extends PackmuleError {}
/** Prompts or initial masks that a refiner cannot use. */
export class RefineError extends PackmuleError {}
/** A device that was asked for and cannot be used. */
export class DeviceError extends PackmuleError {}
