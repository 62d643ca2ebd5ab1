/** @file Settings of a training, their two presets, and what each is for. */
import { z } from 'zod';

export const trainingSchema = z.strictObject({
  preset: z
    .enum(['laptop', 'paper'])
    .default('laptop')
    .describe('laptop: our recipe for two CPU cores. paper: the settings of arXiv 2411.12602 to the letter.'),
  base: z
    .int()
    .min(1)
    .max(256)
    .optional()
    .describe('Features of the first U-Net level (paper 64, laptop 16).'),
  levels: z.int().min(2).max(7).optional().describe('Levels of the U-Net, the bottom included (5).'),
  inputSize: z
    .tuple([z.int().min(16).max(4096), z.int().min(16).max(4096)])
    .optional()
    .describe('Height and width in px that images are resized to; planned from the data unless set.'),
  head: z
    .enum(['auto', 'exclusive', 'overlapping'])
    .default('auto')
    .describe(
      'exclusive: one class a pixel (softmax). overlapping: a sigmoid per class. auto: from the masks.',
    ),
  coordinates: z.boolean().optional().describe('Feed x and y as two more channels (laptop: true).'),
  epochs: z.int().min(1).optional().describe('Epochs; planned from the time budget unless set (paper 350).'),
  samplesPerEpoch: z.int().min(1).optional().describe('Images drawn with replacement per epoch (48).'),
  batch: z.int().min(1).max(256).optional().describe('Images per step (paper 16, laptop 4).'),
  learningRate: z
    .number()
    .positive()
    .optional()
    .describe('Peak learning rate of AdamW (paper 1e-3, laptop 2e-3).'),
  minutes: z
    .number()
    .positive()
    .optional()
    .describe('Time budget for one training in minutes (laptop 9; paper: as its epochs take).'),
  patience: z
    .int()
    .min(1)
    .optional()
    .describe('Stop after so many epochs without a better val Dice; off unless set.'),
  validateEvery: z.int().min(1).optional().describe('Epochs between two validations.'),
});

export type TrainingSettings = z.infer<typeof trainingSchema>;
