/** @file All settings of a run: one strict schema whose descriptions are the documentation, and two presets. */
import { z } from 'zod';
import { dataSchema, pathSchema } from '../dataset/config.ts';
import { DEVICE_SETTINGS } from '../machine/choose.ts';
import { PRECISION_SETTINGS } from '../machine/precision.ts';
import { refineSettingsSchema } from '../refine/settings.ts';
import { SAVE_SECONDS } from '../training/pace.ts';
import { trainingSchema } from '../training/settings.ts';

/** The preset is chosen once, for the whole run. */
const networkSchema = trainingSchema.omit({ preset: true });
const { head } = networkSchema.shape;

/** A default here would override what `training` says, so the final training has none. */
const finalSchema = networkSchema
  .extend({
    head: head
      .unwrap()
      .optional()
      .describe(head.description ?? ''),
    samples: z
      .enum(['pseudo+labelled', 'pseudo'])
      .default('pseudo+labelled')
      .describe(
        'What the final network learns from: the refined masks of the unlabelled images with the labelled images, or (the paper) without them.',
      ),
    start: z
      .enum(['initial', 'random'])
      .default('initial')
      .describe(
        'The weights it begins with. initial: those of the initial network, where both have the same architecture and head, else as random. random: fresh ones (the paper).',
      ),
  })
  .describe('The final network, trained on refined masks. Whatever is not set here is as in training.');

const samSchema = z
  .strictObject({
    model: pathSchema
      .optional()
      .describe(
        'A name that `packmule models` lists, a .pth file, or a folder with config.json and model.safetensors. For the refiner sam; where Foal refines, a Foal of your own. Unless set: the Foal that comes with Packmule, for sam medsam-vit-b with refine.preset medsam, else sam-vit-b.',
      ),
    preprocessing: z
      .enum(['sam', 'medsam'])
      .optional()
      .describe('How the model was trained to see images. Unless set: as the list of models says, else sam.'),
    precision: z
      .enum(PRECISION_SETTINGS)
      .default('auto')
      .describe(
        'Of the products with weights. int8: little more than half the time on processors that multiply bytes (VNNI, Arm dot product), with slightly other masks. auto: int8 on those processors, but not for Foal, on graphics cards or in benchmarks.',
      ),
  })
  .describe('The promptable model.');

const trustSchema = z
  .strictObject({
    folds: z
      .int()
      .min(0)
      .max(20)
      .refine((folds) => folds !== 1, 'one fold leaves no image to learn from')
      .default(3)
      .describe(
        'Parts of the labelled images. A network learns from all parts but one and then masks that one: on these masks trust is calibrated. 0: trust is an uncalibrated product of evidence.',
      ),
    networks: z
      .int()
      .min(1)
      .max(20)
      .optional()
      .describe(
        'How many parts are held out in this way, each by a network of its own, at most folds. Unless set: as many as have ten images and forty structures together.',
      ),
    epochs: z
      .int()
      .min(1)
      .optional()
      .describe(
        'Epochs of each of these networks; unless set those of the initial one. Weaker ones make trust too high.',
      ),
  })
  .describe('Trust: the Dice that each refined mask is expected to have.');

const evaluationSchema = z
  .strictObject({
    networkResolution: z
      .boolean()
      .default(false)
      .describe("Also measure at the network's resolution, as the paper does (paper: true)."),
    surface: z
      .boolean()
      .default(false)
      .describe(
        'Also measure surface distances (HD95, ASSD): in mm where every image of val and test tells the distance of its pixels, else in px. Takes some milliseconds a mask.',
      ),
    resamples: z.int().min(100).max(100_000).default(2000).describe('Bootstrap resamples of the intervals.'),
  })
  .describe('How results are measured.');

const reportSchema = z
  .strictObject({
    cases: z.int().min(0).max(100).default(8).describe('Images in the gallery, worst first.'),
    pictureSide: z.int().min(64).max(4096).default(960).describe('Longest side of a picture in px.'),
  })
  .describe('The report.');

const logSchema = z
  .strictObject({
    tensorboard: z
      .boolean()
      .default(false)
      .describe('Write event files for TensorBoard into the folder tensorboard of the run.'),
    mlflow: z
      .strictObject({
        uri: z
          .url({ protocol: /^https?$/ })
          .optional()
          .describe('Of the tracking server, such as http://localhost:5000. Unless set, none is told.'),
        experiment: z.string().min(1).default('packmule').describe('Made where it is not there.'),
      })
      .prefault({})
      .describe(
        'A server of MLflow. Who may is said by MLFLOW_TRACKING_TOKEN, or _USERNAME and _PASSWORD, in the environment.',
      ),
  })
  .describe('Programs that are told how trainings go; one that fails costs a note and nothing else.');

export const runSchema = z.strictObject({
  name: z
    .string()
    .regex(/^[A-Za-z0-9][\w.-]*$/, 'a name is made of letters, digits, dots, hyphens and underscores')
    .describe('Name of the run and of its folder.'),
  preset: z
    .enum(['laptop', 'paper'])
    .default('laptop')
    .describe(
      'laptop: our recipe for two CPU cores. paper: the settings of arXiv 2411.12602, refined by SAM, final training on refined masks alone.',
    ),
  data: dataSchema,
  training: networkSchema.prefault({}).describe('The initial network, trained on the labelled images.'),
  final: finalSchema.prefault({}),
  refine: refineSettingsSchema
    .prefault({})
    .describe('How masks of the initial network become better ones to learn from.'),
  sam: samSchema.prefault({}),
  trust: trustSchema.prefault({}),
  evaluation: evaluationSchema.prefault({}),
  report: reportSchema.prefault({}),
  log: logSchema.prefault({}),
  reviews: z
    .array(pathSchema)
    .default([])
    .describe(
      'Runs whose reviewed masks are true, oldest first. `packmule run --round 2` fills this in by itself.',
    ),
  seed: z.int().default(1).describe('Seed of weights, batches and augmentation.'),
  device: z
    .enum(DEVICE_SETTINGS)
    .default('auto')
    .describe(
      'Where networks run. auto: the best device that computes what the CPU does and is faster; a run goes on where it began. `packmule doctor` lists them.',
    ),
  checkpointSeconds: z
    .number()
    .min(0)
    .default(SAVE_SECONDS)
    .describe(
      'Seconds of training that a kill may cost: its state is saved so often, but for no more than a twentieth of the time.',
    ),
  threads: z.int().min(1).max(256).optional().describe('Threads of the networks; all cores unless set.'),
});

/** Settings with all defaults filled in. */
export type RunConfig = z.output<typeof runSchema>;
/** Settings as a user writes them. */
export type RunConfigInput = z.input<typeof runSchema>;

/** What a preset sets outside of training; what the user sets himself wins over it. */
const PRESETS: Readonly<Record<string, Tree>> = {
  laptop: {},
  paper: {
    refine: { refiner: 'sam' },
    final: { samples: 'pseudo', start: 'random' },
    trust: { folds: 0 },
    evaluation: { networkResolution: true },
  },
};

/** Settings as data of unknown shape, before they are checked. */
export type Tree = Record<string, unknown>;

export function isTree(value: unknown): value is Tree {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** The settings with those of the preset they name filled in underneath. */
export function withPreset(input: Tree): Tree {
  const preset = PRESETS[String(input.preset ?? 'laptop')];
  return preset === undefined ? input : mergeUnder(preset, input);
}

function mergeUnder(base: Tree, over: Tree): Tree {
  const merged: Tree = { ...base, ...over };
  for (const [key, value] of Object.entries(base)) {
    const given = over[key];
    if (isTree(value) && isTree(given)) merged[key] = mergeUnder(value, given);
  }
  return merged;
}

/** A JSON Schema (draft 2020-12) node, as far as it is used here. */
export interface SchemaNode {
  readonly type?: string;
  readonly description?: string;
  readonly default?: unknown;
  readonly enum?: readonly unknown[];
  readonly properties?: Readonly<Record<string, SchemaNode>>;
  readonly items?: SchemaNode;
  readonly anyOf?: readonly SchemaNode[];
}

/** The schema as JSON Schema, from which suggestions and the commented file are made. */
export function runSchemaTree(): SchemaNode {
  return z.toJSONSchema(runSchema, { io: 'input' }) as SchemaNode;
}
