/**
 * Quantity skew: participants have the same mix of categories and different numbers of examples.
 * The sizes are proportions from a Dirichlet distribution.
 * @see Li et al. 2021 (NIID-Bench), https://arxiv.org/abs/2102.02079, section IV-D
 */
import { dirichletCut } from './dirichlet-cut.js';
import type { Partitioner } from './partition.js';
import { requirePositive, requireWholeNumber } from './settings.js';

export interface QuantitySkewSettings {
  /** Above 0; smaller is more uneven. NIID-Bench uses 0.5, our default. */
  readonly alpha?: number | undefined;
  /**
   * Draws again until each participant has this many; 2 by default: one to train, one to validate.
   */
  readonly minimumExamples?: number | undefined;
}

/**
 * @throws PartitionError when a setting is out of range; `split` throws when the minimum is never
 * reached.
 */
export function quantitySkew({ alpha = 0.5, minimumExamples = 2 }: QuantitySkewSettings = {}): Partitioner {
  requirePositive('quantity-skew', 'alpha', alpha);
  requireWholeNumber('quantity-skew', 'minimumExamples', minimumExamples);
  const cut = { partitioner: 'quantity-skew', alpha, minimumExamples };
  return {
    name: 'quantity-skew',
    settings: { alpha, minimumExamples },
    split(groups, _count, participants, stream) {
      return dirichletCut(cut, [Uint32Array.from(groups, (_, index) => index)], participants, stream);
    },
  };
}
