/**
 * A small transformer encoder (Vaswani et al. 2017, https://arxiv.org/abs/1706.03762) that reads a
 * text: embeddings of tokens and of positions, encoder layers with the norm first, a norm, the mean
 * over the tokens, and a dense layer.
 */
import { add } from '../../graph/build.js';
import type { Value } from '../../graph/value.js';
import { encoderLayer } from '../layers/attention.js';
import { normal } from '../layers/initializers.js';
import { dense, dropout, embedding, layerNorm } from '../layers/layers.js';
import type { Network } from '../layers/network.js';
import { maskedMean, paddingMask } from '../layers/padding.js';
import type { TokenFacts } from './bag-of-embeddings.js';

export interface TransformerSettings extends TokenFacts {
  /** The number of outputs. */
  readonly classes?: number;
  /** The width of the residual stream; the heads divide it. */
  readonly width?: number;
  readonly layers?: number;
  readonly heads?: number;
  /** The width within a layer. */
  readonly feedForward?: number;
  readonly dropout?: number;
}

/** Tokens i32 [N,length] → [N,classes]. */
export const transformer =
  (settings: TransformerSettings): Network =>
  (scope, ids: Value) => {
    const { classes = 2, width = 64, layers = 2, heads = 4, feedForward = 4 * width } = settings;
    const { vocabulary, padding = 0, dropout: rate = 0.1 } = settings;
    const mask = paddingMask(ids, padding);
    const embedded = embedding(scope.in('embedding'), ids, { vocabulary, features: width });
    const positions = scope.in('positions').parameter('weight', [ids.shape[1] ?? 1, width], normal(0, 1));
    let x = add(embedded, positions);
    x = dropout(scope, x, rate);
    for (let index = 0; index < layers; index++) {
      const layer = { heads, feedForward, dropout: rate, mask, normFirst: true };
      x = encoderLayer(scope.in(`layers.${index}`), x, layer);
    }
    return dense(scope.in('fc'), maskedMean(layerNorm(scope.in('norm'), x), mask), classes);
  };
