/**
 * @file Attention between a few tokens and the many places of an image (the two-way transformer of SAM's decoder),
 * arranged so that little is done per place.
 *
 * What is projected from places is kept as columns, [features, P]: a product gives them in that order for nothing,
 * each head is then one contiguous matrix, and no array of places is ever transposed. Where tokens are few, the
 * projection of the places is saved altogether, because products may be taken in any order:
 * (x Wk) . q = x . (Wk^T q) and sum_p a_p (x_p Wv) = (sum_p a_p x_p) Wv, so that weights meet T tokens, not P places.
 */
import { add, mul } from '../graph/ops/elementwise.ts';
import { matmul, softmax, swapLast } from '../graph/ops/matmul.ts';
import { reshape, transpose } from '../graph/ops/reshape.ts';
import type { Tensor } from '../graph/tensor.ts';
import { linear } from './linear.ts';
import type { ParameterSource } from './parameters.ts';

export interface CrossAttentionConfig {
  /** Features of tokens and places. */
  readonly width: number;
  readonly heads: number;
  /** Features of queries, keys and values, over all heads. */
  readonly inner: number;
}

/** One attention: its weights, by PyTorch's names below `name`. */
export interface CrossAttention extends CrossAttentionConfig {
  readonly source: ParameterSource;
  readonly name: string;
}

type Projection = 'q_proj' | 'k_proj' | 'v_proj';

/** Tokens beyond this many are better met by projected places. */
const fewTokens = ({ heads, inner }: CrossAttentionConfig): number => Math.floor(inner / heads);

/** Projected places [N, inner, P] of places [N, P, width]. */
export function projectPlaces(attention: CrossAttention, part: Projection, places: Tensor): Tensor {
  const { weight, bias } = projection(attention, part);
  return multiply({ x: weight }, { x: places, turned: true }, reshape(bias, [attention.inner, 1]));
}

/** What the tokens look at: places as such, or where they serve many askers, projected once. */
export type Seen =
  | { readonly keys: Tensor; readonly values: Tensor }
  | { readonly projectedKeys: Tensor; readonly projectedValues: Tensor };

/**
 * Tokens [N, T, width] gather from places [N or 1, P, width] (keys with positions, values without), or from their
 * projections [N or 1, inner, P]: [N, T, width].
 */
export function gatherFromPlaces(attention: CrossAttention, tokens: Tensor, seen: Seen): Tensor {
  const { source, name, width, heads, inner } = attention;
  const [batch, count] = tokens.shape as [number, number, number];
  const d = inner / heads;
  const queries = perHead(attention, linear(source, `${name}.q_proj`, tokens, inner));
  const weigh = (scores: Tensor): Tensor => softmax(mul(scores, 1 / Math.sqrt(d)));
  const value = projection(attention, 'v_proj');

  let gathered: Tensor;
  if ('projectedKeys' in seen) {
    const [images, , places] = seen.projectedKeys.shape as [number, number, number];
    const asHeads = (x: Tensor): Tensor => reshape(x, [images, heads, d, places]);
    const shares = weigh(matmul(queries, asHeads(seen.projectedKeys)));
    gathered = matmul(shares, swapLast(asHeads(seen.projectedValues)));
  } else if (count < fewTokens(attention)) {
    const flat = [batch, heads * count, width];
    // The bias of the keys adds the same to all scores of a token, which its softmax does not see.
    const key = headMatrices(attention, projection(attention, 'k_proj').weight);
    const asked = reshape(matmul(queries, key), flat);
    const shares = weigh(product(asked, seen.keys, true));
    const mixed = reshape(product(shares, seen.values), [batch, heads, count, width]);
    const mixing = headMatrices(attention, value.weight);
    gathered = add(matmul(mixed, swapLast(mixing)), reshape(value.bias, [heads, 1, d]));
  } else {
    const projectedKeys = projectPlaces(attention, 'k_proj', seen.keys);
    const projectedValues = projectPlaces(attention, 'v_proj', seen.values);
    return gatherFromPlaces(attention, tokens, { projectedKeys, projectedValues });
  }
  const joined = reshape(transpose(gathered, [0, 2, 1, 3]), [batch, count, inner]);
  return linear(source, `${name}.out_proj`, joined, width);
}

/**
 * Places ask tokens: `places` [N or 1, P, width] plus what each gathers from tokens [N, T, width] (keys with
 * positions, values without): [N, P, width]. `asking` are the places with positions, or their projection. `absent`
 * [N, T] is added to the scores of each token.
 */
export function addFromTokens(
  attention: CrossAttention,
  places: Tensor,
  asking: { readonly queries: Tensor } | { readonly projectedQueries: Tensor },
  keys: Tensor,
  values: Tensor,
  absent?: Tensor,
): Tensor {
  const { source, name, width, heads, inner } = attention;
  const [batch, count] = keys.shape as [number, number, number];
  const positions = places.shape[1]!;
  const d = inner / heads;
  const k = perHead(attention, linear(source, `${name}.k_proj`, keys, inner));
  const v = perHead(attention, linear(source, `${name}.v_proj`, values, inner));
  const isFew = count < fewTokens(attention);

  const query = projection(attention, 'q_proj');
  let scores: Tensor;
  if ('queries' in asking && isFew) {
    const asked = reshape(matmul(k, headMatrices(attention, query.weight)), [batch, heads * count, width]);
    const constantPart = matmul(k, reshape(query.bias, [heads, d, 1]));
    scores = add(
      reshape(product(asked, asking.queries, true), [batch, heads, count, positions]),
      constantPart,
    );
  } else {
    const projected =
      'queries' in asking ? projectPlaces(attention, 'q_proj', asking.queries) : asking.projectedQueries;
    const images = projected.shape[0]!;
    scores = matmul(k, reshape(projected, [images, heads, d, positions]));
  }
  const scaled = mul(scores, 1 / Math.sqrt(d));
  const shares = softmax(absent ? add(scaled, reshape(absent, [batch, 1, count, 1])) : scaled, 2);

  const initializer = { uniform: 1 / Math.sqrt(inner) };
  const out = source(`${name}.out_proj.weight`, [width, inner], initializer);
  const outBias = source(`${name}.out_proj.bias`, [width], initializer);
  if (isFew) {
    // The shares of each head add up to 1, so that the bias may be dealt out among the answers.
    const dealt = mul(outBias, 1 / heads);
    const answers = add(matmul(v, reshape(swapLast(out), [heads, d, width])), dealt);
    return multiply(
      { x: reshape(shares, [batch, heads * count, positions]), turned: true },
      { x: reshape(answers, [batch, heads * count, width]) },
      places,
    );
  }
  const mixed = reshape(matmul(swapLast(v), shares), [batch, inner, positions]);
  return multiply({ x: mixed, turned: true }, { x: out, turned: true }, add(places, outBias));
}

/** [N, T, inner] to [N, heads, T, inner / heads]. */
function perHead({ heads, inner }: CrossAttentionConfig, x: Tensor): Tensor {
  const [batch, count] = x.shape as [number, number, number];
  return transpose(reshape(x, [batch, count, heads, inner / heads]), [0, 2, 1, 3]);
}

/** A weight [inner, width] as a matrix per head, [heads, inner / heads, width]. */
function headMatrices({ width, heads, inner }: CrossAttentionConfig, weight: Tensor): Tensor {
  return reshape(weight, [heads, inner / heads, width]);
}

function projection(
  { source, name, width, inner }: CrossAttention,
  part: Projection,
): { weight: Tensor; bias: Tensor } {
  const initializer = { uniform: 1 / Math.sqrt(width) };
  return {
    weight: source(`${name}.${part}.weight`, [inner, width], initializer),
    bias: source(`${name}.${part}.bias`, [inner], initializer),
  };
}

/** a [N, m, k] times b [N or 1, k, n], or with `turned` times the transpose of b [N or 1, n, k]. */
function product(a: Tensor, b: Tensor, turned = false): Tensor {
  return multiply({ x: a }, { x: b, turned });
}

/** A factor of a product, `turned` where its transpose is meant. */
interface Factor {
  readonly x: Tensor;
  readonly turned?: boolean;
}

/** a b + base. With N = 1 it is one product of two axes, into which ONNX Runtime takes the sum and the transposes. */
export function multiply(a: Factor, b: Factor, base?: Tensor): Tensor {
  const parts = [a.x, b.x, ...(base ? [base] : [])];
  const isSingle = parts.every(({ shape }) => shape.slice(0, -2).every((size) => size === 1));
  const plain = (x: Tensor): Tensor => (isSingle ? reshape(x, x.shape.slice(-2)) : x);
  const factor = ({ x, turned }: Factor): Tensor => (turned ? swapLast(plain(x)) : plain(x));
  const y = matmul(factor(a), factor(b));
  const sum = base ? add(y, plain(base)) : y;
  return isSingle ? reshape(sum, [1, ...sum.shape]) : sum;
}
