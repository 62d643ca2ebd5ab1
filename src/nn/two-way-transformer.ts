/**
 * @file The two-way transformer of SAM's mask decoder (Kirillov et al. 2023, appendix A): a few tokens and many
 * image places attend to each other in turn. Positions are added to queries and keys at every attention.
 */
import { add } from '../graph/ops/elementwise.ts';
import { slice } from '../graph/ops/join.ts';
import { matmul, swapLast } from '../graph/ops/matmul.ts';
import { relu } from '../graph/ops/unary.ts';
import type { Tensor } from '../graph/tensor.ts';
import { selfAttention } from './attention.ts';
import {
  addFromTokens,
  type CrossAttention,
  gatherFromPlaces,
  multiply,
  projectPlaces,
} from './cross-attention.ts';
import { layerNormLayer, linear } from './linear.ts';
import type { ParameterSource } from './parameters.ts';

export interface TwoWayConfig {
  readonly width: number;
  readonly depth: number;
  readonly heads: number;
  readonly mlpWidth: number;
  /** Features of the attention between tokens and image, over all heads. */
  readonly crossWidth: number;
}

/** The image as the first layer sees it, the same for all prompts: computed once. */
export interface TwoWayImage {
  /** Features of the places [1, P, width]. */
  readonly places: Tensor;
  /** Their encoded positions [1, P, width]. */
  readonly positions: Tensor;
  /** What the first layer's tokens look at, and what its places ask with: [1, crossWidth, P] each. */
  readonly keys: Tensor;
  readonly values: Tensor;
  readonly queries: Tensor;
}

/** What a prompt adds to the places: factors times basis. */
export interface PlacePrompt {
  /** [N, P, rank] */
  readonly factors: Tensor;
  /** [rank, width] */
  readonly basis: Tensor;
}

/** PyTorch's default for nn.LayerNorm, which the original leaves as it is. */
const EPSILON = 1e-5;

const READ = 'cross_attn_token_to_image';
const WRITE = 'cross_attn_image_to_token';

function crossAttention(config: TwoWayConfig, source: ParameterSource, name: string): CrossAttention {
  const { width, heads, crossWidth } = config;
  return { source, name, width, heads, inner: crossWidth };
}

/** The shared part of the first layer, for places [1, P, width] with positions [1, P, width]. */
export function twoWayImage(
  config: TwoWayConfig,
  source: ParameterSource,
  places: Tensor,
  positions: Tensor,
): TwoWayImage {
  const placed = add(places, positions);
  const read = crossAttention(config, source, `layers.0.${READ}`);
  return {
    places,
    positions,
    keys: projectPlaces(read, 'k_proj', placed),
    values: projectPlaces(read, 'v_proj', places),
    queries: projectPlaces(crossAttention(config, source, `layers.0.${WRITE}`), 'q_proj', placed),
  };
}

/**
 * @param tokens [N, T, width]
 * @param prompt what the prompts add to the places, where they do
 * @param answered how many of the first tokens are asked for
 * @param absent [N, T], 0 or, for tokens that none of the others shall see, a large negative number
 * @returns tokens [N, answered, width] and places [N, P, width]
 */
export function twoWayTransformer(
  config: TwoWayConfig,
  source: ParameterSource,
  tokens: Tensor,
  image: TwoWayImage,
  prompt: PlacePrompt | undefined,
  answered: number,
  absent?: Tensor,
): { tokens: Tensor; places: Tensor } {
  const { width, heads, mlpWidth } = config;
  const attention = (name: string): CrossAttention => crossAttention(config, source, name);
  const norm = (name: string, x: Tensor): Tensor => layerNormLayer(source, name, x, EPSILON);

  const first = prompt === undefined ? image : withPrompt(config, source, image, prompt);
  let [queries, keys] = [tokens, first.places];
  for (let i = 0; i < config.depth; i++) {
    const layer = `layers.${i}`;
    if (i === 0) {
      // The tokens are their own positions, so the first self-attention needs neither them nor a residual.
      queries = selfAttention(source, `${layer}.self_attn`, queries, queries, { width, heads }, absent);
    } else {
      const placed = add(queries, tokens);
      queries = add(
        queries,
        selfAttention(source, `${layer}.self_attn`, placed, queries, { width, heads }, absent),
      );
    }
    queries = norm(`${layer}.norm1`, queries);

    const placedKeys = i === 0 ? undefined : add(keys, image.positions);
    const seen = placedKeys
      ? { keys: placedKeys, values: keys }
      : { projectedKeys: first.keys, projectedValues: first.values };
    const gathered = gatherFromPlaces(attention(`${layer}.${READ}`), add(queries, tokens), seen);
    queries = norm(`${layer}.norm2`, add(queries, gathered));

    const hidden = relu(linear(source, `${layer}.mlp.lin1`, queries, mlpWidth));
    queries = norm(`${layer}.norm3`, add(queries, linear(source, `${layer}.mlp.lin2`, hidden, width)));

    const asking = placedKeys ? { queries: placedKeys } : { projectedQueries: first.queries };
    const write = attention(`${layer}.${WRITE}`);
    const told = addFromTokens(write, keys, asking, add(queries, tokens), queries, absent);
    keys = norm(`${layer}.norm4`, told);
  }
  const [batch] = tokens.shape as [number];
  const asked = (x: Tensor): Tensor => slice(x, [0, 0, 0], [batch, answered, width]);
  const last = asked(queries);
  const gathered = gatherFromPlaces(attention('final_attn_token_to_image'), add(last, asked(tokens)), {
    keys: add(keys, image.positions),
    values: keys,
  });
  return { tokens: norm('norm_final_attn', add(last, gathered)), places: keys };
}

/** The first layer's part of the image with a prompt added to the places. */
function withPrompt(
  config: TwoWayConfig,
  source: ParameterSource,
  { places, positions, keys, values, queries }: TwoWayImage,
  { factors, basis }: PlacePrompt,
): TwoWayImage {
  const { width, crossWidth } = config;
  const initializer = { uniform: 1 / Math.sqrt(width) };
  const added = (projected: Tensor, name: string): Tensor => {
    const weight = source(`layers.0.${name}.weight`, [crossWidth, width], initializer);
    return multiply({ x: matmul(weight, swapLast(basis)) }, { x: factors, turned: true }, projected);
  };
  return {
    places: multiply({ x: factors }, { x: basis }, places),
    positions,
    keys: added(keys, `${READ}.k_proj`),
    values: added(values, `${READ}.v_proj`),
    queries: added(queries, `${WRITE}.q_proj`),
  };
}
