/**
 * The mean of the embeddings of a text's tokens, then a dense layer: fastText's classifier without
 * n-grams (Joulin et al. 2016, https://arxiv.org/abs/1607.01759).
 */
import type { Value } from '../../graph/value.js';
import { dense, dropout, embedding } from '../layers/layers.js';
import type { Network } from '../layers/network.js';
import { maskedMean, paddingMask } from '../layers/padding.js';

/** What a network knows of the tokens that it reads. */
export interface TokenFacts {
  readonly vocabulary: number;
  /** The token that fills the places after a text. */
  readonly padding?: number | undefined;
}

export interface BagOfEmbeddingsSettings extends TokenFacts {
  /** The number of outputs. */
  readonly classes?: number;
  /** The numbers of an embedding. */
  readonly width?: number;
  readonly dropout?: number;
}

/** Tokens i32 [N,length] → [N,classes]. */
export const bagOfEmbeddings =
  ({ classes = 2, width = 64, dropout: rate = 0, ...tokens }: BagOfEmbeddingsSettings): Network =>
  (scope, ids: Value) => {
    const { vocabulary, padding = 0 } = tokens;
    const embedded = embedding(scope.in('embedding'), ids, { vocabulary, features: width });
    const mean = maskedMean(embedded, paddingMask(ids, padding));
    return dense(scope.in('fc'), dropout(scope, mean, rate), classes);
  };
