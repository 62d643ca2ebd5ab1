/** @file The settings of a data set. Their descriptions are the documentation. */
import { z } from 'zod';

/** A zero byte would be an error of the file system, which names no setting. */
export const pathSchema = z
  .string()
  .min(1)
  .regex(/^[^\0]*$/, 'a path holds no zero byte');

const splitSchema = z.strictObject({
  images: pathSchema.optional().describe('Folder of images, relative to root.'),
  annotations: pathSchema
    .optional()
    .describe('Annotation file (such as COCO JSON or CVAT XML) or folder of label files, relative to root.'),
});

const coordinate = z.int().min(0);
const percent = z.number().min(0).max(100);

const windowSchema = z.union([
  z
    .strictObject({ low: z.number(), high: z.number() })
    .refine(({ low, high }) => low < high, 'low is below high'),
  z
    .strictObject({ percentiles: z.tuple([percent, percent]) })
    .refine(({ percentiles: [low, high] }) => low < high, 'the first percentile is below the second'),
]);

const lateralitySchema = z.strictObject({
  train: z
    .enum(['left', 'right'])
    .default('left')
    .describe(
      'The side that networks see. Images of the other one are mirrored for them; all results are turned back.',
    ),
  from: z
    .union([
      z.enum(['none', 'dicom']),
      z.strictObject({ pattern: z.string().min(1) }),
      z.strictObject({
        csv: pathSchema,
        image: z.string().min(1).default('image'),
        side: z.string().min(1).default('side'),
      }),
    ])
    .default('none')
    .describe(
      'What tells the side of an image. none: all images show the same. dicom: its tags. {pattern: "_(L|R)_"}: a regular expression whose group finds it in the file name. {csv: sides.csv, image: image, side: side}: a table relative to root and its columns.',
    ),
});

const fraction = z.number().min(0).max(0.9);

export const dataSchema = z
  .strictObject({
    root: pathSchema.describe('Folder of the data set.'),
    splits: z
      .strictObject({
        labelled: splitSchema.optional().describe('Annotated images for training.'),
        val: splitSchema.optional().describe('Annotated images for choosing settings.'),
        test: splitSchema.optional().describe('Annotated images for reporting.'),
        unlabelled: splitSchema.optional().describe('Images without annotations.'),
      })
      .optional()
      .describe('Where each split lies, when it is not found by the names of the folders.'),
    images: pathSchema
      .optional()
      .describe(
        'One folder with the images of all splits, relative to root; annotations then says where their file is.',
      ),
    annotations: pathSchema
      .optional()
      .describe('The annotation file or label folder of that one folder, relative to root.'),
    classes: z
      .array(z.string().min(1))
      .min(1)
      .optional()
      .describe('The classes in order. Default: those of the annotation file of the labelled images.'),
    classAttribute: z
      .string()
      .min(1)
      .optional()
      .describe('CVAT: the attribute that holds the class, where the label does not.'),
    mirroredPairs: z
      .union([z.enum(['auto', 'none']), z.array(z.tuple([z.string(), z.string()]))])
      .default('auto')
      .describe(
        'Pairs of classes that a left-right flip exchanges. auto: taken from the names (FDI tooth numbers, or left and right in every name), else images are never flipped. none: never flip. An empty list: flip, and every class keeps its name.',
      ),
    window: windowSchema
      .optional()
      .describe(
        "Which values are black and white, for all images: {low: 0, high: 4095} in the files' own units, or {percentiles: [0.5, 99.5]} of each image. Unless set: what the file says.",
      ),
    blacken: z
      .array(
        z
          .tuple([coordinate, coordinate, coordinate, coordinate])
          .refine(
            ([x0, y0, x1, y1]) => x0 <= x1 && y0 <= y1,
            'the first corner is left of and above the second',
          ),
      )
      .default([])
      .describe(
        'Boxes [x0, y0, x1, y1] in px of the files, corners included, that are filled with black before anything sees an image: burned-in text.',
      ),
    laterality: lateralitySchema
      .prefault({})
      .describe('For images of either hand, knee, breast: all are trained as of one side.'),
    ids: z
      .enum(['auto', 'names', 'hashed'])
      .default('auto')
      .describe(
        'What results call images. names: by their files. hashed: by salted hashes, which `packmule ids` resolves. auto: hashes for DICOM, whose names lead to patients, names for pictures.',
      ),
    fractions: z
      .strictObject({
        val: fraction.default(0.15).describe('Share of the annotated images that becomes val.'),
        test: fraction.default(0.2).describe('Share of the annotated images that becomes test.'),
      })
      .prefault({})
      .describe('How one folder without list files is split at random.'),
    seed: z.int().default(0).describe('Seed of that random split.'),
    limit: z
      .int()
      .positive()
      .optional()
      .describe('Use only the first so many labelled images, in file order; the others are left out.'),
  })
  .describe('The data set.');

/** Settings as a user writes them. */
export type DataConfigInput = z.input<typeof dataSchema>;
/** Settings with all defaults filled in. */
export type DataConfig = z.output<typeof dataSchema>;
