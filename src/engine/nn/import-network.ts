/**
 * A network from an ONNX file of another program: its float initializers are parameters under their
 * own names, which are PyTorch's, and its batch norm has running statistics. So it is trained like
 * any network of ours.
 */
import type { ColumnSpec } from '../../tensor/column-spec.js';
import { roleOf } from '../../tensor/roles.js';
import { formatShape, type Shape } from '../../tensor/shape.js';
import { type StateDict, stateLayout } from '../../tensor/state-dict.js';
import * as g from '../graph/build.js';
import type { Value } from '../graph/value.js';
import { endOf } from '../onnx/import/cut-end.js';
import { type ForeignModel, type ForeignPort, quotedText } from '../onnx/import/file/foreign-model.js';
import { readForeignModel } from '../onnx/import/file/read-foreign-model.js';
import type { ReadBeside } from '../onnx/import/file/read-foreign-tensor.js';
import { OnnxError } from '../onnx/import/file/read-message.js';
import { type ImportedGraph, importGraph } from '../onnx/import/import-graph.js';
import type { ForeignNorm } from '../onnx/import/rules/call.js';
import { normalizeByBatch } from './layers/batch-norm.js';
import { zeros } from './layers/initializers.js';
import { applyNetwork, inputsOfBatch, type Network, parametersOf, type Scope } from './layers/network.js';

/**
 * How the batch norm of a file is treated:
 * - `batch`: by the mean and variance of the batch, with running ones for evaluation; a plan may
 *   take those of each part of the batch (`normPerPart`)
 * - `frozen`: by the running ones of the file, in training, too; scale and shift are trained
 * - `group`: replaced by group norm with the same scale and shift, and no statistics
 */
export type ImportedNorm = 'batch' | 'frozen' | 'group';

export interface ImportOptions {
  readonly norm?: ImportedNorm;
  /** Whether the dropout of the file is alive in training; it is by default. */
  readonly dropout?: boolean;
  /** The output to train, by its name in the file; by default the first one of floats. */
  readonly output?: string | undefined;
  /** The extents that the file leaves open, by their names, but for the batch. */
  readonly extents?: Readonly<Record<string, number>> | undefined;
  /** The name of the file in errors. */
  readonly fileName?: string;
  /** Reads the bytes of weights that lie in files beside; refused by default. */
  readonly readBeside?: ReadBeside;
}

export interface ImportedNetwork {
  readonly network: Network;
  /** The values of the file, for every tensor of the network. */
  readonly state: StateDict;
  /** In the order of the file; whole numbers of any size are i32. */
  readonly inputs: readonly ColumnSpec[];
  readonly output: {
    readonly name: string;
    /** For one example. */
    readonly shape: Shape;
    /** The operators that were cut off the end: "Softmax", "ArgMax", … */
    readonly cut: readonly string[];
  };
  /** Tensors that the module does not train, as far as its exporter says so. */
  readonly buffers: readonly string[];
  readonly irVersion: number;
  readonly opset: number;
  readonly producer: string;
  /** What a user should know about it, a sentence each. */
  readonly notes: readonly string[];
}

/**
 * @throws OnnxError when the file cannot be read, or has what is not taken; it names the node
 */
export function importNetwork(bytes: Uint8Array, options: ImportOptions = {}): ImportedNetwork {
  const { norm = 'batch', dropout = true, fileName = 'the model' } = options;
  const model = readForeignModel(bytes, fileName, options.readBeside);
  const end = endOf(model, options.output, fileName);
  const graph = importGraph(model, end, fileName);
  const ports = usedInputs(model, graph);
  const inputs = ports.map((port) => columnOf(port, options.extents ?? {}, fileName));
  const network = networkOf(graph, ports, { norm, dropout });
  return {
    network,
    state: stateOf(graph, network, inputs),
    inputs,
    output: {
      name: end.output,
      shape: outputShape(network, inputs, fileName),
      cut: end.cut.map(({ operator }) => operator.split('.').at(-1) ?? operator),
    },
    buffers: graph.weights.map(({ name }) => name).filter((name) => model.buffers.has(name)),
    irVersion: model.irVersion,
    opset: model.opset,
    producer: model.producer,
    notes: notesOn(model, graph, norm),
  };
}

function usedInputs(model: ForeignModel, graph: ImportedGraph): readonly ForeignPort[] {
  const used = new Set(graph.nodes.flatMap((node) => node.inputs));
  return model.inputs.filter(({ name }) => used.has(name));
}

function columnOf(
  { name, kind, extents }: ForeignPort,
  given: Readonly<Record<string, number>>,
  fileName: string,
): ColumnSpec {
  const label = `the input ${quotedText(name)} of ${fileName}`;
  if (kind === undefined || kind === 'text') throw new OnnxError(`onnx: ${label} holds no numbers`);
  if (extents === undefined || extents.length === 0) {
    throw new OnnxError(`onnx: ${label} has no shape, expected one that begins with the batch`);
  }
  const shape = extents.slice(1).map((extent, index) => {
    const number = typeof extent === 'number' ? extent : given[extent];
    if (number !== undefined && Number.isInteger(number) && number > 0) return number;
    throw new OnnxError(
      `onnx: ${label} leaves its axis ${index + 1} open (${quotedText(String(extent))}), expected a fixed extent`,
      { hint: `give it under "extents", or export the model with that axis fixed` },
    );
  });
  return { name, dtype: kind === 'float' ? 'f32' : 'i32', shape };
}

function networkOf(
  graph: ImportedGraph,
  ports: readonly ForeignPort[],
  { norm, dropout }: Required<Pick<ImportOptions, 'norm' | 'dropout'>>,
): Network {
  return (scope, ...inputs) => {
    const weights = graph.weights.map(
      ({ name, shape }) => [name, scope.parameter(name, shape, zeros)] as const,
    );
    const values = ports.map(
      ({ name, kind }, index) => [name, readAs(inputs[index] as Value, kind)] as const,
    );
    const asked: Asked = new Map();
    return graph.run(new Map(values), new Map(weights), {
      keys: dropout ? scope.training?.keys : undefined,
      nextStream: () => scope.nextStream(),
      batchNorm: (x, foreign) => normalized(scope, x, foreign, norm, asked),
    });
  };
}

/** Truth values come as whole numbers. */
const readAs = (value: Value, kind: ForeignPort['kind']): Value =>
  kind === 'bool' ? g.sub(1, g.equal(g.cast(value, 'f32'), 0)) : value;

/** The running statistics that a network has asked for, by their names: modules may be shared. */
type Asked = Map<string, Value>;

function normalized(
  scope: Scope,
  x: Value,
  { scale, shift, epsilon, kept, ...foreign }: ForeignNorm,
  norm: ImportedNorm,
  asked: Asked,
): Value {
  const { shape } = scale;
  if (norm === 'group') return groupNormalized(x, scale, shift, epsilon);
  const statistic = (name: string, of: Shape) => {
    const value = asked.get(name) ?? scope.statistic(name, of, zeros);
    asked.set(name, value);
    return value;
  };
  const names = statisticNames(foreign.mean, foreign.variance);
  return normalizeByBatch(scope, x, {
    scale,
    shift,
    epsilon,
    mean: statistic(names.mean, shape),
    variance: statistic(names.variance, shape),
    moving:
      norm === 'batch' ? { batches: statistic(names.batches, []), momentum: 1 - kept, names } : undefined,
  });
}

/** PyTorch's names, which say that a tensor is a statistic; other names get them as their ends. */
function statisticNames(mean: string, variance: string) {
  const named = (name: string, end: string) => (roleOf(name) === 'statistic' ? name : `${name}.${end}`);
  const own = named(mean, 'running_mean');
  return {
    mean: own,
    variance: named(variance, 'running_var'),
    batches: own.replace(/running_mean$/, 'num_batches_tracked'),
  };
}

/** At most 32 groups (Wu and He 2018) of two channels or more. */
function groupNormalized(x: Value, scale: Value, shift: Value, epsilon: number): Value {
  const [n = 1, channels = 1, ...rest] = x.shape;
  const most = Math.max(1, Math.min(32, Math.floor(channels / 2)));
  let groups = most;
  while (channels % groups !== 0) groups--;
  const flat = g.reshape(x, [n, channels, 1, rest.reduce((a, b) => a * b, 1)]);
  return g.reshape(g.groupNorm(flat, groups, scale, shift, epsilon), x.shape);
}

/** The file's values, in the order in which the network asks for its tensors. */
function stateOf(graph: ImportedGraph, network: Network, inputs: readonly ColumnSpec[]): StateDict {
  const values = new Map(graph.weights.map((tensor) => [tensor.name, tensor]));
  for (const node of graph.nodes) {
    if (node.operator !== 'BatchNormalization') continue;
    const [mean = '', variance = ''] = node.inputs.slice(3);
    const names = statisticNames(mean, variance);
    for (const tensor of graph.statistics) {
      if (tensor.name === mean) values.set(names.mean, tensor);
      if (tensor.name === variance) values.set(names.variance, tensor);
    }
  }
  const layout = stateLayout(parametersOf(network, inputs).map(({ name, shape }) => [name, shape]));
  const data = new Float32Array(layout.reduce((sum, { size }) => sum + size, 0));
  // The number of batches is in no file.
  for (const { name, offset } of layout) data.set(values.get(name)?.numbers() ?? [], offset);
  return { layout, data };
}

/** @throws OnnxError when the result does not begin with the batch, whatever its size */
function outputShape(network: Network, inputs: readonly ColumnSpec[], fileName: string): Shape {
  const layout = stateLayout(parametersOf(network, inputs).map(({ name, shape }) => [name, shape]));
  const tensors = layout.map(({ name, shape }) => g.input(name, shape));
  const shapes = [2, 3].map(
    (batch) => applyNetwork(network, layout, tensors, inputsOfBatch(inputs, batch)).shape,
  );
  const [two = [], three = []] = shapes;
  if (two[0] === 2 && three[0] === 3) return two.slice(1);
  throw new OnnxError(
    `onnx: ${fileName} gives ${formatShape(two)} for 2 examples and ${formatShape(three)} for 3, expected a result that begins with the batch`,
    { hint: 'export the model with a dynamic batch (dynamic_shapes, or dynamic_axes)' },
  );
}

function notesOn(model: ForeignModel, graph: ImportedGraph, norm: ImportedNorm): readonly string[] {
  const count = (...operators: readonly string[]) =>
    graph.nodes.filter(({ operator }) => operators.includes(operator)).length;
  const notes: string[] = [];
  const norms = count('BatchNormalization');
  if (norms > 0) notes.push(`batch norm in ${norms} places: ${NORMS[norm]}`);
  const folded = graph.nodes.filter(isFoldedNorm).length;
  if (folded > 0) {
    notes.push(
      `batch norm seems to be folded into ${folded} convolutions: the exporter optimized the network for inference. Export it with optimize=False (PyTorch's dynamo exporter), or with do_constant_folding=False and training=TrainingMode.TRAINING (the older one)`,
    );
  }
  const drops = count('Dropout', 'RandomUniform', 'RandomUniformLike', 'Bernoulli');
  if (drops > 0) notes.push(`dropout in ${drops} places: alive in training, the identity in evaluation`);
  const cut = graph.end.cut.map(({ operator }) => operator.split('.').at(-1));
  if (cut.length > 0)
    notes.push(`cut off its end: ${cut.join(', ')}, since the loss of the task takes scores`);
  const whole = model.inputs.filter(({ kind }) => kind === 'int').map(({ name }) => name);
  if (whole.length > 0) notes.push(`whole numbers are read as i32: ${whole.join(', ')}`);
  if (graph.unnamed.length > 0) {
    notes.push(
      `${graph.unnamed.length} weights have no name of their module (${graph.unnamed.slice(0, 3).join(', ')} …): the exporter computed them. Export with optimize=False, or do_constant_folding=False, to keep names`,
    );
  }
  return notes;
}

const NORMS: Readonly<Record<ImportedNorm, string>> = {
  batch: 'by the mean and variance of each batch, as in training in PyTorch',
  frozen: 'by the running mean and variance of the file, which stay as they are',
  group: 'replaced by group norm with the same scale and shift',
};

/** Exporters name the bias that they make of batch norm after the weight. */
const isFoldedNorm = ({ operator, inputs }: ImportedGraph['nodes'][number]): boolean =>
  operator === 'Conv' &&
  inputs.length === 3 &&
  (inputs[2] === `${inputs[1]}_bias` || inputs.slice(1).every((name) => name.startsWith('onnx::Conv_')));
