/**
 * Quantity skew: the participants' classes are alike, their numbers of examples are not; the sizes are proportions
 * from a Dirichlet distribution.
 * @see Li et al. 2021 (NIID-Bench), https://arxiv.org/abs/2102.02079, section IV-D
 */
import { dirichletCut } from './dirichlet-cut.js';
import type { Partitioner } from './partition.js';
import { positive, wholeNumber } from './settings.js';

export interface QuantitySkewSettings {
  /** Above 0; the smaller, the more uneven. NIID-Bench uses 0.5, our default. */
  readonly alpha?: number | undefined;
  /** Draws again until every participant has as many; 2 by default: one to train, one to validate. */
  readonly minimumExamples?: number | undefined;
}

/** @throws PartitionError when a setting is out of range, and on split when the minimum is never reached. */
export function quantitySkew({ alpha = 0.5, minimumExamples = 2 }: QuantitySkewSettings = {}): Partitioner {
  positive('quantity-skew', 'alpha', alpha);
  wholeNumber('quantity-skew', 'minimumExamples', minimumExamples);
  const cut = { partitioner: 'quantity-skew', alpha, minimumExamples };
  return {
    name: 'quantity-skew',
    settings: { alpha, minimumExamples },
    split(labels, _classes, participants, stream) {
      return dirichletCut(cut, [Uint32Array.from(labels, (_, index) => index)], participants, stream);
    },
  };
}
