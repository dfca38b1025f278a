/**
 * The state that the rules of an export share: the names of values, and what the size of the batch
 * decides.
 */

import type { Shape } from '../../../tensor/shape.js';
import { describeValue, GraphError, type Value } from '../../graph/value.js';
import type { OnnxModelBuilder } from '../model-builder.js';

/** What a rule may use. */
export interface Exporting {
  readonly model: OnnxModelBuilder;
  /** The ONNX value that holds this value; emitted when it is first asked for. */
  name(value: Value): string;
  /** The same value where the batch has another size. */
  twin<V extends Value>(value: V): V;
  /** An input of the graph: the images, or a weight. */
  input(name: string, value: Value): string;
  /** An int64 vector of one element: the size of the batch. */
  batchSize(): string;
}

/** What an extent is: a number; the batch's; or one that depends on the batch in another way. */
type Extent = number | 'batch' | 'dependent';

/** Two batch sizes that no network has among its extents. */
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
