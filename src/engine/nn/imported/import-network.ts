/**
 * A network from an ONNX file of another program: its float initializers are parameters under their
 * own names, which are PyTorch's, and its batch norm has running statistics. So it is trained like
 * any network of ours.
 */
import { randomStream } from '../../../base/random.js';
import type { ColumnSpec } from '../../../tensor/column-spec.js';
import { formatShape, type Shape, sizeOf } from '../../../tensor/shape.js';
import { layoutSize, type StateDict, stateLayout } from '../../../tensor/state-dict.js';
import * as g from '../../graph/build.js';
import type { Value } from '../../graph/value.js';
import { endOf } from '../../onnx/import/cut-end.js';
import { type ForeignModel, type ForeignPort, quotedText } from '../../onnx/import/file/foreign-model.js';
import { readForeignModel } from '../../onnx/import/file/read-foreign-model.js';
import type { ReadBeside } from '../../onnx/import/file/read-foreign-tensor.js';
import { OnnxError } from '../../onnx/import/file/read-message.js';
import { type HeadTensor, headOf } from '../../onnx/import/head.js';
import { type ImportedGraph, importGraph } from '../../onnx/import/import-graph.js';
import { fanInUniform, type Initializer } from '../layers/initializers.js';
import { applyNetwork, inputsOfBatch, type Network, parametersOf } from '../layers/network.js';
import { notesOn } from './import-notes.js';
import { type ImportedNorm, importedNorms, valuesOf } from './imported-norm.js';

export interface ImportOptions {
  readonly norm?: ImportedNorm;
  /** Whether the dropout of the file is alive in training; it is by default. */
  readonly dropout?: boolean;
  /** The output to train, by its name in the file; by default the first one of floats. */
  readonly output?: string | undefined;
  /** The extents that the file leaves open, by their names, but for the batch. */
  readonly extents?: Readonly<Record<string, number>> | undefined;
  /** Gives the last layer so many scores, with new weights; those of the file by default. */
  readonly scores?: number | undefined;
  /** The name of the file in errors. */
  readonly fileName?: string;
  /** Reads the bytes of weights that lie in files beside; refused by default. */
  readonly readBeside?: ReadBeside;
}

export interface ImportedNetwork {
  /** Its tensors begin with the values of the file, those of a new last layer with random ones. */
  readonly network: Network;
  /**
   * The values of the file, for every tensor of the network but those of a new last layer. Read
   * when it is asked for: a graph may be without its weights.
   */
  readonly state: StateDict;
  /** The tensors of the file whose values are in the state. */
  readonly stored: readonly string[];
  /** The tensors of the last layer, its weight first; none if the network ends in another way. */
  readonly head: readonly string[];
  /** In the order of the file; whole numbers of any size are i32. */
  readonly inputs: readonly ColumnSpec[];
  readonly output: {
    readonly name: string;
    /** For one example. */
    readonly shape: Shape;
    /** The operators that were cut off the end: "Softmax", "ArgMax", … */
    readonly cut: readonly string[];
    /** What the file gives for scores [N,…]: as if nothing was cut off, but for maps of names. */
    restored(scores: Value): Value;
  };
  /** How many nodes of each operator lead to the output, those of the most first. */
  readonly operators: Readonly<Record<string, number>>;
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
  const head =
    headOf(graph.nodes, end.value, new Map(graph.weights.map((tensor) => [tensor.name, tensor]))) ?? [];
  const parameters = initialized(graph, head, options.scores, fileName);
  const network = networkOf(graph, ports, parameters, { norm, dropout });
  return {
    network,
    get state() {
      return stateOf(network, inputs, options.scores === undefined ? [] : head);
    },
    stored: [...graph.weights, ...graph.statistics].map(({ name }) => name),
    head: head.map(({ name }) => name),
    inputs,
    output: {
      name: end.output,
      shape: outputShape(graph, network, inputs, fileName),
      cut: end.cut.map(({ operator }) => operator.split('.').at(-1) ?? operator),
      restored: graph.restored,
    },
    operators: operatorsOf(graph),
    buffers: graph.weights.map(({ name }) => name).filter((name) => model.buffers.has(name)),
    irVersion: model.irVersion,
    opset: model.opset,
    producer: model.producer,
    notes: notesOn(model, graph, norm),
  };
}

function operatorsOf({ nodes, end }: ImportedGraph): Readonly<Record<string, number>> {
  const counts = new Map<string, number>();
  for (const { operator } of [...nodes, ...end.cut]) counts.set(operator, (counts.get(operator) ?? 0) + 1);
  return Object.fromEntries([...counts].sort(([, a], [, b]) => b - a));
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
  parameters: readonly WeightOfFile[],
  { norm, dropout }: Required<Pick<ImportOptions, 'norm' | 'dropout'>>,
): Network {
  return (scope, ...inputs) => {
    const weights = parameters.map(
      ({ name, shape, initializer }) => [name, scope.parameter(name, shape, initializer)] as const,
    );
    const values = ports.map(
      ({ name, kind }, index) => [name, readAs(inputs[index] as Value, kind)] as const,
    );
    return graph.run(new Map(values), new Map(weights), {
      keys: dropout ? scope.training?.keys : undefined,
      nextStream: () => scope.nextStream(),
      batchNorm: importedNorms(scope, graph.statistics, norm),
    });
  };
}

/** Truth values come as whole numbers. */
const readAs = (value: Value, kind: ForeignPort['kind']): Value =>
  kind === 'bool' ? g.sub(1, g.equal(g.cast(value, 'f32'), 0)) : value;

/** A weight of the file, with its values, or with random ones for a new last layer. */
interface WeightOfFile {
  readonly name: string;
  readonly shape: Shape;
  readonly initializer: Initializer;
}

function initialized(
  { weights }: ImportedGraph,
  head: readonly HeadTensor[],
  scores: number | undefined,
  fileName: string,
): readonly WeightOfFile[] {
  if (scores !== undefined && head.length === 0) {
    throw new OnnxError(
      `onnx: the end of ${fileName} is no product with weights, which another number of scores needs`,
      { hint: 'leave the last layer as it is, or export the model with a dense layer at its end' },
    );
  }
  const fanOf = (shape: Shape, axis: number) => sizeOf(shape) / (shape[axis] ?? 1);
  const [first] = head;
  const fan = weights.flatMap(({ name, shape }) =>
    name === first?.name ? [fanOf(shape, first.axis)] : [],
  )[0];
  return weights.map((tensor) => {
    const { name, shape } = tensor;
    const place = head.find((one) => one.name === name);
    if (scores === undefined || place === undefined) return { name, shape, initializer: valuesOf(tensor) };
    const own = shape.map((extent, axis) => (axis === place.axis ? scores : extent));
    return { name, shape: own, initializer: fanInUniform(fan ?? 1) };
  });
}

/** The file's values, in the order in which the network asks for its tensors. */
function stateOf(network: Network, inputs: readonly ColumnSpec[], fresh: readonly HeadTensor[]): StateDict {
  const parameters = parametersOf(network, inputs).filter(
    ({ name }) => !fresh.some((tensor) => tensor.name === name),
  );
  const layout = stateLayout(parameters.map(({ name, shape }) => [name, shape]));
  const data = new Float32Array(layoutSize(layout));
  for (const [index, { shape, initializer }] of parameters.entries()) {
    const { offset = 0, size = 0 } = layout[index] ?? {};
    initializer(data.subarray(offset, offset + size), shape, randomStream('file'));
  }
  return { layout, data };
}

/** @throws OnnxError when the result does not begin with the batch, whatever its size */
function outputShape(
  graph: ImportedGraph,
  network: Network,
  inputs: readonly ColumnSpec[],
  fileName: string,
): Shape {
  const layout = stateLayout(parametersOf(network, inputs).map(({ name, shape }) => [name, shape]));
  const tensors = layout.map(({ name, shape }) => g.input(name, shape));
  const shapes = [2, 3].map((batch) => {
    const scores = applyNetwork(network, layout, tensors, inputsOfBatch(inputs, batch));
    // What cannot be put back is refused now, and not when a run is over.
    graph.restored(scores);
    return scores.shape;
  });
  const [two = [], three = []] = shapes;
  if (two[0] === 2 && three[0] === 3) return two.slice(1);
  throw new OnnxError(
    `onnx: ${fileName} gives ${formatShape(two)} for 2 examples and ${formatShape(three)} for 3, expected a result that begins with the batch`,
    { hint: 'export the model with a dynamic batch (dynamic_shapes, or dynamic_axes)' },
  );
}
