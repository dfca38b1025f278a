/**
 * A network is a function from the inputs of examples to what it says of them. It asks its scope for parameters by name as it goes, so layers infer
 * their shapes from what they are given, and the network is written once for training and for evaluation.
 */

import { CommonweightError } from '../../../base/error.js';
import { randomStream } from '../../../base/random.js';
import { requireShape } from '../../../tensor/arrays.js';
import type { ColumnSpec } from '../../../tensor/column-spec.js';
import { formatShape, type Shape, sameShape } from '../../../tensor/shape.js';
import { layoutSize, type StateDict, type StateLayout, stateLayout } from '../../../tensor/state-dict.js';
import { input, reshape } from '../../graph/build.js';
import type { Value } from '../../graph/value.js';
import type { Initializer } from './initializers.js';

export class NetworkError extends CommonweightError {
  override readonly name = 'NetworkError';
}

/** What dropout needs; absent in evaluation. */
export interface TrainingMode {
  /** i32 scalars that its random numbers depend on: seed, step, and the part of the batch. */
  readonly keys: readonly Value[];
}

export interface Scope {
  /** The parameter of this name within the scope, "conv1.weight". */
  parameter(name: string, shape: Shape, initializer: Initializer): Value;
  /** The scope of a part of the network. */
  in(name: string): Scope;
  readonly training: TrainingMode | undefined;
  /** A number for each draw of random numbers in the network, in the order in which they are asked for. */
  nextStream(): number;
}

/** Inputs are [N, …], in the order of the columns of a data set; so is the output. */
export type Network = (scope: Scope, ...inputs: Inputs) => Value;

export type Inputs = readonly [Value, ...Value[]];

/**
 * The inputs of a graph for a batch of so many examples.
 * @throws NetworkError when there is none; TensorError when a shape is none
 */
export function examplesOf(inputs: readonly ColumnSpec[], batchSize: number): Inputs {
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
}

/** The parameters of a network for such inputs, in the order in which it asks for them. */
export function parametersOf(network: Network, inputs: readonly ColumnSpec[]): readonly Parameter[] {
  const parameters: Parameter[] = [];
  const scope = makeScope('', undefined, (name, shape, initializer) => {
    parameters.push({ name, shape, initializer });
    return input(name, shape);
  });
  network(scope, ...examplesOf(inputs, 1));
  return parameters;
}

export function layoutOf(parameters: readonly Parameter[]): StateLayout {
  return stateLayout(parameters.map(({ name, shape }) => [name, shape]));
}

/** Initial weights: a stream for every tensor, derived from the seed and its name. */
export function initialState(
  parameters: readonly Parameter[],
  ...seed: readonly (number | string)[]
): StateDict {
  const layout = layoutOf(parameters);
  const data = new Float32Array(layoutSize(layout));
  parameters.forEach(({ name, shape, initializer }, index) => {
    const entry = layout[index];
    if (entry === undefined) return;
    initializer(data.subarray(entry.offset, entry.offset + entry.size), shape, randomStream(...seed, name));
  });
  return { layout, data };
}

/**
 * The network with these values as its parameters, flat or in their shapes, in the order of the layout.
 * @throws NetworkError when it asks for a parameter that the layout does not have.
 */
export function applyNetwork(
  network: Network,
  layout: StateLayout,
  tensors: readonly Value[],
  inputs: Inputs,
  training?: TrainingMode,
): Value {
  const byName = new Map(layout.map((entry, index) => [entry.name, { entry, tensor: tensors[index] }]));
  const scope = makeScope('', training, (name, shape) => {
    const { entry, tensor } = byName.get(name) ?? {};
    if (entry === undefined || tensor === undefined || !sameShape(entry.shape, shape)) {
      throw new NetworkError(
        `network: it asks for "${name}" ${formatShape(shape)}, which the state does not have`,
      );
    }
    return reshape(tensor, shape);
  });
  return network(scope, ...inputs);
}

function makeScope(
  prefix: string,
  training: TrainingMode | undefined,
  parameter: (name: string, shape: Shape, initializer: Initializer) => Value,
  streams = { count: 0 },
): Scope {
  return {
    parameter: (name, shape, initializer) => parameter(`${prefix}${name}`, shape, initializer),
    in: (name) => makeScope(`${prefix}${name}.`, training, parameter, streams),
    training,
    nextStream: () => streams.count++,
  };
}
