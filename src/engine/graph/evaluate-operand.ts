/** An operand of the reference evaluator. */
import type { Shape } from '../../tensor/shape.js';

/** Its elements, row-major, and their shape. */
export interface Operand {
  readonly shape: Shape;
  readonly data: Float64Array;
}
