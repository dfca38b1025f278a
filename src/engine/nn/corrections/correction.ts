/**
 * A correction of local training: something done to the loss, to the gradient or to the next state,
 * inside of the training graph, against the drift of participants that see different data. What it
 * is told besides the batch are inputs of the graph, so that one plan serves every participant in
 * every round.
 */
import type { Value } from '../../graph/value.js';
import type { LastLayer } from '../layers/last-layer.js';
import type { ClassLoss } from '../tasks/losses.js';

/** Inputs of the training graph that stay the same through a round; P is the state's size. */
export interface CorrectionInputs {
  /** []: 1 where the correction is at work, 0 where it is off and changes nothing. */
  readonly strength: Value;
  /** [P]: w_t, the state that the round began with. */
  readonly globalState: Value;
  /** [P]: c − c_k, the difference of the common control variate and the participant's own. */
  readonly controlDrift: Value;
  /** [classes]: n_c, how many training examples of each class the participant has. */
  readonly classCounts: Value;
}

export type CorrectionInput = keyof CorrectionInputs;

/** What a loss sees of a batch of N examples. */
export interface Predictions {
  /** [N, classes]. */
  readonly logits: Value;
  /** i32 [N]. */
  readonly labels: Value;
  /** [N, classes]: what the network with w_t says of the same examples, without dropout. */
  globalLogits(): Value;
}

export interface LossCorrection {
  readonly changes: 'loss';
  /** Those that `loss` uses. */
  readonly reads: readonly CorrectionInput[];
  /** From the loss that is corrected to the corrected one of every example [N]. */
  loss(loss: ClassLoss, predictions: Predictions, inputs: CorrectionInputs): Value;
}

export interface GradientCorrection {
  readonly changes: 'gradient';
  readonly reads: readonly CorrectionInput[];
  /** From the gradient of a batch [P], after clipping, to the corrected one. */
  gradient(gradient: Value, state: Value, inputs: CorrectionInputs): Value;
}

export interface StateCorrection {
  readonly changes: 'state';
  readonly reads: readonly CorrectionInput[];
  /** From the state that the optimizer comes to [P] to the corrected one. */
  state(next: Value, state: Value, lastLayer: LastLayer, inputs: CorrectionInputs): Value;
}

export type Correction = LossCorrection | GradientCorrection | StateCorrection;
