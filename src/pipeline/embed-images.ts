/**
 * @file Storing the embeddings of all images that a run will refine, before it needs them. Refinement does so image by
 * image too; done ahead, the slow part can be divided among machines while networks are trained.
 */
import { secondsSince } from '../base/clock.ts';
import { ConfigError } from '../base/errors.ts';
import { type Case, casesOf, SPLIT_NAMES } from '../dataset/types.ts';
import { readCase } from '../dataset/view.ts';
import { askedModel } from '../refine/settings.ts';
import type { RunConfig } from './config.ts';
import { type InRunOptions, inRun } from './in-run.ts';
import type { PreparedRun } from './prepare.ts';
import { embeddingsFolder, obtainCheckedSam, openSam } from './sam-model.ts';
import { describeShard, type Part, type Shard, shardOf } from './shard.ts';
import type { RunContext } from './stage.ts';

export interface EmbeddedImages extends Omit<Part, 'shard'> {
  /** Where embeddings are kept, for all runs beside this one. */
  readonly folder: string;
}

/** A part of the images like any other: the run is neither locked nor changed, whatever else works there. */
const ALL: Shard = { index: 1, count: 1 };

/**
 * Encodes the images that the store lacks; what it has is kept, so the same call goes on after an interruption.
 * @throws ConfigError where the refiner needs no stored embeddings, and as inRun.
 */
export async function embedImages(config: RunConfig, options: InRunOptions): Promise<EmbeddedImages> {
  requireEncoder(config);
  const { shard = ALL } = options;
  return inRun(config, { ...options, shard }, (context, prepared) => embed(context, prepared, shard));
}

async function embed(context: RunContext, prepared: PreparedRun, shard: Shard): Promise<EmbeddedImages> {
  const { run, observer, signal } = context;
  const { checked, compute, sam } = prepared;
  const folder = embeddingsFolder(run);
  await obtainCheckedSam(sam!, context);
  const model = await openSam(sam!, context, { compute, embeddings: folder });
  try {
    if (!model.stores) throw quickEncoder(model.name);
    const cases = shardOf(refinedCases(prepared), shard);
    const keyOf = ({ id }: Case): string => checked.imageHashes.get(id)!;
    const missing = cases.filter((item) => !model.isStored(keyOf(item)));
    const before = cases.length - missing.length;
    const which = shard === ALL ? '' : `, ${describeShard(shard)}`;
    observer.stageStarted('embed', `Encoding ${cases.length} images (${model.name})${which}`);
    const start = performance.now();
    for (const [index, item] of missing.entries()) {
      signal?.throwIfAborted();
      await model.encode(await readCase(item), keyOf(item));
      const done = before + index + 1;
      const secondsEach = secondsSince(start) / (index + 1);
      observer.progress(
        done / cases.length,
        `${done} of ${cases.length} images`,
        secondsEach * (cases.length - done),
      );
    }
    observer.stageFinished('embed', secondsSince(start));
    return { images: cases.length, before, folder };
  } finally {
    await model.close();
  }
}

/** The images whose masks are refined; of the labelled ones, where trust is calibrated on them. */
function refinedCases({ checked: { dataset }, plans }: PreparedRun): Case[] {
  const splits = SPLIT_NAMES.filter((split) => split !== 'labelled' || plans.folds !== undefined);
  return splits.flatMap((split) => casesOf(dataset, split));
}

function requireEncoder({ refine }: RunConfig): void {
  if (askedModel(refine) !== undefined) return;
  throw new ConfigError({
    seen: `The refiner ${refine.refiner} encodes no images`,
    need: 'Embeddings are of the refiner sam: Segment Anything, MedSAM, MobileSAM or SAM-HQ',
    fix: 'Leave this out and go on with packmule refine, or choose a model: --model sam-vit-b',
  });
}

function quickEncoder(name: string): ConfigError {
  return new ConfigError({
    seen: `${name} encodes an image about as quickly as its embedding is read, so none are stored`,
    need: 'A model whose embeddings are worth storing: Segment Anything, MedSAM, MobileSAM or SAM-HQ',
    fix: 'Leave this out and go on with packmule refine, or choose a model: --model sam-vit-b',
  });
}
