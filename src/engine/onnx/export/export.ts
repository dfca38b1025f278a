/**
 * Exports a graph as an ONNX model for other programs: one standard operator for each operation,
 * images NCHW, weights as initializers under their own names, any number of images at a time. The
 * optimizations of `lower/` are left to the program that runs the model.
 *
 * Values of a graph have fixed shapes, so the graph is traced for two batch sizes. The traces
 * differ only in extents, and an extent that differs depends on the batch size.
 */

import type { Feature } from '../../../data/features.js';
import { type StateDict, tensorView } from '../../../tensor/state-dict.js';
import { type Graph, topologicalOrder, type Value } from '../../graph/value.js';
import { OnnxModelBuilder } from '../model-builder.js';
import { dependsOnBatch, type Exporting, PROBES } from './exporting.js';
import { VERSION } from './producer.js';
import { namedCells, readCells } from './read-cells.js';
import { exportRules } from './rules.js';

/**
 * Exports the graph that `trace` gives, for any batch size. An input that has the name of a tensor
 * in `weights` becomes that tensor. Each other input begins with the batch axis, and so does each
 * output.
 * @param cells inputs that are made of a table's cells, by their names
 * @param metadata what the model says beside its graph
 * @throws GraphError when more than extents depends on the batch size, such as the factor of a mean
 * over the batch.
 */
export function exportGraph(
  trace: (batchSize: number) => Graph,
  weights: StateDict,
  cells: Readonly<Record<string, readonly Feature[]>> = {},
  metadata: Readonly<Record<string, string>> = {},
): Uint8Array {
  const [graph, other] = [trace(PROBES[0]), trace(PROBES[1])];
  const twins = pairTraces(graph, other);
  const model = new OnnxModelBuilder();
  const taken = [...Object.keys(graph.outputs), ...weights.layout.map(({ name }) => name)];
  const cellInputs = namedCells(cells, taken);
  model.reserve(Object.values(cellInputs).flatMap((inputs) => inputs.map(({ name }) => name)));
  const names = new Map<Value, string>();
  let images: string | undefined;

  const exporting: Exporting = {
    model,
    // Recursive, on demand: an operation that is part of a larger operator is never visited.
    name(value) {
      const known = names.get(value);
      if (known !== undefined) return known;
      const rule = exportRules[value.op] as (exporting: Exporting, value: Value) => string;
      const name = rule(exporting, value);
      names.set(value, name);
      return name;
    },
    twin: <V extends Value>(value: V) => twins.get(value) as V,
    input(name, value) {
      const weight = weights.layout.find((entry) => entry.name === name);
      if (weight !== undefined) return model.weights(name, tensorView(weights, name), weight.shape);
      const inputs = cellInputs[name];
      images =
        inputs === undefined
          ? model.input(name, value.dtype, ['batch', ...value.shape.slice(1)])
          : readCells(model, inputs);
      return images;
    },
    batchSize() {
      if (images === undefined)
        throw new Error('internal: the size of the batch is asked for before its images');
      return model.node('Shape', [images], { start: 0, end: 1 });
    },
  };
  // The images come first, whatever order the outputs read them in.
  for (const value of twins.keys()) if (value.op === 'input') exporting.name(value);
  for (const [name, value] of Object.entries(graph.outputs)) {
    model.output(name, exporting.name(value), value.dtype, ['batch', ...value.shape.slice(1)]);
  }
  return model.bytes({ version: VERSION, metadata });
}

/** Pairs each value of one trace with its twin in the other. */
function pairTraces(graph: Graph, other: Graph): Map<Value, Value> {
  const [order, otherOrder] = [graph, other].map((g) => topologicalOrder(Object.values(g.outputs))) as [
    Value[],
    Value[],
  ];
  return new Map(
    order.map((value, index) => {
      const twin = otherOrder[index];
      if (twin?.op !== value.op || otherOrder.length !== order.length) throw dependsOnBatch(value);
      return [value, twin];
    }),
  );
}
