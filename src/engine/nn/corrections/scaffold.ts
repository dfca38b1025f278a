/**
 * SCAFFOLD (Karimireddy et al. 2020, https://arxiv.org/abs/1910.06378): every step takes the
 * gradient + c − c_k, where the control variate c_k is what the participant's own gradients were on
 * average in its last round and c is that of all. The variates themselves are kept outside of the
 * graph: `federation/methods/control-variates.ts`.
 */
import * as g from '../../graph/build.js';
import type { GradientCorrection } from './correction.js';

export const scaffold = (): GradientCorrection => ({
  changes: 'gradient',
  reads: ['strength', 'controlDrift'],
  gradient: (gradient, _, { strength, controlDrift }) => g.add(gradient, g.mul(controlDrift, strength)),
});
