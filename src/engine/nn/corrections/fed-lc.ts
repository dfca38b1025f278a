/**
 * FedLC, logits calibrated by label frequency (Zhang et al. 2022,
 * https://arxiv.org/abs/2209.00189). The loss reads z_c − τ·n_c^(−1/4), so a rare class must win by
 * a margin. For a class without examples (n_c = 0) the margin is infinite: the class takes no part
 * in the loss, and its logit is not trained.
 */
import * as g from '../../graph/build.js';
import type { LossCorrection } from './correction.js';

export const fedLc = ({ tau = 1 } = {}): LossCorrection => ({
  changes: 'loss',
  reads: ['strength', 'classCounts'],
  loss(loss, { logits, labels }, { strength, classCounts }) {
    const margin = g.exp(g.mul(g.log(g.atLeast(classCounts, 1)), -0.25));
    const seen = g.sub(1, g.mul(g.equal(classCounts, 0), strength));
    return loss(g.sub(logits, g.mul(margin, g.mul(strength, tau))), labels, seen);
  },
});
