/**
 * Label skew by a Dirichlet distribution: each category is cut by its own proportions, so
 * participants differ in their categories and in their numbers of examples. A small alpha gives few
 * categories to each, a large alpha is nearly V.
 *
 * Hsu, Qi and Brown, from whom this measure of skew comes, draw each participant's mix of
 * categories; all have the same number of examples, and some examples are not used. Here each
 * category is cut among the participants, as Yurochkin et al. and NIID-Bench do, so every example
 * is used.
 * @see Hsu et al. 2019, https://arxiv.org/abs/1909.06335
 * @see Yurochkin et al. 2019, https://arxiv.org/abs/1905.12022
 */
import { dirichletCut } from './dirichlet-cut.js';
import { byGroup, type Partitioner } from './partition.js';
import { requirePositive, requireWholeNumber } from './settings.js';

export interface DirichletSettings {
  /** Above 0; the literature uses 0.1 (uneven) to 100 (even). 0.5 by default. */
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
export function dirichlet({ alpha = 0.5, minimumExamples = 2 }: DirichletSettings = {}): Partitioner {
  requirePositive('dirichlet', 'alpha', alpha);
  requireWholeNumber('dirichlet', 'minimumExamples', minimumExamples);
  const cut = { partitioner: 'dirichlet', alpha, minimumExamples };
  return {
    name: 'dirichlet',
    settings: { alpha, minimumExamples },
    split(groups, count, participants, stream) {
      return dirichletCut(cut, byGroup(groups, count), participants, stream);
    },
  };
}
