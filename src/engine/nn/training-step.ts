/**
 * The whole training step as one graph, and the evaluation that belongs to it.
 *
 *     (state [P], frozen [F], slot0 [W] …, …inputs [B,…], …targets [B,…], weights [B],
 *         learningRate, step, seed) → (state [P], slot0 [W] …, lossSum, counted)
 *
 * The loss that is differentiated is Σ wᵢ·lossᵢ / max(Σ wᵢ·unitsᵢ, 1), so the empty places of a
 * ragged batch (weight 0) count for nothing. A task defines the loss of an example and how many of
 * its units count. `lossSum` is Σ wᵢ·lossᵢ before the update, and `counted` is Σ wᵢ·unitsᵢ. A
 * correction adds inputs of its own (`corrections/correction.ts`).
 */

import type { ColumnSpec } from '../../tensor/column-spec.js';
import { roleOf } from '../../tensor/roles.js';
import { layoutSize, type StateLayout, type TensorEntry } from '../../tensor/state-dict.js';
import { gradients } from '../autodiff/gradients.js';
import * as g from '../graph/build.js';
import { simplify, simplifyGraph } from '../graph/simplify.js';
import type { Graph, Value } from '../graph/value.js';
import { batchParts } from './batch-parts.js';
import type { Correction, CorrectionInputs } from './corrections/correction.js';
import { lastLayerOf } from './layers/last-layer.js';
import {
  applyNetwork,
  type Inputs,
  inputsOfBatch,
  type Network,
  NetworkError,
  traceNetwork,
  weightsIn,
} from './layers/network.js';
import { clipByGlobalNorm, type Optimizer } from './optimizers.js';
import { type ParameterGroup, ratesOfGroups } from './parameter-groups.js';
import { frozenInput, tensorsOf } from './state-inputs.js';
import { withLossTensors } from './tasks/balanced-loss.js';
import { sumOutput, sumsOf } from './tasks/evaluation-sums.js';
import type { Task } from './tasks/task.js';

export interface StepDescription {
  readonly network: Network;
  readonly layout: StateLayout;
  /** The layout of the tensors that no step changes; empty by default. */
  readonly frozen?: StateLayout | undefined;
  /** The columns of an example that the network reads, in this order. */
  readonly inputs: readonly ColumnSpec[];
  readonly task: Task;
}

export interface TrainingDescription extends StepDescription {
  readonly optimizer: Optimizer;
  /** Weights with a learning rate or a decay of their own. */
  readonly groups?: readonly ParameterGroup[] | undefined;
  readonly batchSize: number;
  /**
   * The size limit of the largest array of one part of a batch; 2.5 MiB by default, for a runtime
   * with one thread.
   */
  readonly partBytes?: number | undefined;
  /** Whether batch norm looks at each part of a batch by itself, so that a batch can be cut. */
  readonly normPerPart?: boolean | undefined;
  /** Gradients with a larger norm are scaled down to this norm. */
  readonly clipNorm?: number | undefined;
  /**
   * Changes the loss of an example, the gradient after clipping, or the state after the optimizer.
   */
  readonly correction?: Correction | undefined;
}

interface StepBatch {
  readonly inputs: Inputs;
  readonly targets: readonly Value[];
  readonly weights: Value;
}

export function trainingStep(description: TrainingDescription): Graph {
  const { layout, optimizer, clipNorm, correction } = description;
  const size = weightsIn(layout);
  const state = g.input('state', [layoutSize(layout)]);
  const frozen = frozenInput(description);
  const slots = Array.from({ length: optimizer.slotCount }, (_, index) => g.input(`slot${index}`, [size]));
  const learningRate = g.input('learningRate', []);
  const step = g.input('step', [], 'i32');
  const seed = g.input('seed', [], 'i32');
  const batch = batchInputs(description, description.batchSize);

  const counted = g.reduceSum(unitWeights(description.task, batch));
  const totalWeight = g.atLeast(counted, 1);
  const told = correctionInputs(description);
  const parts = partsOfBatch(description);
  const number = g.cast(g.constant(Array.from({ length: parts }, (_, part) => part)), 'i32');
  const whole = { state, ...frozen, totalWeight, seed, step };
  const reads = correction?.changes === 'loss' ? correction.reads : [];
  const read = Object.fromEntries(reads.map((name) => [name, told[name]]));
  const sums =
    parts === 1
      ? gradientAndLoss(description, { ...batch, ...whole, keys: [seed, step], told })
      : g.sumOverParts(
          { sliced: { ...columnsOf(description, batch), number }, whole: { ...whole, ...read } },
          parts,
          (operands) => {
            const { state, frozen, totalWeight, ...part } = operands as Record<
              keyof typeof whole | 'number',
              Value
            >;
            const keys = [part.seed, part.step, g.reshape(part.number, [])];
            const of = { ...batchOf(description, operands), state, frozen, totalWeight, keys };
            return simplify([
              gradientAndLoss(description, { ...of, told: { ...told, ...operands } }),
            ])[0] as Value;
          },
        );
  const slope = g.slice(sums, [0], [size]);
  const lossSum = g.reshape(g.slice(sums, [size], [size + 1]), []);
  const clipped = clipNorm === undefined ? slope : clipByGlobalNorm(slope, clipNorm);
  const weights = g.slice(state, [0], [size]);
  const ofWeights = {
    ...told,
    globalState: g.slice(told.globalState, [0], [size]),
    controlDrift: g.slice(told.controlDrift, [0], [size]),
  };
  const corrected =
    correction?.changes === 'gradient' ? correction.gradient(clipped, weights, ofWeights) : clipped;
  const next = optimized(description, { weights, gradient: corrected, slots, learningRate, step });
  const lastLayer = () => lastLayerOf(description.network, description, description.inputs, 'correction');
  const nextWeights =
    correction?.changes === 'state' ? correction.state(next.state, weights, lastLayer(), told) : next.state;
  const statistics = g.slice(sums, [size + 1], [1 + layoutSize(layout)]);
  // Of parts that a norm takes for batches of their own: the mean of what they come to.
  const moved = parts === 1 ? statistics : g.div(statistics, parts);
  const nextState = layoutSize(layout) === size ? nextWeights : g.concat([nextWeights, moved], 0);
  return simplifyGraph({
    outputs: {
      nextState,
      ...Object.fromEntries(next.slots.map((slot, index) => [`nextSlot${index}`, slot])),
      lossSum,
      counted,
    },
  });
}

/** The optimizer's step, with the rates of the groups if there are some. */
function optimized(
  { optimizer, groups = [], layout }: TrainingDescription,
  {
    weights,
    gradient,
    slots,
    learningRate,
    step,
  }: Readonly<Record<'weights' | 'gradient' | 'learningRate' | 'step', Value>> & {
    readonly slots: readonly Value[];
  },
) {
  if (groups.length === 0) return optimizer.update(weights, gradient, slots, learningRate, step);
  const trained = layout.filter(({ name }) => roleOf(name) === 'weight');
  const { weightDecay: common = 0 } = optimizer;
  const { learningRateFactor, weightDecay } = ratesOfGroups(groups, trained, { weightDecay: common });
  const rates = g.mul(learningRateFactor, learningRate);
  return optimizer.update(weights, gradient, slots, rates, step, weightDecay);
}

interface PartOperands extends StepBatch {
  readonly state: Value;
  readonly frozen?: Value | undefined;
  readonly totalWeight: Value;
  readonly keys: readonly Value[];
  readonly told: CorrectionInputs;
}

/**
 * [W + 1 + S]: for these examples, the gradient of Σ wᵢ·lossᵢ / totalWeight with respect to the W
 * weights, then Σ wᵢ·lossᵢ, then the S numbers of statistics and counters after the step.
 */
function gradientAndLoss(
  { network, layout, frozen = [], task, correction }: TrainingDescription,
  { state, frozen: held, totalWeight, keys, told, ...batch }: PartOperands,
): Value {
  const model = [...layout, ...frozen];
  const tensorsIn = (vector: Value) => tensorsOf({ state: vector, frozen: held }, { layout, frozen });
  const all = tensorsIn(state);
  const tensors = all.slice(0, layout.length);
  const { weights } = batch;
  const { output, updates } = traceNetwork(network, model, all, batch.inputs, { keys, weights });
  const weighing = withLossTensors(task, model, all);
  const losses =
    correction?.changes === 'loss'
      ? correction.loss(
          classesOf(weighing).loss,
          {
            logits: output,
            labels: batch.targets[0] as Value,
            globalLogits: () => applyNetwork(network, model, tensorsIn(told.globalState), batch.inputs),
          },
          told,
        )
      : weighing.losses(output, batch.targets);
  const lossSum = g.reduceSum(g.mul(losses, batch.weights));
  // Simplified before it is differentiated: a cheaper forward pass gives a cheaper backward pass.
  const own = tensors.filter((_, index) => roleOf(layout[index]?.name ?? '') === 'weight');
  const [slopeOf, loss, ...simple] = simplify([g.div(lossSum, totalWeight), lossSum, ...own]) as [
    Value,
    Value,
    ...Value[],
  ];
  const next = tensors.slice(own.length).map((before, index) => {
    const { name, size } = layout[own.length + index] as TensorEntry;
    return g.reshape(updates.get(name) ?? before, [size]);
  });
  return g.concat([...gradients(slopeOf, simple), g.reshape(loss, [1]), ...next], 0);
}

/**
 * (state, …inputs, …targets, weights) → (lossSum, counted, the sums of the task's metrics,
 * predictions i32 [B] of classes).
 */
export function evaluationStep(description: StepDescription, batchSize: number): Graph {
  const { network, layout, frozen = [], task } = description;
  const state = g.input('state', [layoutSize(layout)]);
  const tensors = tensorsOf({ state, ...frozenInput(description) }, description);
  const batch = batchInputs(description, batchSize);
  const model = [...layout, ...frozen];
  const output = applyNetwork(network, model, tensors, batch.inputs);
  const weighing = withLossTensors(task, model, tensors);
  const sums = Object.entries(sumsOf(task, output, batch.targets, batch.weights));
  return simplifyGraph({
    outputs: {
      lossSum: g.reduceSum(g.mul(weighing.losses(output, batch.targets), batch.weights)),
      counted: g.reduceSum(unitWeights(task, batch)),
      ...Object.fromEntries(sums.map(([name, sum]) => [sumOutput(name), sum])),
      ...(task.classes !== undefined && { predictions: g.argMax(output, 1) }),
    },
  });
}

function batchInputs(
  { inputs, task }: Pick<StepDescription, 'inputs' | 'task'>,
  batchSize: number,
): StepBatch {
  return {
    inputs: inputsOfBatch(inputs, batchSize),
    targets: task.targets.map(({ name, shape, dtype }) => g.input(name, [batchSize, ...shape], dtype)),
    weights: g.input('weights', [batchSize]),
  };
}

/** The parts of a batch, by the names of its columns. */
function columnsOf({ inputs, task }: StepDescription, batch: StepBatch): Record<string, Value> {
  const named = (columns: readonly ColumnSpec[], values: readonly Value[]) =>
    columns.map(({ name }, index) => [name, values[index] as Value] as const);
  return {
    ...Object.fromEntries([...named(inputs, batch.inputs), ...named(task.targets, batch.targets)]),
    weights: batch.weights,
  };
}

/** The batch that consists of these columns. */
function batchOf({ inputs, task }: StepDescription, columns: Readonly<Record<string, Value>>): StepBatch {
  const values = (of: readonly ColumnSpec[]) => of.map(({ name }) => columns[name] as Value);
  return {
    inputs: values(inputs) as unknown as Inputs,
    targets: values(task.targets),
    weights: columns.weights as Value,
  };
}

/** [B]: how much each example of a batch counts. */
const unitWeights = ({ units }: Task, { targets, weights }: StepBatch) =>
  units === undefined ? weights : g.mul(weights, units(targets));

/** @throws NetworkError when the task is not over classes */
function classesOf({ name, classes }: Task) {
  if (classes !== undefined) return classes;
  throw new NetworkError(
    `plan: the correction changes a loss over classes, but the task "${name}" has none`,
    {
      hint: 'leave "correction" out, or take one that changes gradients, such as fed-prox or scaffold',
    },
  );
}

/** The inputs for the correction. The graph has only those that the correction reads. */
function correctionInputs(description: TrainingDescription): CorrectionInputs {
  const size = layoutSize(description.layout);
  return {
    strength: g.input('strength', []),
    globalState: g.input('globalState', [size]),
    controlDrift: g.input('controlDrift', [size]),
    classCounts: g.input('classCounts', [description.task.classes?.count ?? 1]),
  };
}

/**
 * A batch stays whole if a layer keeps statistics, since such a layer looks across the batch,
 * unless it is to look at parts of it.
 */
function partsOfBatch({ batchSize, layout, partBytes, normPerPart = false, ...step }: TrainingDescription) {
  if (layoutSize(layout) > weightsIn(layout) && !normPerPart) return 1;
  const { network, frozen = [], task } = step;
  const model = [...layout, ...frozen];
  const tensors = model.map(({ name, shape }) => g.input(name, shape));
  const { inputs, targets } = batchInputs(step, 1);
  const losses = task.losses(applyNetwork(network, model, tensors, inputs), targets);
  return batchParts(losses, [...inputs, ...targets], { size: batchSize, partBytes });
}
