/** The norms that a network for tables can have, by name. */
import type { Value } from '../../graph/value.js';
import { batchNorm } from './batch-norm.js';
import { layerNorm } from './layers.js';
import type { Scope } from './network.js';

/**
 * `batch` looks across the examples of a batch, `per-part` across those of each part into which a
 * plan cuts it, `layer` across the features of an example.
 */
export type Norm = 'batch' | 'per-part' | 'layer';

/** x [N, features] → the same shape. */
export const normalize = (scope: Scope, x: Value, norm: Norm): Value =>
  norm === 'layer' ? layerNorm(scope, x) : batchNorm(scope, x);
