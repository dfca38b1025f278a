/**
 * The network of an ONNX file as settings name it: its graph, without the values of its weights,
 * which are those of the model to start from. It reads what the data have, or says what it expects.
 */
import type { ColumnFacts } from '../../data/dataset.js';
import { type ColumnSpec, describeColumn } from '../../tensor/column-spec.js';
import { formatShape, sameShape } from '../../tensor/shape.js';
import * as g from '../graph/build.js';
import type { Value } from '../graph/value.js';
import { type ImportedNetwork, type ImportOptions, importNetwork } from './imported/import-network.js';
import { type Inputs, type Network, NetworkError } from './layers/network.js';
import { featuresOf } from './layers/preprocess.js';
import { headProblem, type ModelSettings, type OnnxSettings } from './settings.js';
import type { Task } from './tasks/task.js';

/** How the file is imported. @param scores of a new last layer, if there is to be one */
export const importOptions = (
  { onnx, norm, dropout, output, extents, head }: OnnxSettings,
  scores: number,
): ImportOptions => ({
  // By part is how a plan cuts its batches.
  norm: norm === 'per-part' ? 'batch' : norm,
  ...{ dropout, output, extents, fileName: `"${onnx}"` },
  scores: head && scores,
});

/** How the file names what goes in and comes out. */
export interface FileEnds {
  /** For each column of the data. */
  readonly inputNames: readonly string[];
  /** What the file gives for scores, under the name that it has there. */
  outputs(scores: Value): Readonly<Record<string, Value>>;
}

/**
 * The names that the inputs of an exported model have: those of the file that the network is from.
 * Undefined where the network is another one, or its input is made of the features of rows.
 */
export function inputNamesOfFile(
  model: ModelSettings,
  columns: readonly ColumnFacts[],
  { output: [scores = 1] }: Pick<Task, 'output'>,
): readonly string[] | undefined {
  if (model.name !== 'onnx' || columns.some(featuresOf)) return undefined;
  const names = columns.map(({ name }) => name);
  return networkOfFile(model, scores, names).inputNames;
}

/**
 * @param outputs the number of scores that the task takes
 * @param columns the names of the inputs of the data, where each is an input of the file
 * @throws OnnxError when the graph cannot be taken; NetworkError when it does not fit
 */
export function networkOfFile(
  model: OnnxSettings,
  outputs: number,
  columns: readonly string[] = [],
): Pick<ImportedNetwork, 'network' | 'buffers' | 'head'> & FileEnds {
  const { onnx, graph } = model;
  if (graph === undefined) {
    throw new NetworkError(`network: "${onnx}" was not read, expected its graph in the settings`, {
      hint: 'run it by `commonweight run` or `serve`, which read the file',
    });
  }
  const problem = headProblem(model, outputs);
  if (problem !== undefined) throw new NetworkError(`network: ${problem.message}`, problem);
  const bytes = Uint8Array.from(atob(graph), (letter) => letter.charCodeAt(0));
  const imported = importNetwork(bytes, importOptions(model, outputs));
  const { shape, name } = imported.output;
  if (shape[0] !== outputs) {
    throw new NetworkError(
      `network: "${name}" of "${onnx}" is f32${formatShape(shape)} for an example, but the task takes ${outputs} scores`,
      { hint: 'set "model.head" to {}: a new last layer with as many' },
    );
  }
  const order = orderOf(imported, columns, onnx);
  const network: Network = (scope, ...inputs) => {
    if (inputs.length !== imported.inputs.length) throw otherInputs(imported, inputs, onnx);
    const fitted = imported.inputs.map((column, k) => fit(inputs[order[k] ?? k] as Value, column, onnx));
    return imported.network(scope, ...(fitted as unknown as Inputs));
  };
  return {
    network,
    buffers: imported.buffers,
    head: imported.head,
    inputNames: columns.map((_, column) => imported.inputs[order.indexOf(column)]?.name ?? ''),
    outputs: (scores) => ({ [name]: imported.output.restored(scores) }),
  };
}

/** Several inputs are told apart by their names, since those of one shape could be exchanged. */
function orderOf({ inputs }: ImportedNetwork, columns: readonly string[], file: string): readonly number[] {
  if (inputs.length < 2 || columns.length !== inputs.length) return inputs.map((_, place) => place);
  return inputs.map(({ name }) => {
    const place = columns.indexOf(name);
    if (place >= 0) return place;
    throw new NetworkError(
      `network: "${file}" reads ${inputs.map((input) => `"${input.name}"`).join(', ')}, but the data have ${columns.map((column) => `"${column}"`).join(', ')}`,
      { hint: 'give the columns of the data the names of its inputs' },
    );
  });
}

/** The value as the file reads it: whole numbers as floats, gray pictures in three channels. */
function fit(value: Value, column: ColumnSpec, file: string): Value {
  const [, ...shape] = value.shape;
  const [channels, ...places] = column.shape;
  const isGray = channels === 3 && places.length === 2 && sameShape(shape, [1, ...places]);
  const isWhole = value.dtype !== 'f32';
  if ((isGray || sameShape(shape, column.shape)) && (column.dtype === 'f32' || isWhole)) {
    const numbers = g.cast(value, column.dtype);
    return isGray ? g.concat([numbers, numbers, numbers], 1) : numbers;
  }
  const [own, ...ownPlaces] = shape;
  const isPicture = column.shape.length === 3 && shape.length === 3;
  const hint =
    isPicture && own === channels
      ? `set "imageSize" to "${places.join('x')}", or export the model for ${ownPlaces.join('x')}`
      : shape.length === 1 && column.shape.length === 1
        ? 'a row has its numbers, 1 for each that is missing, and its categories; export the model for as many'
        : 'export the model for such data';
  throw new NetworkError(
    `network: "${file}" reads ${describeColumn(column)}, but the data give ${value.dtype}${formatShape(shape)}`,
    { hint },
  );
}

function otherInputs({ inputs }: ImportedNetwork, values: readonly Value[], file: string): NetworkError {
  const got = values.map(({ dtype, shape }) => `${dtype}${formatShape(shape.slice(1))}`);
  return new NetworkError(
    `network: "${file}" reads ${inputs.map(describeColumn).join(', ')}, but the data give ${got.join(', ')}`,
    { hint: 'export the model with the inputs that the data have' },
  );
}
