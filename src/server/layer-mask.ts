/** @file A structure as the page sees it. */
import type { Structure } from '../annotations/types.ts';
import type { BoxXyxy, PointXy } from '../base/geometry.ts';
import { rleToString } from '../masks/rle.ts';
import { isTree } from '../pipeline/config.ts';
import type { Evidence } from '../refine/evidence.ts';
import type { LayerMask, Prompts } from '../review/protocol.ts';

export function layerMask({ classIndex, rle, score, trust, provenance }: Structure): LayerMask {
  const prompts = promptsOf(provenance?.prompt);
  return {
    classIndex,
    counts: rleToString(rle),
    ...(score !== undefined && { score }),
    ...(trust !== undefined && { trust }),
    ...(isTree(provenance?.evidence) && { evidence: provenance.evidence as unknown as Evidence }),
    ...(prompts !== undefined && { prompts }),
  };
}

/** The prompt that a promptable refiner wrote into its provenance. */
function promptsOf(prompt: unknown): Prompts | undefined {
  if (!isTree(prompt)) return undefined;
  return {
    ...(Array.isArray(prompt.box) && { box: prompt.box as unknown as BoxXyxy }),
    positive: Array.isArray(prompt.positive) ? [prompt.positive as unknown as PointXy] : [],
    negative: Array.isArray(prompt.negatives) ? (prompt.negatives as PointXy[]) : [],
  };
}
