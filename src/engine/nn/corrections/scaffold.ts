/**
 * SCAFFOLD (Karimireddy et al. 2020, https://arxiv.org/abs/1910.06378): each step uses the gradient
 * + c − c_k. The control variate c_k is the mean of the participant's own gradients in its last
 * round, and c is the mean over all participants. The variates are kept outside the graph, in
 * `federation/methods/control-variates.ts`.
 */
import * as g from '../../graph/build.js';
import type { GradientCorrection } from './correction.js';

export const scaffold = (): GradientCorrection => ({
  changes: 'gradient',
  reads: ['strength', 'controlDrift'],
  gradient: (gradient, _, { strength, controlDrift }) => g.add(gradient, g.mul(controlDrift, strength)),
});
