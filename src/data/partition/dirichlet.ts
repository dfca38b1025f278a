/**
 * Label skew by a Dirichlet distribution: each class is cut by proportions of its own, so that participants differ in
 * classes and in numbers. Small alpha: few classes each; large alpha: nearly V.
 *
 * The measure of skew is that of Hsu, Qi and Brown, who draw each participant's mix of classes and give all the same
 * number of examples, not every one; to deal out every example, each class draws its cut among the participants, as
 * Yurochkin et al. and NIID-Bench do.
 * @see Hsu et al. 2019, https://arxiv.org/abs/1909.06335
 * @see Yurochkin et al. 2019, https://arxiv.org/abs/1905.12022
 */
import { dirichletCut } from './dirichlet-cut.js';
import { byGroup, type Partitioner } from './partition.js';
import { positive, wholeNumber } from './settings.js';

export interface DirichletSettings {
  /** Above 0; the literature uses 0.1 (uneven) to 100 (even). 0.5 by default. */
  readonly alpha?: number | undefined;
  /** Draws again until every participant has as many; 2 by default: one to train, one to validate. */
  readonly minimumExamples?: number | undefined;
}

/** @throws PartitionError when a setting is out of range, and on split when the minimum is never reached. */
export function dirichlet({ alpha = 0.5, minimumExamples = 2 }: DirichletSettings = {}): Partitioner {
  positive('dirichlet', 'alpha', alpha);
  wholeNumber('dirichlet', 'minimumExamples', minimumExamples);
  const cut = { partitioner: 'dirichlet', alpha, minimumExamples };
  return {
    name: 'dirichlet',
    settings: { alpha, minimumExamples },
    split(labels, classes, participants, stream) {
      return dirichletCut(cut, byGroup(labels, classes), participants, stream);
    },
  };
}
