/**
 * FedRS, the restricted softmax (Li and Zhan 2021, https://doi.org/10.1145/3447548.3467254): the
 * logit of class c is scaled by α + (1 − α)·n_c / max n before the loss. A class that the
 * participant never sees has its logit scaled by α, so that it is pushed down less; one that it
 * sees most often is left as it is.
 */
import * as g from '../../graph/build.js';
import type { LossCorrection } from './correction.js';

export const fedRs = ({ alpha = 0.5 } = {}): LossCorrection => ({
  changes: 'loss',
  reads: ['strength', 'classCounts'],
  loss(loss, { logits, labels }, { strength, classCounts }) {
    // 1 − (1 − α)·(1 − n_c / max n): exactly 1 where all classes are as frequent.
    const missing = g.sub(1, g.div(classCounts, g.reduceMax(classCounts)));
    const scale = g.sub(1, g.mul(missing, g.mul(strength, 1 - alpha)));
    return loss(g.mul(logits, scale), labels);
  },
});
