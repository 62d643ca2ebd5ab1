/** @file What the server and its page say to each other about labels, on top of what they say about masks. */
import { z } from 'zod';
import type { Suggestion } from './suggest.ts';

/** What of a room may change while it is open and is no mask: part of GET room, and the event `labels`. */
export interface LabelsState {
  readonly classes: readonly string[];
  /** Numbers of colours of the palette, by class. */
  readonly colours: readonly number[];
  /** Ids of the images that are done, which the annotation file holds. */
  readonly done: readonly string[];
  /** Images to be labelled next, the most useful first. */
  readonly suggestions: readonly Suggestion[];
  /** How many images a model has looked at to suggest; absent without a model. */
  readonly looked?: { readonly done: number; readonly total: number };
  /** Images of the folder that cannot be read. */
  readonly unreadable: number;
}

/** POST classes: a new class, or another name or colour of one. */
export const classChangeSchema = z.union([
  z.strictObject({ add: z.string() }),
  z.strictObject({ classIndex: z.int().min(0), name: z.string() }),
  z.strictObject({ classIndex: z.int().min(0), colour: z.int().min(0).max(39) }),
]);
export type ClassChange = z.input<typeof classChangeSchema>;

/** POST images/ID/done. */
export const doneRequestSchema = z.strictObject({ done: z.boolean() });
export type DoneRequest = z.input<typeof doneRequestSchema>;
