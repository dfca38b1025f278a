/**
 * A network: a function from the inputs of examples to its output for them. It asks its scope for
 * parameters by name as it goes. So layers infer their shapes from their inputs, and the network is
 * written once for training and evaluation.
 */

import type { Complaint } from '../../../base/complaint.js';
import { CommonweightError } from '../../../base/error.js';
import { randomStream } from '../../../base/random.js';
import { requireShape } from '../../../tensor/arrays.js';
import type { ColumnSpec } from '../../../tensor/column-spec.js';
import { constantName, type Role, roleOf } from '../../../tensor/roles.js';
import { formatShape, type Shape, sameShape } from '../../../tensor/shape.js';
import { layoutSize, type StateDict, type StateLayout, stateLayout } from '../../../tensor/state-dict.js';
import { input, reshape } from '../../graph/build.js';
import type { Value } from '../../graph/value.js';
import type { Initializer } from './initializers.js';
import { isTrained, type TrainedPart, trainedPartProblem } from './trained-part.js';

export class NetworkError extends CommonweightError {
  override readonly name = 'NetworkError';
}

/** What layers need that behave differently in training; absent in evaluation. */
export interface TrainingMode {
  /** i32 scalars on which random numbers depend: the seed, the step, and the part of the batch. */
  readonly keys: readonly Value[];
  /** [N]: 1 for an example, 0 for an empty place in the batch. */
  readonly weights: Value;
}

export interface Scope {
  /** The parameter with this name in the scope, such as "conv1.weight". */
  parameter(name: string, shape: Shape, initializer: Initializer): Value;
  /**
   * A tensor that a layer computes from the data or counts over steps, under PyTorch's name for it:
   * "running_mean", "running_var", "num_batches_tracked". Optimizers do not change it.
   */
  statistic(name: string, shape: Shape, initializer: Initializer): Value;
  /**
   * A tensor whose values are given before training (`constants.ts`), under the name
   * "constants.NAME" in the scope. No step changes it.
   * @param above its values must be above this
   */
  constant(name: string, shape: Shape, above?: number): Value;
  /** A constant that something beside the network reads, such as a loss. */
  declare(name: string, shape: Shape, above?: number): void;
  /** In training: the value of that statistic after this step. The last call counts. */
  update(name: string, value: Value): void;
  /** The scope of a part of the network. */
  in(name: string): Scope;
  readonly training: TrainingMode | undefined;
  /** A new number for each random draw in the network, in the order of the calls. */
  nextStream(): number;
}

/** Inputs are [N, …], in the order of the columns of the data set; the output is [N, …], too. */
export type Network = (scope: Scope, ...inputs: Inputs) => Value;

export type Inputs = readonly [Value, ...Value[]];

/**
 * The inputs of a graph for a batch of this size.
 * @throws NetworkError when there are none; TensorError when a shape is invalid
 */
export function inputsOfBatch(inputs: readonly ColumnSpec[], batchSize: number): Inputs {
  const [first, ...others] = inputs.map(({ name, shape, dtype }) => {
    requireShape(`network: the shape of "${name}"`, shape, { least: 1 });
    return input(name, [batchSize, ...shape], dtype);
  });
  if (first === undefined) throw new NetworkError('network: it has no inputs, expected one column or more');
  return [first, ...others];
}

export interface Parameter {
  readonly name: string;
  readonly shape: Shape;
  readonly initializer: Initializer;
  readonly role: Role;
  /** Values of a constant are above this. */
  readonly above?: number | undefined;
  /** Whether only something beside the network reads it: a model does without it. */
  readonly isBeside?: boolean | undefined;
}

/**
 * The parameters of a network for such inputs, in the order in which it asks for them.
 * @param part which weights are trained
 * @throws NetworkError when a pattern matches no weight, or no weight is left to train
 */
export function parametersOf(
  network: Network,
  inputs: readonly ColumnSpec[],
  part: TrainedPart = {},
): readonly Parameter[] {
  const parameters: Parameter[] = [];
  const scope = makeScope({
    tensor: (name, shape, initializer, above) => {
      const role = roleOf(name) === 'weight' && !isTrained(name, part) ? 'frozen' : roleOf(name);
      parameters.push({ name, shape, initializer, role, ...(above !== undefined && { above }) });
      return input(name, shape);
    },
    declare(name, shape, initializer, above) {
      const isBeside = true;
      parameters.push({
        name,
        shape,
        initializer,
        role: 'constant',
        isBeside,
        ...(above !== undefined && { above }),
      });
    },
  });
  network(scope, ...inputsOfBatch(inputs, 1));
  const weights = parameters.filter(({ name }) => roleOf(name) === 'weight').map(({ name }) => name);
  refuse(trainedPartProblem(part, weights));
  return parameters;
}

/** @throws NetworkError when the problem is one. */
export function refuse(problem: Complaint | undefined): void {
  if (problem === undefined) return;
  const { message, hint } = problem;
  throw new NetworkError(`network: ${message}`, hint === undefined ? {} : { hint });
}

/**
 * The layout of the state that training carries: weights first, so that the optimizer's vectors
 * cover exactly them; then statistics and counters. Frozen tensors and constants are not in it.
 */
export function layoutOf(parameters: readonly Parameter[]): StateLayout {
  return layoutOfRoles(parameters, ['weight', 'statistic', 'counter']);
}

/**
 * The layout of what every step reads and none changes: frozen weights, then constants. Both travel
 * in one vector, called `frozen`.
 */
export const frozenLayoutOf = (parameters: readonly Parameter[]): StateLayout =>
  layoutOfRoles(parameters, ['frozen', 'constant']);

/** The layout of the whole model, in the network's own order, without what is beside it. */
export const modelLayoutOf = (parameters: readonly Parameter[]): StateLayout =>
  stateLayout(parameters.filter(({ isBeside }) => !isBeside).map(({ name, shape }) => [name, shape]));

function layoutOfRoles(parameters: readonly Parameter[], roles: readonly Role[]): StateLayout {
  const chosen = roles.flatMap((role) => parameters.filter((parameter) => parameter.role === role));
  return stateLayout(chosen.map(({ name, shape }) => [name, shape]));
}

/** The number of weights in a state. They come first. */
export function weightsIn(layout: StateLayout): number {
  const rest = layout.find(({ name }) => roleOf(name) !== 'weight');
  return rest === undefined ? layoutSize(layout) : rest.offset;
}

/**
 * The initial state of training. Each tensor has a random stream of its own, derived from the seed
 * and the tensor's name.
 */
export function initialState(
  parameters: readonly Parameter[],
  ...seed: readonly (number | string)[]
): StateDict {
  return drawn(parameters, layoutOf(parameters), seed);
}

/**
 * The initial values of the frozen weights, and those of constants.
 * @throws NetworkError when a constant is not given (`withConstants`)
 */
export function initialFrozen(
  parameters: readonly Parameter[],
  ...seed: readonly (number | string)[]
): StateDict {
  return drawn(parameters, frozenLayoutOf(parameters), seed);
}

function drawn(
  parameters: readonly Parameter[],
  layout: StateLayout,
  seed: readonly (number | string)[],
): StateDict {
  const data = new Float32Array(layoutSize(layout));
  for (const { name, shape, offset, size } of layout) {
    const parameter = parameters.find((candidate) => candidate.name === name);
    parameter?.initializer(data.subarray(offset, offset + size), shape, randomStream(...seed, name));
  }
  return { layout, data };
}

/**
 * The network with these values as its parameters, flat or in their shapes, in the order of the
 * layout.
 * @throws NetworkError when it asks for a parameter that the layout does not have.
 */
export function applyNetwork(
  network: Network,
  layout: StateLayout,
  tensors: readonly Value[],
  inputs: Inputs,
): Value {
  return traceNetwork(network, layout, tensors, inputs).output;
}

export interface TracedNetwork {
  readonly output: Value;
  /** The statistics after the step, by name; in training only. */
  readonly updates: ReadonlyMap<string, Value>;
}

/** Applies the network in training, and returns the new values of its statistics, too. */
export function traceNetwork(
  network: Network,
  layout: StateLayout,
  tensors: readonly Value[],
  inputs: Inputs,
  training?: TrainingMode,
): TracedNetwork {
  const byName = new Map(layout.map((entry, index) => [entry.name, { entry, tensor: tensors[index] }]));
  const updates = new Map<string, Value>();
  const scope = makeScope({
    training,
    tensor: (name, shape) => {
      const { entry, tensor } = byName.get(name) ?? {};
      if (entry === undefined || tensor === undefined || !sameShape(entry.shape, shape)) {
        throw new NetworkError(
          `network: it asks for "${name}" ${formatShape(shape)}, which the state does not have`,
        );
      }
      return reshape(tensor, shape);
    },
    update: (name, value) => updates.set(name, value),
  });
  return { output: network(scope, ...inputs), updates };
}

interface ScopeContext {
  readonly training?: TrainingMode | undefined;
  tensor(name: string, shape: Shape, initializer: Initializer, above?: number): Value;
  declare?(name: string, shape: Shape, initializer: Initializer, above?: number): void;
  update?(name: string, value: Value): void;
}

function makeScope(context: ScopeContext, prefix = '', streams = { count: 0 }): Scope {
  const { training, tensor, update, declare } = context;
  return {
    parameter(name, shape, initializer) {
      requireRole(`${prefix}${name}`, ['weight'], 'a parameter');
      return tensor(`${prefix}${name}`, shape, initializer);
    },
    statistic(name, shape, initializer) {
      requireRole(`${prefix}${name}`, ['statistic', 'counter'], 'a statistic');
      return tensor(`${prefix}${name}`, shape, initializer);
    },
    constant(name, shape, above) {
      const full = constantName(prefix, name);
      requireRole(full, ['constant'], 'a constant');
      return tensor(full, shape, notGiven(full), above);
    },
    declare(name, shape, above) {
      const full = constantName(prefix, name);
      declare?.(full, shape, notGiven(full), above);
    },
    update(name, value) {
      requireRole(`${prefix}${name}`, ['statistic', 'counter'], 'a statistic');
      update?.(`${prefix}${name}`, value);
    },
    in: (name) => makeScope(context, `${prefix}${name}.`, streams),
    training,
    nextStream: () => streams.count++,
  };
}

/** A constant has no values of its own. */
const notGiven =
  (name: string): Initializer =>
  () => {
    throw new NetworkError(`network: the constant "${name}" is not given`, {
      hint: 'set it in "constants", or start from a model that has it',
    });
  };

/** Other programs read the role of a tensor from its name, and so do we. */
function requireRole(name: string, roles: readonly Role[], what: string): void {
  const role = roleOf(name);
  if (roles.includes(role)) return;
  throw new NetworkError(
    `network: it asks for "${name}" as ${what}, but the name is that of a ${role} (docs/merging.md)`,
  );
}
