/** @file Random materials: bone, metal, soft tissue, hollow and flat things, cavities. */
import type { Rng } from '../../base/rng.ts';
import { chance, logBetween, pick, pickWeighted } from './draws.ts';
import type { Material, TextureName } from './figure.ts';

const NO_HALO = { width: 0, gain: 0 };

/** Trabecular inside, bright cortex of random width; `strength` scales the absorption. */
export function boneMaterial(rng: Rng, strength = 1): Material {
  const across = logBetween(rng, 0.3, 1.6);
  return {
    density: strength * logBetween(rng, 0.12, 0.5),
    dome: rng.between(0.15, 0.9),
    rim: { width: logBetween(rng, 0.06, 0.5), gain: rng.between(0.1, 1.5) },
    texture: {
      name: chance(rng, 0.75) ? 'threads' : 'clouds',
      gain: chance(rng, 0.8) ? rng.between(0.05, 0.5) : 0,
      px: [across * rng.between(1, 2.5), across],
    },
    tilt: [0.25 * rng.normal(), 0.15 * rng.normal()],
    softness: chance(rng, 0.4) ? rng.between(0, 1.2) : 0,
    halo: chance(rng, 0.15) ? { width: rng.between(1, 3), gain: -rng.between(0.1, 0.4) } : NO_HALO,
  };
}

/** Absorbs nearly everything, evenly. */
export function metalMaterial(rng: Rng): Material {
  return {
    ...plainMaterial(rng),
    density: rng.between(0.7, 1.6),
    dome: rng.between(0, 0.3),
    texture: { name: 'clouds', gain: 0, px: [1, 1] },
    tilt: [0, 0],
    softness: 0,
    halo: chance(rng, 0.2) ? { width: rng.between(2, 6), gain: -rng.between(0.03, 0.15) } : NO_HALO,
  };
}

/** Thick in the middle, its edge hardly there or soft. */
export function softMaterial(rng: Rng): Material {
  const px = logBetween(rng, 0.5, 5);
  return {
    density: logBetween(rng, 0.1, 0.5),
    dome: rng.between(0.4, 1.2),
    rim: { width: 0.2, gain: chance(rng, 0.3) ? rng.between(0.1, 0.5) : 0 },
    texture: { name: chance(rng, 0.7) ? 'clouds' : 'grains', gain: rng.between(0, 0.4), px: [px, px] },
    tilt: [0.2 * rng.normal(), 0.2 * rng.normal()],
    softness: rng.between(0.5, 3),
    halo: NO_HALO,
  };
}

/** One tone with a sharp edge, sometimes a line around it. */
export function plainMaterial(rng: Rng): Material {
  const px = logBetween(rng, 0.5, 4);
  const name: TextureName = pick(rng, ['clouds', 'grains', 'threads']);
  return {
    density: logBetween(rng, 0.12, 0.8),
    dome: rng.between(0, 0.2),
    rim: { width: rng.between(0.05, 0.25), gain: chance(rng, 0.25) ? rng.between(-0.6, 0.8) : 0 },
    texture: { name, gain: chance(rng, 0.5) ? rng.between(0, 0.5) : 0, px: [px, px * rng.between(0.5, 2)] },
    tilt: [0.2 * rng.normal(), 0.2 * rng.normal()],
    softness: chance(rng, 0.3) ? rng.between(0, 1.5) : 0,
    halo: chance(rng, 0.1) ? { width: rng.between(1, 3), gain: rng.between(-0.6, 0.6) } : NO_HALO,
  };
}

/** A wall around little: vessels, cysts, membranes. */
export function hollowMaterial(rng: Rng): Material {
  const material = softMaterial(rng);
  return {
    ...material,
    rim: { width: rng.between(0.12, 0.45), gain: rng.between(0.8, 3) },
    softness: rng.between(0, 1.2),
  };
}

/** The same with absorption taken away: air, a cyst, a canal. */
export function cavityOf(material: Material): Material {
  return { ...material, density: -0.8 * material.density };
}

/** Any of them; a figure of any family may be of any material. */
export function anyMaterial(rng: Rng): Material {
  const material = pickWeighted(rng, [
    [4, boneMaterial],
    [2, softMaterial],
    [3, plainMaterial],
    [1.5, hollowMaterial],
    [0.4, metalMaterial],
  ])(rng);
  return chance(rng, 0.2) ? cavityOf(material) : material;
}

/** `usual`, or now and then any other material. */
export function mostly(rng: Rng, usual: (rng: Rng) => Material, surprise = 0.15): Material {
  return chance(rng, surprise) ? anyMaterial(rng) : usual(rng);
}
