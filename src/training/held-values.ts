/** Passes the frozen values to every run of a session, so that its callers need not do it. */
import type { Session, Tensors } from '../engine/runtime/runtime.js';
import { f32Tensor } from '../tensor/tensor.js';

/** @param frozen the vector of the frozen tensors; undefined if there are none */
export function holding(session: Session, frozen: Float32Array | undefined): Session {
  if (frozen === undefined) return session;
  const held: Tensors = { frozen: f32Tensor(frozen) };
  return { ...session, run: (inputs, outputs) => session.run({ ...inputs, ...held }, outputs) };
}
