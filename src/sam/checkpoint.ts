/**
 * @file Reads a checkpoint of SAM, MedSAM, MobileSAM, SAM-HQ or Foal: the originals' .pth or .pt, or Hugging Face's folder
 * of config.json and model.safetensors. Both become the same weights by the original names.
 */
import { createHash } from 'node:crypto';
import { readFile, stat } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { CheckpointError } from '../base/errors.ts';
import { input } from '../graph/tensor.ts';
import { listParameters, type ParameterSource, type ParameterSpec, type Weights } from '../nn/parameters.ts';
import { scoped } from '../nn/scope.ts';
import { type Float32NdArray, float32, type NdArray } from '../tensor/array.ts';
import { toFloat32 } from '../tensor/elements.ts';
import { readPth } from '../tensor/pth.ts';
import { readSafetensors } from '../tensor/safetensors.ts';
import { configFromShapes, type SamConfig, samName } from './config.ts';
import { parseHints, type SamHints } from './hints.ts';
import { encodePixels, isEncoderWeight } from './image-encoder.ts';
import { decoderImage, maskDecoder } from './mask-decoder.ts';
import { isHuggingFaceName, originalNames } from './names.ts';
import { paintsPrompts } from './painted-prompt.ts';
import { listPointParameters, maskOffset, maskPrompt, noMaskOffset } from './prompt-encoder.ts';

export interface SamCheckpoint {
  /** `sam-vit-b` and the like. */
  readonly name: string;
  readonly config: SamConfig;
  /** By the original's names; exactly those of `samParameters`. */
  readonly weights: Weights;
}

/** What a TinyViT's checkpoint holds besides: its classifier, a count of training steps, tables made of others. */
const UNUSED = /^image_encoder\.(head|norm_head)\.|\.num_batches_tracked$|\.attn\.(ab|attention_bias_idxs)$/;

/** How many differences an error shows. */
const SHOWN_DIFFERENCES = 5;

/**
 * Reads and checks a checkpoint.
 *
 * @param path a .pth (or .pt, .bin, .safetensors) file, or a folder with config.json and model.safetensors. A
 *   config.json beside a file is read too: Meta's files do not tell the decoder's number of heads, which is 8 unless
 *   it says otherwise.
 * @throws CheckpointError when anything is missing, left over or of another shape
 */
export async function loadSamCheckpoint(path: string): Promise<SamCheckpoint> {
  const { file, hints } = await findFiles(path);
  const tensors = file.endsWith('.safetensors') ? await readSafetensors(file) : await readPth(file);
  return checkpointFromTensors(tensors, hints, file);
}

/** The same from tensors in memory, by the original's or Hugging Face's names; `file` names them in messages. */
export function checkpointFromTensors(
  tensors: ReadonlyMap<string, NdArray>,
  hints: SamHints | undefined,
  file: string,
): SamCheckpoint {
  const all = [...toOriginalNames(tensors)];
  const config = configFromShapes(new Map(all.map(([name, { shape }]) => [name, shape])), hints, file);
  const named = all.filter(([name]) => config.encoder.kind !== 'tiny-vit' || !UNUSED.test(name));
  const shapes = new Map(named.map(([name, { shape }]) => [name, shape]));
  compare(config, shapes, file);
  const weights = new Map<string, Float32NdArray>();
  for (const [name, array] of named) weights.set(name, float32(array.shape, toFloat32(array)));
  return { name: samName(config), config, weights };
}

/** All parameters of a model: names, shapes and how fresh ones start. */
export function samParameters(config: SamConfig): ParameterSpec[] {
  const { imageSize, gridSize, width } = config;
  const specs = listParameters((source) => {
    const { fine } = encodePixels(config, source, input('pixels', [1, 3, imageSize, imageSize]));
    const prompts: ParameterSource = scoped(source, 'prompt_encoder.');
    listPointParameters(config, prompts);
    const decoder: ParameterSource = scoped(source, 'mask_decoder.');
    const maps = [1, width, gridSize, gridSize];
    if (!paintsPrompts(config)) noMaskOffset(config, prompts);
    const offset = maskOffset(config, prompts);
    const image = decoderImage(config, decoder, input('embedding', maps), input('positions', maps), offset);
    const masks = maskPrompt(config, prompts, input('masks', [1, 1, 4 * gridSize, 4 * gridSize]));
    const candidates = Array.from({ length: config.maskTokens }, (_, i) => i);
    const tokens = input('tokens', [1, 1, width]);
    maskDecoder(config, decoder, { image, tokens, masks, ...(fine && { fine }) }, candidates);
  });
  return specs;
}

/** A hash of the weights by which images are encoded; what stored embeddings know their model by. */
export function encoderHash(weights: Weights): string {
  return weightsHash(new Map([...weights].filter(([name]) => isEncoderWeight(name))));
}

/** A hash of all weights: 64 hexadecimal digits. */
export function weightsHash(weights: Weights): string {
  const hash = createHash('sha256');
  for (const [name, { shape, data }] of [...weights].sort(([a], [b]) => (a < b ? -1 : 1))) {
    hash.update(`${name}[${shape}]`);
    hash.update(data);
  }
  return hash.digest('hex');
}

async function findFiles(path: string): Promise<{ file: string; hints: SamHints | undefined }> {
  const isFolder = await stat(path).then(
    (stats) => stats.isDirectory(),
    () => false,
  );
  const file = isFolder ? join(path, 'model.safetensors') : path;
  const configPath = join(isFolder ? path : dirname(path), 'config.json');
  const text = await readFile(configPath, 'utf8').catch(() => undefined);
  if (text === undefined && isFolder) {
    throw new CheckpointError({
      seen: `${path} has no config.json`,
      need: 'A folder of a Hugging Face SAM model has config.json and model.safetensors',
      fix: 'Download both, or name a .pth file itself',
    });
  }
  // A file may lie beside the config.json of something else; a folder is one model.
  const isItsOwn = text !== undefined && (isFolder || /"model_type"\s*:\s*"sam"/.test(text));
  return { file, hints: isItsOwn ? parseHints(text, configPath) : undefined };
}

function toOriginalNames(tensors: ReadonlyMap<string, NdArray>): ReadonlyMap<string, NdArray> {
  const unwrapped = new Map([...tensors].map(([name, array]) => [name.replace(/^module\./, ''), array]));
  if (![...unwrapped.keys()].some(isHuggingFaceName)) return unwrapped;
  const names = originalNames(unwrapped.keys());
  return new Map([...unwrapped].map(([name, array]) => [names.get(name)!, array]));
}

function compare(config: SamConfig, shapes: ReadonlyMap<string, readonly number[]>, file: string): void {
  const needed = samParameters(config);
  const neededNames = new Set(needed.map(({ name }) => name));
  const differences: string[] = [];
  for (const { name, shape } of needed) {
    const found = shapes.get(name);
    if (found === undefined) differences.push(`${name} is missing`);
    else if (found.join() !== shape.join()) differences.push(`${name} is [${found}] instead of [${shape}]`);
  }
  for (const name of shapes.keys()) if (!neededNames.has(name)) differences.push(`${name} is left over`);
  if (differences.length === 0) return;
  const more = differences.length - SHOWN_DIFFERENCES;
  const shown = differences.slice(0, SHOWN_DIFFERENCES).join('; ');
  throw new CheckpointError({
    seen: `${file} does not hold the weights of ${samName(config)}: ${shown}${more > 0 ? `; and ${more} more` : ''}`,
    need: 'Every tensor of SAM, MedSAM, SAM-HQ, MobileSAM or Foal, and no other',
    fix: 'Name a checkpoint of the original models, or of one fine-tuned from them without changes to its layers',
  });
}
