/**
 * @file Scaled dot-product attention (Vaswani et al. 2017), plain and on a grid with decomposed relative positions
 * (Li et al. 2022, MViTv2), as SAM's image encoder uses it.
 *
 * The matrix of scores between all places of a grid is by far the largest array of a vision transformer: 64 x 64
 * places and 12 heads make 800 MB. It is therefore computed in chunks of a few megabytes, which stay in the
 * processor's cache from the product through bias and softmax to the product with the values. That bounds the
 * memory and is also faster than one large pass.
 */
import { add, mul } from '../graph/ops/elementwise.ts';
import { concat, gather, split } from '../graph/ops/join.ts';
import { matmul, softmax, swapLast } from '../graph/ops/matmul.ts';
import { reshape, transpose } from '../graph/ops/reshape.ts';
import { constant, type Tensor } from '../graph/tensor.ts';
import { int64 } from '../tensor/array.ts';
import { linear } from './linear.ts';
import type { ParameterSource } from './parameters.ts';

/**
 * softmax(q k^T / sqrt(d) + bias) v for q [..., Nq, d], k [..., Nk, d], v [..., Nk, e]: [..., Nq, e]. The bias
 * broadcasts to [..., Nq, Nk].
 */
export function attention(q: Tensor, k: Tensor, v: Tensor, bias?: Tensor): Tensor {
  const scores = mul(matmul(q, swapLast(k)), 1 / Math.sqrt(q.shape.at(-1)!));
  return matmul(softmax(bias ? add(scores, bias) : scores), v);
}

/**
 * Self-attention over several heads, in PyTorch's names below `name`: queries and keys from `placed`, values from
 * `x`, both [N, T, width]; [N, T, width]. `absent` [N, T] is added to the scores of each key.
 */
export function selfAttention(
  source: ParameterSource,
  name: string,
  placed: Tensor,
  x: Tensor,
  { width, heads }: { readonly width: number; readonly heads: number },
  absent?: Tensor,
): Tensor {
  const [batch, count] = x.shape as [number, number, number];
  const perHead = (part: string, from: Tensor): Tensor => {
    const projected = linear(source, `${name}.${part}`, from, width);
    return transpose(reshape(projected, [batch, count, heads, width / heads]), [0, 2, 1, 3]);
  };
  const bias = absent && reshape(absent, [batch, 1, 1, count]);
  const attended = attention(
    perHead('q_proj', placed),
    perHead('k_proj', placed),
    perHead('v_proj', x),
    bias,
  );
  const joined = reshape(transpose(attended, [0, 2, 1, 3]), [batch, count, width]);
  return linear(source, `${name}.out_proj`, joined, width);
}

/** Learnt vectors per relative distance: row i is the distance i - (size - 1), query minus key. */
export interface RelativePositions {
  /** [2 H - 1, d] */
  readonly rows: Tensor;
  /** [2 W - 1, d] */
  readonly columns: Tensor;
}

/** Elements of one chunk: 8 MB, a part of the last-level cache of common processors. */
export const CHUNK_ELEMENTS = 2 ** 21;

/**
 * Multi-head attention among the places of each grid.
 *
 * Heads are cut out of the feature axis one by one: each is one contiguous matrix, and neither the split nor the
 * concatenation at the end needs a transposed copy of all of them.
 *
 * @param qkv [B, H * W, 3 * heads * d] of B grids: the queries of all heads, then the keys, then the values
 * @returns [B, H * W, heads * d]
 */
export function gridAttention(
  qkv: Tensor,
  grid: readonly [height: number, width: number],
  heads: number,
  positions: RelativePositions | undefined,
  chunkElements = CHUNK_ELEMENTS,
): Tensor {
  const d = qkv.shape[2]! / (3 * heads);
  const parts = split(qkv, new Array<number>(3 * heads).fill(d), 2);
  const outputs = Array.from({ length: heads }, (_, head) =>
    attendInGrids(
      parts[head]!,
      parts[heads + head]!,
      parts[2 * heads + head]!,
      grid,
      positions,
      chunkElements,
    ),
  );
  return concat(outputs, 2);
}

/** One head, q, k and v [B, H * W, d], as many grids at a time as the chunk holds. */
function attendInGrids(
  q: Tensor,
  k: Tensor,
  v: Tensor,
  grid: readonly [height: number, width: number],
  positions: RelativePositions | undefined,
  chunkElements: number,
): Tensor {
  const [count, places] = q.shape as [number, number, number];
  const sizes = chunkSizes(count, Math.max(1, Math.floor(chunkElements / (places * places))));
  const [queries, keys, values] = [split(q, sizes, 0), split(k, sizes, 0), split(v, sizes, 0)];
  const rowsPerChunk = Math.max(1, Math.floor(chunkElements / (grid[1] * places)));
  const parts = sizes.map((_, i) =>
    attendInRows(queries[i]!, keys[i]!, values[i]!, grid, positions, rowsPerChunk),
  );
  return concat(parts, 0);
}

/** Sizes of at most `most` that add up to `total`. */
export function chunkSizes(total: number, most: number): number[] {
  const sizes: number[] = [];
  for (let left = total; left > 0; left -= most) sizes.push(Math.min(left, most));
  return sizes;
}

/** q, k and v [n, H * W, d]; the queries are taken a few grid rows at a time. */
function attendInRows(
  q: Tensor,
  k: Tensor,
  v: Tensor,
  [height, width]: readonly [number, number],
  positions: RelativePositions | undefined,
  rowsPerChunk: number,
): Tensor {
  const [n, places, d] = q.shape as [number, number, number];
  const sizes = chunkSizes(height, rowsPerChunk).map((rows) => rows * width);
  const keys = swapLast(k);
  const queries = split(q, sizes, 1);
  const biases = positions && positionBiases(reshape(q, [n, height, width, d]), positions);
  const rowBiases = biases && split(biases.rows, sizes, 1);
  const columnBiases = biases && split(biases.columns, sizes, 1);
  const parts = queries.map((query, i) => {
    let scores = mul(matmul(query, keys), 1 / Math.sqrt(d));
    if (rowBiases && columnBiases) {
      const size = sizes[i]!;
      const bias = add(
        reshape(rowBiases[i]!, [n, size, height, 1]),
        reshape(columnBiases[i]!, [n, size, 1, width]),
      );
      scores = add(scores, reshape(bias, [n, size, places]));
    }
    return matmul(softmax(scores), v);
  });
  return concat(parts, 1);
}

/**
 * What the score between a query and a key gains by their relative position: the query (unscaled) times the vector
 * of their distance in rows, plus the same in columns.
 *
 * @param q [n, H, W, d]
 * @returns rows [n, H * W, H] and columns [n, H * W, W], by the key's row and column
 */
function positionBiases(q: Tensor, positions: RelativePositions): { rows: Tensor; columns: Tensor } {
  const [n, height, width] = q.shape as [number, number, number, number];
  const rows = matmul(q, distanceVectors(positions.rows, height));
  const columns = matmul(transpose(q, [0, 2, 1, 3]), distanceVectors(positions.columns, width));
  return {
    rows: reshape(rows, [n, height * width, height]),
    columns: reshape(transpose(columns, [0, 2, 1, 3]), [n, height * width, width]),
  };
}

/** [size, d, size]: for each query index the vectors of all key indices. `table` is [2 size - 1, d]. */
function distanceVectors(table: Tensor, size: number): Tensor {
  const indices = Array.from({ length: size * size }, (_, i) => Math.floor(i / size) - (i % size) + size - 1);
  return swapLast(gather(table, constant(int64([size, size], indices))));
}
