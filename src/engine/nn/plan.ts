/**
 * A plan: everything that a participant needs besides its data, compiled. Any program with ONNX Runtime can train by it.
 */

import { type ColumnSpec, specOf } from '../../tensor/column-spec.js';
import type { PermutationGroup } from '../../tensor/permutation-group.js';
import { formatShape, sameShape } from '../../tensor/shape.js';
import type { StateLayout } from '../../tensor/state-dict.js';
import { input } from '../graph/build.js';
import { lower } from '../onnx/lower/lower.js';
import type { Correction, CorrectionInput } from './corrections/correction.js';
import {
  applyNetwork,
  examplesOf,
  frozenLayoutOf,
  layoutOf,
  type Network,
  NetworkError,
  parametersOf,
} from './layers/network.js';
import type { Optimizer } from './optimizers.js';
import { permutationGroups } from './permutation-groups.js';
import { type Measures, measuresOf } from './tasks/measures.js';
import type { Task } from './tasks/task.js';
import { evaluationStep, type StepDescription, trainingStep } from './training-step.js';

/** Examples evaluated at a time, by default. */
export const EVALUATION_BATCH = 25;

export interface PlanOptions {
  readonly network: Network;
  /** What the network is given of an example, in its order. */
  readonly inputs: readonly ColumnSpec[];
  readonly task: Task;
  readonly optimizer: Optimizer;
  readonly batchSize: number;
  /** Examples evaluated at a time; `EVALUATION_BATCH` by default. */
  readonly evaluationBatchSize?: number;
  readonly clipNorm?: number | undefined;
  /** Weights that stay as they are, by patterns of their names; none by default. */
  readonly freeze?: readonly string[] | undefined;
  readonly correction?: Correction | undefined;
  /** A batch is cut into parts whose largest array fits: `partBytes` of the runtime that will train; 2.5 MiB by default. */
  readonly partBytes?: number | undefined;
}

export interface Plan {
  /** Of the state that is carried from step to step: weights, then statistics and counters (`tensor/roles.ts`). */
  readonly layout: StateLayout;
  /** Of the vector `frozen`, which no step changes; often empty. */
  readonly frozen: StateLayout;
  readonly inputs: readonly ColumnSpec[];
  readonly targets: readonly ColumnSpec[];
  readonly batchSize: number;
  readonly evaluationBatchSize: number;
  /** Vectors that the optimizer keeps, each as long as there are weights in the state (`weightsIn`). */
  readonly slotCount: number;
  /** What an evaluation gives. */
  readonly measures: Measures;
  /** Inputs of the training model that stay the same through a round. */
  readonly correctionInputs: readonly CorrectionInput[];
  /** Hidden units that may be put in another order: what models are aligned by before they are merged. */
  readonly permutationGroups: readonly PermutationGroup[];
  /** ONNX models; their inputs and outputs are those of `trainingStep` and `evaluationStep`. */
  readonly trainingModel: Uint8Array;
  readonly evaluationModel: Uint8Array;
}

export function compilePlan(options: PlanOptions): Plan {
  const { network, task, optimizer, batchSize, evaluationBatchSize = EVALUATION_BATCH } = options;
  for (const [field, size] of Object.entries({ batchSize, evaluationBatchSize })) {
    if (Number.isInteger(size) && size >= 1) continue;
    throw new NetworkError(`plan: ${field} is ${size}, expected a whole number from 1`);
  }
  const inputs = options.inputs.map(specOf);
  const targets = task.targets.map(specOf);
  checkNames([...inputs, ...targets]);
  const parameters = parametersOf(network, inputs, options.freeze);
  const layout = layoutOf(parameters);
  const frozen = frozenLayoutOf(parameters);
  const description = { ...options, inputs, layout, frozen };
  checkOutput(description);
  return {
    layout,
    frozen,
    inputs,
    targets,
    batchSize,
    evaluationBatchSize,
    slotCount: optimizer.slotCount,
    measures: measuresOf(task),
    correctionInputs: options.correction?.reads ?? [],
    permutationGroups: permutationGroups(network, inputs, options.freeze),
    trainingModel: lower(trainingStep(description)),
    evaluationModel: lower(evaluationStep(description, evaluationBatchSize)),
  };
}

/** What a graph calls something else. */
const TAKEN =
  /^(state|nextState|(nextSlot|slot)\d+|weights|learningRate|step|seed|totalWeight|number|strength|globalState|controlDrift|frozen|classCounts|signs|slopes|sum|lossSum|counted|predictions)$/;

function checkNames(columns: readonly ColumnSpec[]): void {
  const names = columns.map(({ name }) => name);
  const repeated = names.find((name, index) => names.indexOf(name) < index);
  const wrong = repeated ?? names.find((name) => TAKEN.test(name));
  if (wrong === undefined) return;
  throw new NetworkError(
    `plan: a column is called "${wrong}", ${repeated === undefined ? 'which the graph calls something else' : 'and another one, too'}`,
    { hint: 'give it another name' },
  );
}

/** @throws NetworkError when the network does not give what the task is about */
function checkOutput({ network, frozen = [], inputs, task, ...of }: StepDescription): void {
  const layout = [...of.layout, ...frozen];
  const tensors = layout.map(({ name, shape }) => input(name, shape));
  const { shape, dtype } = applyNetwork(network, layout, tensors, examplesOf(inputs, 1));
  const [batch, ...output] = shape;
  if (dtype === 'f32' && batch === 1 && sameShape(output, task.output)) return;
  throw new NetworkError(
    `plan: the network gives ${dtype}${formatShape(shape)} for one example, but the task "${task.name}" is about f32${formatShape([1, ...task.output])}`,
  );
}
