/**
 * SCAFFOLD's control variates (Karimireddy et al. 2020, https://arxiv.org/abs/1910.06378, option
 * II), all zero at first:
 *
 *     a participant, after its round:   c_k ← c_k + Δc_k,  Δc_k = (w_t − w_k) / Σ η − c
 *     the coordinator, after the merge: c ← c + Σ_k p_k·Δc_k  over those who took part
 *
 * Σ η is the sum of the learning rates of its steps. With steps w ← w − η·(g + c − c_k), the new
 * c_k is the mean of its gradients g. p_k is the participant's share of all examples; it is the
 * paper's 1/N if all have equally many. So c stays Σ p_k·c_k over all participants.
 *
 * Δc_k travels with the update, c with the merged model; c_k stays with the participant.
 */
import { layoutSize, type StateDict, type StateLayout } from '../../tensor/state-dict.js';
import type { LocalResult, LocalWork } from '../../training/local-training.js';
import type { Method, MethodStart } from './method.js';

/** @param carries whether the correction is on in a round */
export const controlVariates = (carries: (round: number) => boolean): Method => ({
  name: 'control',
  title: 'control variate',
  leaves: 'the change of a control variate',
  keeps: 'control variate',
  // The values are mean gradients: their size depends on the loss, not on the weights.
  bound: { least: -1e4, most: 1e4 },
  carries,
  prepare: (start) => ({ controlDrift: controlDrift(controlsOf(start)) }),
  async compute(round) {
    const controls = controlsOf(round);
    const change = controlChange(controls, round.base, round, round.work);
    const { layout } = round;
    return { attachment: { layout, data: change }, own: { layout, data: ownAfter(controls.own, change) } };
  },
  async merge({ layout, common, contributions }): Promise<StateDict> {
    const next = Float64Array.from(valuesOf(layout, common));
    for await (const { share, attachment } of contributions) {
      attachment.data.forEach((value, place) => {
        next[place] = (next[place] as number) + share * value;
      });
    }
    return { layout, data: Float32Array.from(next) };
  },
});

interface Controls {
  /** c */
  readonly common: Float32Array;
  /** c_k */
  readonly own: Float32Array;
}

const valuesOf = (layout: StateLayout, state: StateDict | undefined): Float32Array =>
  state?.data ?? new Float32Array(layoutSize(layout));

const controlsOf = ({ layout, common, own }: MethodStart): Controls => ({
  common: valuesOf(layout, common),
  own: valuesOf(layout, own),
});

/** c − c_k, which every step adds to its gradient. */
const controlDrift = ({ common, own }: Controls) =>
  common.map((value, place) => value - (own[place] as number));

/** Δc_k */
export function controlChange(
  { common }: Pick<Controls, 'common'>,
  base: Float32Array,
  { state, steps }: Pick<LocalResult, 'state' | 'steps'>,
  { learningRates }: Pick<LocalWork, 'learningRates'>,
): Float32Array {
  let rates = 0;
  for (let step = 0; step < steps; step++)
    rates += learningRates[Math.min(step, learningRates.length - 1)] as number;
  return base.map((begin, place) => (begin - (state[place] as number)) / rates - (common[place] as number));
}

/** c_k + Δc_k */
const ownAfter = (own: Float32Array, change: Float32Array) =>
  own.map((value, place) => value + (change[place] as number));
