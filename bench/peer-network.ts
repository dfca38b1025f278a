/**
 * A network of ours in the operations of another library, by one rule per operation: what is
 * measured there is the same network by construction.
 */
import type { OpName } from '../src/engine/graph/ops.js';
import { topologicalOrder, type Value, type ValueOf } from '../src/engine/graph/value.js';
import { BenchError } from './error.js';

export interface PeerLibrary<Tensor> {
  readonly name: string;
  readonly rules: {
    readonly [Op in OpName]?: (value: ValueOf<Op>, ...operands: readonly Tensor[]) => Tensor;
  };
  /**
   * The same tensor for one more reader, where a library counts them and the last one has it freed.
   */
  readonly again: (tensor: Tensor) => Tensor;
}

/** @throws BenchError when the library has no rule for an operation. */
export function applyInLibrary<Tensor>(
  { name, rules, again }: PeerLibrary<Tensor>,
  result: Value,
  inputs: Readonly<Record<string, Tensor>>,
): Tensor {
  const order = topologicalOrder([result]);
  const readers = new Map<Value, number>();
  for (const read of order.flatMap((value) => value.inputs)) readers.set(read, (readers.get(read) ?? 0) + 1);
  const tensors = new Map<Value, Tensor>();
  const taken = (value: Value): Tensor => {
    const left = (readers.get(value) ?? 0) - 1;
    readers.set(value, left);
    const tensor = tensors.get(value) as Tensor;
    return left > 0 ? again(tensor) : tensor;
  };
  for (const value of order) {
    if (value.op === 'input') {
      tensors.set(value, inputs[value.attributes.name] as Tensor);
      continue;
    }
    const rule = rules[value.op] as ((value: Value, ...operands: readonly Tensor[]) => Tensor) | undefined;
    if (rule === undefined) throw new BenchError(`bench: there is no rule for ${value.op} in ${name}`);
    tensors.set(value, rule(value, ...value.inputs.map(taken)));
  }
  return tensors.get(result) as Tensor;
}
