/**
 * Tied tensors: two names of the same numbers, such as the embedding and the last layer of a
 * language model. Some programs write both, others only one. Node only.
 */
import { dtypeBytes } from '../../dtype.js';
import { sameShape, sizeOf } from '../../shape.js';
import type { StoredTensor } from '../stored-tensor.js';
import { readChunk, type TensorSource } from './tensor-source.js';

/**
 * The name of another tensor with the same numbers in this model, which all the others have in the
 * same shape; undefined if there is none.
 */
export function tiedName(
  model: TensorSource,
  name: string,
  others: readonly TensorSource[],
): string | undefined {
  const tensor = model.tensors.get(name) as StoredTensor;
  const candidates = [...model.tensors.values()].filter(
    (other) =>
      other.name !== name &&
      other.dtype === tensor.dtype &&
      sameShape(other.shape, tensor.shape) &&
      others.every(({ tensors }) => sameShape(tensors.get(other.name)?.shape ?? [-1], tensor.shape)),
  );
  const tied =
    candidates.find((other) => isSamePlace(tensor, other)) ??
    candidates.find((other) => isEqual(model, tensor, other));
  return tied?.name;
}

const isSamePlace = (a: StoredTensor, b: StoredTensor) =>
  a.file === b.file && a.position === b.position && `${a.strides}` === `${b.strides}`;

const PIECE_BYTES = 1 << 20;

/** A tensor of one value, such as a bias of zeros, is equal to many: it is not tied for that. */
function isEqual(model: TensorSource, a: StoredTensor, b: StoredTensor): boolean {
  const bytes = sizeOf(a.shape) * dtypeBytes[a.dtype];
  if (a.shape.length < 2) return false;
  const buffers = [new Uint8Array(PIECE_BYTES), new Uint8Array(PIECE_BYTES)] as const;
  for (let at = 0; at < bytes; at += PIECE_BYTES) {
    const piece = { dtype: a.dtype, at, bytes: Math.min(PIECE_BYTES, bytes - at) };
    const read = (tensor: StoredTensor, buffer: Uint8Array) =>
      readChunk(model, { ...piece, name: tensor.name }, buffer);
    if (Buffer.compare(read(a, buffers[0]), read(b, buffers[1])) !== 0) return false;
  }
  return bytes > 0;
}
