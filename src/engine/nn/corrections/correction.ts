/**
 * A correction of local training: a change to the loss, the gradient or the next state inside the
 * training graph. It works against the drift of participants that see different data. Whatever it
 * needs besides the batch is an input of the graph, so one plan serves every participant in every
 * round.
 */
import type { Value } from '../../graph/value.js';
import type { LastLayer } from '../layers/last-layer.js';
import type { ClassLoss } from '../tasks/class-losses.js';

/** Inputs of the training graph that stay the same during a round; P is the size of the state. */
export interface CorrectionInputs {
  /** []: 1 while the correction is active; 0 turns it off. */
  readonly strength: Value;
  /** [P]: w_t, the state at the start of the round. */
  readonly globalState: Value;
  /** [P]: c − c_k, the common control variate minus the participant's own. */
  readonly controlDrift: Value;
  /** [classes]: n_c, the participant's number of training examples in each class. */
  readonly classCounts: Value;
}

export type CorrectionInput = keyof CorrectionInputs;

/** What a loss reads of a batch of N examples. */
export interface Predictions {
  /** [N, classes]. */
  readonly logits: Value;
  /** i32 [N]. */
  readonly labels: Value;
  /** [N, classes]: the logits of the network with w_t for the same examples, without dropout. */
  globalLogits(): Value;
}

export interface LossCorrection {
  readonly changes: 'loss';
  /** The inputs that the correction uses. */
  readonly reads: readonly CorrectionInput[];
  /** From the loss to be corrected to the corrected loss of each example [N]. */
  loss(loss: ClassLoss, predictions: Predictions, inputs: CorrectionInputs): Value;
}

export interface GradientCorrection {
  readonly changes: 'gradient';
  readonly reads: readonly CorrectionInput[];
  /** From the gradient of a batch [P], after clipping, to the corrected gradient. */
  gradient(gradient: Value, state: Value, inputs: CorrectionInputs): Value;
}

export interface StateCorrection {
  readonly changes: 'state';
  readonly reads: readonly CorrectionInput[];
  /** From the state after the optimizer [P] to the corrected state. */
  state(next: Value, state: Value, lastLayer: LastLayer, inputs: CorrectionInputs): Value;
}

export type Correction = LossCorrection | GradientCorrection | StateCorrection;
