/**
 * From a graph to an ONNX model for the world: one standard operator for each operation, images
 * NCHW, weights as initializers under their own names, any number of images at a time. What
 * `lower/` does for speed is left to the program that runs the model.
 *
 * Values of a graph have fixed shapes, so the graph is traced for two batch sizes. The traces
 * differ in their extents only, and an extent that differs is one that the batch decides.
 */

import { type StateDict, tensorView } from '../../../tensor/state-dict.js';
import { type Graph, topologicalOrder, type Value } from '../../graph/value.js';
import { OnnxModelBuilder } from '../model-builder.js';
import { dependsOnBatch, type Exporting, PROBES } from './exporting.js';
import { rules } from './rules.js';

/**
 * An inference model of the graph that `trace` gives for any batch size. Its input named as a
 * tensor of `weights` is that tensor; the one other input begins with the batch axis, and so does
 * every output.
 * @throws GraphError when more than extents depends on the size of the batch, such as the factor of
 *   a mean over it.
 */
export function exportGraph(trace: (batchSize: number) => Graph, weights: StateDict): Uint8Array {
  const [graph, other] = [trace(PROBES[0]), trace(PROBES[1])];
  const twins = pairTraces(graph, other);
  const model = new OnnxModelBuilder();
  const names = new Map<Value, string>();
  let images: string | undefined;

  const exporting: Exporting = {
    model,
    // Recursive, on demand: an operation that is part of a larger operator is never asked for.
    name(value) {
      const known = names.get(value);
      if (known !== undefined) return known;
      const rule = rules[value.op] as (exporting: Exporting, value: Value) => string;
      const name = rule(exporting, value);
      names.set(value, name);
      return name;
    },
    twin: <V extends Value>(value: V) => twins.get(value) as V,
    input(name, value) {
      const weight = weights.layout.find((entry) => entry.name === name);
      if (weight !== undefined) return model.weights(name, tensorView(weights, name), weight.shape);
      images = model.input(name, value.dtype, ['batch', ...value.shape.slice(1)]);
      return images;
    },
    batchSize() {
      if (images === undefined)
        throw new Error('internal: the size of the batch is asked for before its images');
      return model.node('Shape', [images], { start: 0, end: 1 });
    },
  };
  // The images come first, whatever the outputs read first.
  for (const value of twins.keys()) if (value.op === 'input') exporting.name(value);
  for (const [name, value] of Object.entries(graph.outputs)) {
    model.output(name, exporting.name(value), value.dtype, ['batch', ...value.shape.slice(1)]);
  }
  return model.bytes();
}

/** Every value of one trace with its twin in the other. */
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
