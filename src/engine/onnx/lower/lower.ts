/**
 * Lowers a graph to the bytes of an ONNX model with the same inputs and outputs; it chooses
 * algorithms and layouts.
 */
import { type Graph, topologicalOrder, type Value } from '../../graph/value.js';
import { OnnxModelBuilder } from '../model-builder.js';
import { type Lowered, Lowering } from './lowering.js';
import { loweringRules } from './rules.js';

export function lower(graph: Graph): Uint8Array {
  const model = new OnnxModelBuilder();
  const order = topologicalOrder(Object.values(graph.outputs));
  const lowering = new Lowering(model, order, (lowering, value) => {
    const rule = loweringRules[value.op] as (lowering: Lowering, value: Value) => Lowered;
    return rule(lowering, value);
  });
  for (const [name, value] of Object.entries(graph.outputs)) {
    model.output(name, lowering.plain(value), value.dtype, value.shape);
  }
  return model.bytes();
}
