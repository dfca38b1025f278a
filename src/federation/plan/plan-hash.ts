/**
 * The hash by which processes that compile a plan separately know that it is the same: SHA-256 over
 *
 *     the training model, the evaluation model (ONNX),
 *     the table of tensors of the state ([[name, shape], …] as JSON), that of the frozen tensors
 *
 * each after its length in bytes, a little-endian u64. Compiling depends only on the description
 * and the version of this package, not on the machine: a batch is cut into parts of the default
 * `partBytes`, whatever the cache, and numbers that JavaScript computes are rounded to float32. A
 * participant that trains with another cut of the same step, such as for a GPU, still has this
 * plan.
 */

import { sha256Hex } from '../../base/sha256.js';
import type { Plan } from '../../engine/nn/plan.js';
import type { StateLayout } from '../../tensor/state-dict.js';

export function planHash({
  trainingModel,
  evaluationModel,
  layout,
  frozen,
}: Pick<Plan, 'trainingModel' | 'evaluationModel' | 'layout' | 'frozen'>): Promise<string> {
  const table = (of: StateLayout) =>
    new TextEncoder().encode(JSON.stringify(of.map(({ name, shape }) => [name, shape])));
  const parts = [trainingModel, evaluationModel, table(layout), table(frozen)];
  const bytes = new Uint8Array(parts.reduce((sum, part) => sum + 8 + part.length, 0));
  const view = new DataView(bytes.buffer);
  let at = 0;
  for (const part of parts) {
    view.setBigUint64(at, BigInt(part.length), true);
    bytes.set(part, at + 8);
    at += 8 + part.length;
  }
  return sha256Hex(bytes);
}
