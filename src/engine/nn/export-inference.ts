/** Exports a trained network as an ONNX model that any program can run. */

import type { ColumnFacts } from '../../data/dataset.js';
import type { ColumnSpec } from '../../tensor/column-spec.js';
import { checkState, type StateLayout } from '../../tensor/state-dict.js';
import { input } from '../graph/build.js';
import { simplifyGraph } from '../graph/simplify.js';
import type { Graph } from '../graph/value.js';
import { exportGraph } from '../onnx/export/export.js';
import { type CellInput, namedCells } from '../onnx/export/read-cells.js';
import { applyNetwork, inputsOfBatch, type Network } from './layers/network.js';
import { featuresOf } from './layers/preprocess.js';
import type { Task } from './tasks/task.js';

export interface TrainedNetwork {
  readonly network: Network;
  readonly layout: StateLayout;
  /** The flat vector that the layout describes. */
  readonly state: Float32Array;
  readonly inputs: readonly ColumnSpec[];
  readonly task: Pick<Task, 'outputs'>;
  /**
   * What the inputs mean. If they are given, each feature of a table becomes an input of its own
   * that takes cells as they are; otherwise the model takes the numbers and codes of rows.
   */
  readonly columns?: readonly ColumnFacts[] | undefined;
  /** The names of the inputs in the model, if they are not those of the columns. */
  readonly inputNames?: readonly string[] | undefined;
  /** What is predicted: the model's metadata have the names of classes. */
  readonly targets?: readonly ColumnFacts[] | undefined;
}

/**
 * The bytes of an ONNX model with inputs [batch,…] and the outputs of the task: for classification
 * `logits` and `probabilities`, f32 [batch,categories]. It uses standard operators only (default
 * domain, opset 18), and `LabelEncoder` of ai.onnx.ml for the texts of a table. The weights are
 * initializers under their PyTorch names. The metadata have the producer's version, `classes`, and
 * of a model of texts `tokenizer` and `padding`.
 */
export function exportInference({
  layout,
  state,
  columns = [],
  targets = [],
  inputs,
  inputNames = [],
  ...description
}: TrainedNetwork): Uint8Array {
  checkState({ layout, data: state }, 'export: the trained state');
  const named = inputs.map((column, index) => ({ ...column, name: inputNames[index] ?? column.name }));
  return exportGraph(
    (batchSize) => inferenceGraph({ layout, inputs: named, ...description }, batchSize),
    { layout, data: state },
    cellsOf(columns),
    { ...metadataOf(targets), ...tokensMetadata(columns) },
  );
}

/** `classes`: the names of the classes in the order of the outputs, as JSON. */
function metadataOf([target]: readonly ColumnFacts[]): Readonly<Record<string, string>> {
  if (target?.meaning.kind !== 'categories' || target.shape.length === 1) return {};
  return { classes: JSON.stringify(target.meaning.names) };
}

/**
 * How texts become the numbers of an input: `tokenizer`, the SHA-256 of a tokenizer.json or
 * "utf-8", and `padding`, the number that fills the places after a text. Its length is that of the
 * input.
 */
function tokensMetadata(columns: readonly ColumnFacts[]): Readonly<Record<string, string>> {
  const [meaning] = columns.map((column) => column.meaning);
  if (meaning?.kind !== 'tokens' || meaning.field === undefined) return {};
  return { tokenizer: meaning.tokenizer ?? 'utf-8', padding: String(meaning.padding) };
}

/** The inputs of such a model for the columns of a table, in the order of the features. */
export function cellInputs({
  columns = [],
  ...trained
}: Omit<TrainedNetwork, 'state'>): readonly CellInput[] {
  const taken = [
    ...Object.keys(inferenceGraph(trained, 1).outputs),
    ...trained.layout.map(({ name }) => name),
  ];
  return Object.values(namedCells(cellsOf(columns), taken)).flat();
}

const cellsOf = (columns: readonly ColumnFacts[]) =>
  Object.fromEntries(
    columns.flatMap((column) => {
      const features = featuresOf(column);
      return features === undefined ? [] : [[column.name, features] as const];
    }),
  );

/** (…inputs, each weight in its shape) → the outputs of the task. */
function inferenceGraph(
  { network, layout, inputs, task }: Omit<TrainedNetwork, 'state' | 'columns' | 'targets'>,
  batchSize: number,
): Graph {
  const weights = layout.map(({ name, shape }) => input(name, shape));
  const output = applyNetwork(network, layout, weights, inputsOfBatch(inputs, batchSize));
  return simplifyGraph({ outputs: task.outputs?.(output) ?? { output } });
}
