/** @file Hands and feet, in general terms: rays of long bones that fan out from a pack of pebbles. */
import type { PointXy, Size } from '../../../base/geometry.ts';
import type { Rng } from '../../../base/rng.ts';
import { chance, wholeBetween } from '../draws.ts';
import type { Figure, Material } from '../figure.ts';
import { longBone } from '../figures/long-bone.ts';
import { boneMaterial } from '../materials.ts';
import { band } from '../shapes.ts';
import { type Arrangement, bent, place, somewhere } from './arrangement.ts';
import { packedPebbles } from './pack.ts';

export function rays(rng: Rng, size: Size): Arrangement {
  const scale = Math.min(size.height, size.width) * rng.between(0.4, 1.3);
  const base = somewhere(rng, size, 0.3);
  const heading = rng.between(0, 2 * Math.PI);
  const count = wholeBetween(rng, 2, 5);
  const spread = rng.between(0.08, 0.28);
  const material = boneMaterial(rng);
  const flesh = tissue(rng);
  const behind: Figure[] = [];
  const objects: Figure[] = [];
  for (let i = 0; i < count; i++) {
    const aside = i - (count - 1) / 2;
    const turn = heading + aside * spread + 0.05 * rng.normal();
    const across = scale * 0.16 * aside;
    const start: PointXy = [
      base[0] + across * Math.cos(heading) - 0.12 * scale * Math.sin(heading),
      base[1] + across * Math.sin(heading) + 0.12 * scale * Math.cos(heading),
    ];
    const ray = rayOf(rng, start, turn, scale * rng.between(0.3, 0.42), material);
    objects.push(...ray.bones);
    behind.push(fleshAlong(ray.joints, scale * rng.between(0.07, 0.1), flesh));
  }
  if (chance(rng, 0.7)) {
    const pebbles = packedPebbles(rng, base, scale * 0.2, scale * rng.between(0.09, 0.16), material);
    objects.push(...pebbles);
  }
  if (chance(rng, 0.6)) {
    const back = forearm(rng, base, heading, scale, material);
    objects.push(...back);
  }
  return bent(rng, { behind, objects }, size, rng.between(0, 0.02));
}

function tissue(rng: Rng): Material {
  return {
    density: rng.between(0.06, 0.25),
    dome: 0.9,
    rim: { width: 0.1, gain: 0 },
    texture: { name: 'clouds', gain: rng.between(0, 0.12), px: [4, 4] },
    tilt: [0, 0],
    softness: 1,
    halo: { width: 0, gain: 0 },
  };
}

/** A chain of bones that get shorter, with the joints between them. */
function rayOf(
  rng: Rng,
  start: PointXy,
  turn: number,
  first: number,
  material: Material,
): { bones: Figure[]; joints: PointXy[] } {
  const bones: Figure[] = [];
  const joints: PointXy[] = [start];
  let [x, y] = start;
  let [length, angle] = [first, turn];
  for (let i = wholeBetween(rng, 2, 4); i > 0; i--) {
    const [dx, dy] = [-Math.sin(angle), Math.cos(angle)];
    const at: PointXy = [x + (dx * length) / 2, y + (dy * length) / 2];
    bones.push(...place(longBone(rng, material), { at, length, turn: angle, squash: rng.between(0.9, 1.4) }));
    const step = length * rng.between(0.97, 1.06);
    x += dx * step;
    y += dy * step;
    joints.push([x, y]);
    length *= rng.between(0.5, 0.8);
    angle += 0.1 * rng.normal();
  }
  return { bones, joints };
}

function fleshAlong(joints: readonly PointXy[], half: number, material: Material): Figure {
  const outline = band(joints, (t) => half * (1.2 - 0.4 * t));
  return { family: 'rib', outlines: [outline], holes: [], inlays: [], material, turn: 0 };
}

/** Two bones that lead away from the fan. */
function forearm(rng: Rng, base: PointXy, heading: number, scale: number, material: Material): Figure[] {
  const length = scale * rng.between(0.7, 1.2);
  const [dx, dy] = [Math.sin(heading), -Math.cos(heading)];
  const away = scale * 0.17 + length / 2;
  return [-1, 1].flatMap((side) => {
    const across = side * scale * rng.between(0.08, 0.12);
    const at: PointXy = [
      base[0] + dx * away + across * Math.cos(heading),
      base[1] + dy * away + across * Math.sin(heading),
    ];
    return place(longBone(rng, material), { at, length, turn: heading + 0.04 * rng.normal() });
  });
}
