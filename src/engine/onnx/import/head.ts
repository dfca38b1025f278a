/**
 * The last layer of a network: the product that gives the scores, and what is added to it. With
 * another number of scores it is the only layer that changes.
 */

import { makersOf } from './cut-end.js';
import type { ForeignNode, ForeignTensor } from './file/foreign-model.js';

export interface HeadTensor {
  readonly name: string;
  /** The axis of the scores. */
  readonly axis: number;
}

/** Operators that keep one number for each score, between the last layer and the end. */
const KEEPING = [
  'AveragePool',
  'Cast',
  'Dropout',
  'Flatten',
  'GlobalAveragePool',
  'GlobalMaxPool',
  'Identity',
  'ReduceMean',
  'Relu',
  'Reshape',
  'Resize',
  'Squeeze',
  'Transpose',
  'Upsample',
];

/**
 * The tensors of the last layer: its weight, then its bias if there is one. Undefined if the
 * network ends in another way.
 * @param value the end of the network
 * @param weights what is trained, by name
 */
export function headOf(
  nodes: readonly ForeignNode[],
  value: string,
  weights: ReadonlyMap<string, Pick<ForeignTensor, 'shape'>>,
): readonly HeadTensor[] | undefined {
  const makers = makersOf(nodes);
  const biases: string[] = [];
  const bias = (name: string | undefined) => {
    if (name !== undefined && weights.has(name)) biases.push(name);
  };
  let node = makers.get(value);
  while (node !== undefined) {
    const [first = '', second = ''] = node.inputs;
    if (KEEPING.includes(node.operator)) node = makers.get(first);
    else if (node.operator === 'Add') {
      const isSecond = weights.has(second);
      bias(isSecond ? second : first);
      node = makers.get(isSecond ? first : second);
    } else break;
  }
  if (node === undefined || PRODUCTS[node.operator] === undefined) return undefined;
  bias(node.operator === 'MatMul' ? undefined : node.inputs[2]);
  const weight = node.inputs[1] ?? '';
  const transposed = makers.get(weight);
  const isTransposed = transposed?.operator === 'Transpose';
  const name = isTransposed ? (transposed.inputs[0] ?? '') : weight;
  const axis = PRODUCTS[node.operator]?.(node) ?? 0;
  // A matrix that is transposed before the product has its axes the other way round.
  const place = isTransposed ? 1 - axis : axis;
  const scores = weights.get(name)?.shape[place];
  if (scores === undefined) return undefined;
  // The axis of a bias: [scores], [1, scores] of a row, or [scores, 1, 1].
  const axisOf = (of: string) => weights.get(of)?.shape.indexOf(scores) ?? -1;
  const tensors = [{ name, axis: place }, ...biases.map((of) => ({ name: of, axis: axisOf(of) }))];
  return tensors.some((tensor) => tensor.axis < 0) ? undefined : tensors;
}

/** The axis of the weight along which its results lie. */
const PRODUCTS: Readonly<Record<string, (node: ForeignNode) => number>> = {
  Conv: () => 0,
  ConvTranspose: () => 1,
  Gemm: ({ attributes }) => (attributes.get('transB')?.int === 1 ? 0 : 1),
  MatMul: () => 1,
};
