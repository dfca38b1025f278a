/**
 * A plan: everything that a participant needs besides its data, compiled. Any program with ONNX
 * Runtime can train with it.
 */

import { type ColumnSpec, specOf } from '../../tensor/column-spec.js';
import type { PermutationGroup } from '../../tensor/permutation-group.js';
import { formatShape, sameShape } from '../../tensor/shape.js';
import type { StateLayout } from '../../tensor/state-dict.js';
import { input } from '../graph/build.js';
import { lower } from '../onnx/lower/lower.js';
import type { Correction, CorrectionInput } from './corrections/correction.js';
import { evaluationBatchOf } from './evaluation-batch.js';
import {
  applyNetwork,
  frozenLayoutOf,
  inputsOfBatch,
  layoutOf,
  type Network,
  NetworkError,
  parametersOf,
} from './layers/network.js';
import type { TrainedPart } from './layers/trained-part.js';
import type { Optimizer } from './optimizers.js';
import type { ParameterGroup } from './parameter-groups.js';
import { permutationGroups } from './permutation-groups.js';
import { type Measures, measuresOf } from './tasks/evaluation-sums.js';
import type { Task } from './tasks/task.js';
import { evaluationStep, type StepDescription, trainingStep } from './training-step.js';

export interface PlanOptions extends TrainedPart {
  readonly network: Network;
  /** The columns of an example that the network reads, in this order. */
  readonly inputs: readonly ColumnSpec[];
  readonly task: Task;
  readonly optimizer: Optimizer;
  readonly batchSize: number;
  /** The number of examples that are evaluated at a time; `evaluationBatchOf` by default. */
  readonly evaluationBatchSize?: number;
  readonly clipNorm?: number | undefined;
  /** Weights with a learning rate or a decay of their own. */
  readonly groups?: readonly ParameterGroup[] | undefined;
  readonly correction?: Correction | undefined;
  /**
   * A batch is cut into parts so that the largest array of a part fits into this many bytes:
   * `partBytes` of the runtime that will train; 2.5 MiB by default.
   */
  readonly partBytes?: number | undefined;
  /** Whether batch norm looks at each part of a batch by itself; at the whole batch by default. */
  readonly normPerPart?: boolean | undefined;
}

export interface Plan {
  /**
   * The layout of the state that steps carry: weights, then statistics and counters
   * (`tensor/roles.ts`).
   */
  readonly layout: StateLayout;
  /** The layout of the vector `frozen`, which no step changes; often empty. */
  readonly frozen: StateLayout;
  readonly inputs: readonly ColumnSpec[];
  readonly targets: readonly ColumnSpec[];
  readonly batchSize: number;
  readonly evaluationBatchSize: number;
  /**
   * Vectors that the optimizer keeps. Each has one number for each weight in the state
   * (`weightsIn`).
   */
  readonly slotCount: number;
  /** The results of an evaluation. */
  readonly measures: Measures;
  /** Inputs of the training model that stay the same during a round. */
  readonly correctionInputs: readonly CorrectionInput[];
  /** Hidden units that can be reordered; alignment uses them before a merge. */
  readonly permutationGroups: readonly PermutationGroup[];
  /** ONNX models; their inputs and outputs are those of `trainingStep` and `evaluationStep`. */
  readonly trainingModel: Uint8Array;
  readonly evaluationModel: Uint8Array;
}

export function compilePlan(options: PlanOptions): Plan {
  const { network, task, optimizer, batchSize } = options;
  for (const field of ['batchSize', 'evaluationBatchSize'] as const) {
    const size = options[field];
    if (size === undefined || (Number.isInteger(size) && size >= 1)) continue;
    throw new NetworkError(`plan: ${field} is ${size}, expected a whole number from 1`);
  }
  const inputs = options.inputs.map(specOf);
  const targets = task.targets.map(specOf);
  checkNames([...inputs, ...targets]);
  const part = { train: options.train, freeze: options.freeze };
  const parameters = parametersOf(network, inputs, part);
  const layout = layoutOf(parameters);
  const frozen = frozenLayoutOf(parameters);
  const description = { ...options, inputs, layout, frozen };
  checkOutput(description);
  const { evaluationBatchSize = evaluationBatchOf(description) } = options;
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
    permutationGroups: permutationGroups(network, inputs, part),
    trainingModel: lower(trainingStep(description)),
    evaluationModel: lower(evaluationStep(description, evaluationBatchSize)),
  };
}

/** Names that the graph itself uses. */
const TAKEN =
  /^(state|nextState|(nextSlot|slot)\d+|weights|learningRate|step|seed|totalWeight|number|strength|globalState|controlDrift|frozen|classCounts|signs|slopes|sum|lossSum|counted|predictions)$/;

function checkNames(columns: readonly ColumnSpec[]): void {
  const names = columns.map(({ name }) => name);
  const repeated = names.find((name, index) => names.indexOf(name) < index);
  const wrong = repeated ?? names.find((name) => TAKEN.test(name));
  if (wrong === undefined) return;
  throw new NetworkError(
    `plan: a column is called "${wrong}", ${repeated === undefined ? 'a name that the graph itself uses' : 'as is another one'}`,
    { hint: 'give it another name' },
  );
}

/** @throws NetworkError when the output of the network does not fit the task */
function checkOutput({ network, frozen = [], inputs, task, ...of }: StepDescription): void {
  const layout = [...of.layout, ...frozen];
  const tensors = layout.map(({ name, shape }) => input(name, shape));
  const { shape, dtype } = applyNetwork(network, layout, tensors, inputsOfBatch(inputs, 1));
  const [batch, ...output] = shape;
  if (dtype === 'f32' && batch === 1 && sameShape(output, task.output)) return;
  throw new NetworkError(
    `plan: the network gives ${dtype}${formatShape(shape)} for one example, but the task "${task.name}" is about f32${formatShape([1, ...task.output])}`,
  );
}
