/**
 * @file Scenes: pictures of shapes of many kinds with the exact mask of each, without end, for training a promptable
 * model that is to find edges in radiographs it has never seen.
 *
 * Everything is random over a wide range (domain randomisation, Tobin et al. 2017): what is shown, how it lies, what
 * it is made of, whether it adds up or hides, and how it is pictured. No part of a real image is used, and nothing is
 * fitted to any data set.
 */
import { DatasetError } from '../../base/errors.ts';
import type { Size } from '../../base/geometry.ts';
import { createRng, type Rng } from '../../base/rng.ts';
import type { InstanceImage } from '../instances/types.ts';
import { backdrop } from './backdrop.ts';
import { closeField, drawField } from './collimation.ts';
import { addBehind, addFigure, addUnlabelled, type Canvas, coverFigure } from './compose.ts';
import { chance, pickWeighted } from './draws.ts';
import { drawExposure, expose } from './effects.ts';
import type { Family, Figure } from './figure.ts';
import { arch } from './layouts/arch.ts';
import type { Arrangement, Layout } from './layouts/arrangement.ts';
import { cage } from './layouts/cage.ts';
import { colony } from './layouts/colony.ts';
import { limb } from './layouts/limb.ts';
import { pack } from './layouts/pack.ts';
import { rays } from './layouts/rays.ts';
import { scatter, strays, vessels } from './layouts/scatter.ts';
import { spine } from './layouts/spine.ts';
import { drawTextures } from './texture.ts';
import { isVisible } from './visible.ts';

export interface SceneOptions {
  readonly seed: number;
  /** Number of the scene; each is another. */
  readonly index: number;
  /** Height and width in px, at least 64 each. */
  readonly size: Size;
}

/** A picture of 8 bits with 3 to 60 objects. */
export interface Scene extends InstanceImage {
  /** The kind of each object. */
  readonly families: readonly Family[];
}

export const FEWEST_OBJECTS = 3;
export const MOST_OBJECTS = 60;

const LAYOUTS: readonly (readonly [weight: number, layout: Layout])[] = [
  [26, arch],
  [20, scatter],
  [12, pack],
  [12, rays],
  [9, colony],
  [10, limb],
  [8, spine],
  [5, cage],
  [4, vessels],
];

/** One scene. The same options give the same bytes. @throws DatasetError for impossible options. */
export function generateScene({ seed, index, size }: SceneOptions): Scene {
  requirePossible(index, size);
  return drawScene(createRng(seed).child(`scene ${index}`), size);
}

/** A scene from a generator's next numbers; draws again until it has enough objects to be seen. */
export function drawScene(rng: Rng, size: Size): Scene {
  for (;;) {
    const scene = tryScene(rng, size);
    if (scene.objects.length >= FEWEST_OBJECTS) return scene;
  }
}

function tryScene(rng: Rng, size: Size): Scene {
  const textures = drawTextures(rng);
  const field = backdrop(rng, size, textures);
  const canvas: Canvas = { size, textures, field, painted: [] };
  const layout = pickWeighted(rng, LAYOUTS);
  paint(rng, canvas, layout(rng, size), layout === arch || layout === cage ? 0.06 : 0.3);
  if (chance(rng, 0.25)) paint(rng, canvas, strays(rng, size), 0.3);
  if (chance(rng, 0.4)) addDistractors(rng, canvas);
  const exposure = drawExposure(rng);
  const { grey, clean } = expose(rng, field, size, exposure);
  const open = drawField(rng, size);
  if (open !== undefined) closeField(rng, grey, canvas.painted, open);
  const contrast = Math.max(0.015, 0.4 * exposure.noise * exposure.range[1]);
  const shown = canvas.painted.filter((painted) => isVisible(painted, clean, contrast));
  const kept = shown.length > MOST_OBJECTS ? rng.shuffled(shown).slice(0, MOST_OBJECTS) : shown;
  return {
    image: { ...size, bits: 8, data: toBytes(grey) },
    objects: kept.map(({ mask }) => mask),
    families: kept.map(({ family }) => family),
  };
}

function toBytes(grey: Float32Array): Uint8Array {
  const bytes = new Uint8Array(grey.length);
  for (let i = 0; i < grey.length; i++) bytes[i] = Math.round(255 * Math.min(Math.max(grey[i]!, 0), 1));
  return bytes;
}

/** Paints an arrangement: all figures add up, or with the probability `hiding` they hide what is under them. */
function paint(rng: Rng, canvas: Canvas, { behind, objects }: Arrangement, hiding: number): void {
  addBehind(canvas, behind);
  const hides = chance(rng, hiding) ? (chance(rng, 0.7) ? 1 : 0.4) : 0;
  const level = rng.between(-0.15, 0.35);
  for (const figure of objects) {
    if (chance(rng, hides)) coverFigure(canvas, figure, level + 0.06 * rng.normal());
    else addFigure(canvas, figure);
  }
}

/** Figures that nobody asks for, faint or blurred, across the others. */
function addDistractors(rng: Rng, canvas: Canvas): void {
  for (const figure of strays(rng, canvas.size).objects) addUnlabelled(canvas, faint(rng, figure));
}

function faint(rng: Rng, figure: Figure): Figure {
  const { material } = figure;
  const softness = chance(rng, 0.6) ? rng.between(1, 4) : material.softness;
  return {
    ...figure,
    material: { ...material, density: material.density * rng.between(0.2, 0.7), softness },
  };
}

function requirePossible(index: number, { height, width }: Size): void {
  const whole = Number.isInteger(height) && Number.isInteger(width) && Math.min(height, width) >= 64;
  if (whole && Number.isInteger(index) && index >= 0) return;
  throw new DatasetError({
    seen: `A scene was asked for with the index ${index} and ${height} x ${width} px`,
    need: 'The index is a whole number from 0, and scenes have at least 64 x 64 px',
    fix: 'Change these options',
  });
}
