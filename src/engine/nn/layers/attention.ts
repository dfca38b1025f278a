/**
 * Self-attention of several heads (Vaswani et al. 2017, https://arxiv.org/abs/1706.03762), and the
 * encoder layer of a transformer around it. Names, layouts, initial weights and the places of
 * dropout are those of PyTorch's `MultiheadAttention` and `TransformerEncoderLayer`.
 */
import { formatShape } from '../../../tensor/shape.js';
import * as g from '../../graph/build.js';
import type { Value } from '../../graph/value.js';
import { glorotUniform, zeros } from './initializers.js';
import { dense, dropout, layerNorm } from './layers.js';
import { NetworkError, type Scope } from './network.js';

export interface AttentionLayer {
  readonly heads: number;
  /** Of the weights of attention, in training. */
  readonly dropout?: number | undefined;
  /** [N,L]: 1 for a place that is there, 0 for padding, to which nothing attends. */
  readonly mask?: Value | undefined;
}

/** The score of a padded place: its weight is 0, and a row of padding alone has no NaN. */
const NEVER = -1e30;

/**
 * x [N,L,E] → [N,L,E]: softmax(q·kᵀ/√(E/heads))·v in each head, with `in_proj_weight` [3·E,E] and
 * `in_proj_bias` [3·E] for q, k and v after each other, and the dense layer `out_proj`.
 * @throws NetworkError when the heads do not divide E
 */
export function attention(scope: Scope, x: Value, { heads, dropout: rate = 0, mask }: AttentionLayer): Value {
  const [n = 1, length = 1, width = 1] = x.shape;
  if (x.shape.length !== 3 || width % heads !== 0) {
    throw new NetworkError(
      `network: attention of ${heads} heads reads ${formatShape(x.shape)}, expected [N,length,width] of a width that they divide`,
    );
  }
  const weight = scope.parameter('in_proj_weight', [3 * width, width], glorotUniform);
  const bias = scope.parameter('in_proj_bias', [3 * width], zeros);
  const projected = g.add(g.matmul(g.reshape(x, [n * length, width]), weight, { transposeB: true }), bias);
  const each = [n, heads, length, width / heads];
  // [3,N,heads,L,E/heads]
  const all = g.transpose(g.reshape(projected, [n, length, 3, heads, width / heads]), [2, 0, 3, 1, 4]);
  const [q, k, v] = [0, 1, 2].map((at) =>
    g.reshape(g.slice(all, [at, 0, 0, 0, 0], [at + 1, ...each]), each),
  ) as [Value, Value, Value];
  const scores = g.matmul(g.mul(q, Math.sqrt(heads / width)), k, { transposeB: true });
  const heard = mask === undefined ? scores : g.where(g.reshape(mask, [n, 1, 1, length]), scores, NEVER);
  const mixed = g.matmul(dropout(scope, g.softmax(heard), rate), v);
  const joined = g.reshape(g.transpose(mixed, [0, 2, 1, 3]), [n, length, width]);
  return dense(scope.in('out_proj'), joined, width, { biasInitializer: zeros });
}

export interface EncoderLayer extends AttentionLayer {
  /** The width between the two dense layers. */
  readonly feedForward: number;
  /** Whether a norm stands before each part, instead of after it (Xiong et al. 2020). */
  readonly normFirst?: boolean;
}

/** x [N,L,E] → [N,L,E]: `self_attn`, then relu between `linear1` and `linear2`, each added to x. */
export function encoderLayer(scope: Scope, x: Value, layer: EncoderLayer): Value {
  const { feedForward, normFirst = false, dropout: rate = 0 } = layer;
  const width = x.shape[2] ?? 1;
  const attended = (y: Value) => dropout(scope, attention(scope.in('self_attn'), y, layer), rate);
  const fed = (y: Value) => {
    const inner = dropout(scope, g.relu(dense(scope.in('linear1'), y, feedForward)), rate);
    return dropout(scope, dense(scope.in('linear2'), inner, width), rate);
  };
  const norm = (place: 1 | 2, y: Value) => layerNorm(scope.in(`norm${place}`), y);
  if (normFirst) {
    const y = g.add(x, attended(norm(1, x)));
    return g.add(y, fed(norm(2, y)));
  }
  const y = norm(1, g.add(x, attended(x)));
  return norm(2, g.add(y, fed(y)));
}
