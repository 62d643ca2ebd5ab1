/**
 * @file The two-way transformer of SAM's mask decoder (Kirillov et al. 2023, appendix A): a few tokens and many
 * image places attend to each other in turn. Positions are added to queries and keys at every attention.
 *
 * N prompts of one image are decoded together. The image places have a batch axis of 1 as long as they are the same
 * for all prompts: what is computed from them before the tokens change them is computed once.
 */
import { add } from '../graph/ops/elementwise.ts';
import { reshape, transpose } from '../graph/ops/reshape.ts';
import { relu } from '../graph/ops/unary.ts';
import type { Tensor } from '../graph/tensor.ts';
import { attention } from './attention.ts';
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

/** PyTorch's default for nn.LayerNorm, which the original leaves as it is. */
const EPSILON = 1e-5;

/**
 * @param tokens [N, T, width]
 * @param places [N or 1, P, width], the image, and their positions [1, P, width]
 * @returns tokens [N, T, width] and places [N, P, width]
 */
export function twoWayTransformer(
  config: TwoWayConfig,
  source: ParameterSource,
  tokens: Tensor,
  places: Tensor,
  positions: Tensor,
): { tokens: Tensor; places: Tensor } {
  const { width, heads, crossWidth, mlpWidth } = config;
  const attend = (name: string, q: Tensor, k: Tensor, v: Tensor, inner: number): Tensor =>
    multiHeadAttention(source, name, q, k, v, { width, heads, inner });
  const norm = (name: string, x: Tensor): Tensor => layerNormLayer(source, name, x, EPSILON);

  let [queries, keys] = [tokens, places];
  for (let i = 0; i < config.depth; i++) {
    const layer = `layers.${i}`;
    if (i === 0) {
      // The tokens are their own positions, so the first self-attention needs neither them nor a residual.
      queries = attend(`${layer}.self_attn`, queries, queries, queries, width);
    } else {
      const placed = add(queries, tokens);
      queries = add(queries, attend(`${layer}.self_attn`, placed, placed, queries, width));
    }
    queries = norm(`${layer}.norm1`, queries);

    const placedKeys = add(keys, positions);
    const toImage = attend(
      `${layer}.cross_attn_token_to_image`,
      add(queries, tokens),
      placedKeys,
      keys,
      crossWidth,
    );
    queries = norm(`${layer}.norm2`, add(queries, toImage));

    const hidden = relu(linear(source, `${layer}.mlp.lin1`, queries, mlpWidth));
    queries = norm(`${layer}.norm3`, add(queries, linear(source, `${layer}.mlp.lin2`, hidden, width)));

    const toTokens = attend(
      `${layer}.cross_attn_image_to_token`,
      placedKeys,
      add(queries, tokens),
      queries,
      crossWidth,
    );
    keys = norm(`${layer}.norm4`, add(keys, toTokens));
  }
  const toImage = attend(
    'final_attn_token_to_image',
    add(queries, tokens),
    add(keys, positions),
    keys,
    crossWidth,
  );
  return { tokens: norm('norm_final_attn', add(queries, toImage)), places: keys };
}

interface MultiHeadConfig {
  readonly width: number;
  readonly heads: number;
  readonly inner: number;
}

/** Attention of q [N or 1, Tq, width] over k and v [N or 1, Tk, width]: [N, Tq, width]. */
function multiHeadAttention(
  source: ParameterSource,
  name: string,
  q: Tensor,
  k: Tensor,
  v: Tensor,
  { width, heads, inner }: MultiHeadConfig,
): Tensor {
  const perHead = (projection: string, x: Tensor): Tensor => {
    const [batch, count] = x.shape as [number, number, number];
    const projected = linear(source, `${name}.${projection}`, x, inner);
    return transpose(reshape(projected, [batch, count, heads, inner / heads]), [0, 2, 1, 3]);
  };
  const attended = attention(perHead('q_proj', q), perHead('k_proj', k), perHead('v_proj', v));
  const [batch, , count] = attended.shape as [number, number, number, number];
  return linear(
    source,
    `${name}.out_proj`,
    reshape(transpose(attended, [0, 2, 1, 3]), [batch, count, inner]),
    width,
  );
}
