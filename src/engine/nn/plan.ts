/**
 * A plan: everything that a participant needs besides its data, compiled. Whoever has ONNX Runtime can train by it.
 */
import type { PermutationGroup } from '../../tensor/permutation-group.js';
import type { Shape } from '../../tensor/shape.js';
import type { StateLayout } from '../../tensor/state-dict.js';
import { lower } from '../onnx/lower/lower.js';
import type { Correction, CorrectionInput } from './corrections/correction.js';
import { layoutOf, type Network, NetworkError, parametersOf } from './layers/network.js';
import type { Optimizer } from './optimizers.js';
import { permutationGroups } from './permutation-groups.js';
import type { Loss } from './tasks/losses.js';
import { evaluationStep, type Normalization, trainingStep } from './training-step.js';

/** Images evaluated at a time, by default. */
export const EVALUATION_BATCH = 25;

export interface PlanOptions {
  readonly network: Network;
  /** [C,H,W]. */
  readonly imageShape: Shape;
  readonly loss: Loss;
  readonly optimizer: Optimizer;
  readonly batchSize: number;
  /** Images evaluated at a time; `EVALUATION_BATCH` by default. */
  readonly evaluationBatchSize?: number;
  readonly normalization?: Normalization;
  readonly clipNorm?: number | undefined;
  readonly correction?: Correction | undefined;
  /** A batch is cut into parts whose largest array fits: `partBytes` of the runtime that will train; 2.5 MiB by default. */
  readonly partBytes?: number | undefined;
}

export interface Plan {
  readonly layout: StateLayout;
  readonly imageShape: Shape;
  readonly batchSize: number;
  readonly evaluationBatchSize: number;
  /** Vectors that the optimizer keeps, each of the state's size. */
  readonly slotCount: number;
  /** Inputs of the training model that stay the same through a round. */
  readonly correctionInputs: readonly CorrectionInput[];
  /** Hidden units that may be put in another order: what models are aligned by before they are merged. */
  readonly permutationGroups: readonly PermutationGroup[];
  /** ONNX models; their inputs and outputs are those of `trainingStep` and `evaluationStep`. */
  readonly trainingModel: Uint8Array;
  readonly evaluationModel: Uint8Array;
}

export function compilePlan(options: PlanOptions): Plan {
  const { network, imageShape, optimizer, batchSize, evaluationBatchSize = EVALUATION_BATCH } = options;
  for (const [field, size] of Object.entries({ batchSize, evaluationBatchSize })) {
    if (Number.isInteger(size) && size >= 1) continue;
    throw new NetworkError(`plan: ${field} is ${size}, expected a whole number from 1`);
  }
  checkNormalization(options.normalization, imageShape);
  const layout = layoutOf(parametersOf(network, imageShape));
  const description = {
    ...options,
    layout,
    normalization: options.normalization ?? { mean: [0], deviation: [1] },
  };
  return {
    layout,
    imageShape,
    batchSize,
    evaluationBatchSize,
    slotCount: optimizer.slotCount,
    correctionInputs: options.correction?.reads ?? [],
    permutationGroups: permutationGroups(network, imageShape),
    trainingModel: lower(trainingStep(description)),
    evaluationModel: lower(evaluationStep(description, evaluationBatchSize)),
  };
}

/** One number for all channels, or one for each: others would be left out in silence. */
function checkNormalization(normalization: Normalization | undefined, [channels]: Shape): void {
  for (const [field, numbers] of Object.entries(normalization ?? {}) as [string, readonly number[]][]) {
    const sound = numbers.every((value) => Number.isFinite(value) && (field === 'mean' || value > 0));
    if (sound && (numbers.length === 1 || numbers.length === channels)) continue;
    throw new NetworkError(
      `plan: normalization.${field} is [${numbers.join(', ')}], expected one finite number, or one for each of the ${channels} channels${field === 'mean' ? '' : ', above 0'}`,
    );
  }
}
