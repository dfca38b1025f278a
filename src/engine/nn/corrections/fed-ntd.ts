/**
 * FedNTD, not-true distillation (Lee et al. 2022, https://arxiv.org/abs/2106.03097): the loss gets
 * the term β·KL(q̃ᵗ ‖ q̃). Here q̃ is the softmax of z/T over all classes except the true one, and
 * q̃ᵗ is the same for the network at the start of the round. So training learns the true class and
 * keeps what the global model knows about the other classes.
 */
import * as g from '../../graph/build.js';
import type { Value } from '../../graph/value.js';
import { EXCLUDED } from '../tasks/class-losses.js';
import type { LossCorrection } from './correction.js';

export const fedNtd = ({ beta = 1, temperature = 1 } = {}): LossCorrection => ({
  changes: 'loss',
  reads: ['strength', 'globalState'],
  loss(loss, { logits, labels, globalLogits }, { strength }) {
    const isTrue = g.oneHot(labels, logits.shape[1] ?? 1);
    const notTrue = (z: Value) => g.logSoftmax(g.sub(g.mul(z, 1 / temperature), g.mul(isTrue, EXCLUDED)));
    const [local, global] = [notTrue(logits), notTrue(globalLogits())];
    const divergence = g.reduceSum(g.mul(g.exp(global), g.sub(global, local)), [1]);
    return g.add(loss(logits, labels), g.mul(divergence, g.mul(strength, beta)));
  },
});
