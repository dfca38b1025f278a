/**
 * FedRS, the restricted softmax (Li and Zhan 2021, https://doi.org/10.1145/3447548.3467254): the
 * logit of class c is scaled by α + (1 − α)·n_c / max n before the loss. The logit of a class
 * without examples is scaled by α, so it is pushed down less. The logit of the most frequent class
 * stays as it is.
 */
import * as g from '../../graph/build.js';
import type { LossCorrection } from './correction.js';

export const fedRs = ({ alpha = 0.5 } = {}): LossCorrection => ({
  changes: 'loss',
  reads: ['strength', 'classCounts'],
  loss(loss, { logits, labels }, { strength, classCounts }) {
    // 1 − (1 − α)·(1 − n_c / max n): exactly 1 if all classes are equally frequent.
    const missing = g.sub(1, g.div(classCounts, g.reduceMax(classCounts)));
    const scale = g.sub(1, g.mul(missing, g.mul(strength, 1 - alpha)));
    return loss(g.mul(logits, scale), labels);
  },
});
