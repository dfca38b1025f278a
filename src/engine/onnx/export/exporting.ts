/**
 * The state that the rules of an export share: the names of values, and which extents depend on the
 * batch size.
 */

import type { Shape } from '../../../tensor/shape.js';
import { describeValue, GraphError, type Value } from '../../graph/value.js';
import type { OnnxModelBuilder } from '../model-builder.js';

/** What a rule may use. */
export interface Exporting {
  readonly model: OnnxModelBuilder;
  /** The name of the ONNX value for this value. Its nodes are added when it is first asked for. */
  name(value: Value): string;
  /** The same value in the trace with the other batch size. */
  twin<V extends Value>(value: V): V;
  /** Adds an input of the graph: the images, or a weight. */
  input(name: string, value: Value): string;
  /** An int64 vector with one element: the batch size. */
  batchSize(): string;
}

/** An extent is a number, the batch size, or depends on the batch size in another way. */
type Extent = number | 'batch' | 'dependent';

/** Two batch sizes that do not occur among the extents of any network. */
export const PROBES = [1009, 1013] as const;

export function extentsOf(shape: Shape, twin: Shape): Extent[] {
  return shape.map((extent, axis) => {
    if (extent === twin[axis]) return extent;
    return extent === PROBES[0] && twin[axis] === PROBES[1] ? 'batch' : 'dependent';
  });
}

export function dependsOnBatch(value: Value): GraphError {
  return new GraphError(
    `export: ${describeValue(value)} depends on the number of images in the batch; a model that treats every image by itself was expected`,
  );
}
