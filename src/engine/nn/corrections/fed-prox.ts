/**
 * FedProx (Li et al. 2020, https://arxiv.org/abs/1812.06127): the loss gets the proximal term
 * µ/2·‖w − w_t‖², which keeps the local state near the state at the start of the round. Its
 * gradient is µ·(w − w_t). The reported loss does not include the term.
 */
import * as g from '../../graph/build.js';
import type { GradientCorrection } from './correction.js';

export const fedProx = ({ mu = 0.01 } = {}): GradientCorrection => ({
  changes: 'gradient',
  reads: ['strength', 'globalState'],
  gradient: (gradient, state, { strength, globalState }) =>
    g.add(gradient, g.mul(g.sub(state, globalState), g.mul(strength, mu))),
});
