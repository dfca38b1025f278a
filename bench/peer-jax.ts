/**
 * Training in jax-js, as it is fastest there: the whole step compiled by `jit`. Arrays are counted:
 * a function that takes one frees it, and `ref` is one more. What is used of the library is
 * declared here, since it is no dependency.
 */
import type { PoolingAttributes } from '../src/engine/graph/ops.js';
import { LEARNING_RATE, MOMENTUM } from './networks.js';
import { applyInLibrary, type PeerLibrary } from './peer-network.js';
import { CLASSES, type PeerStep, type PeerTask } from './peer-task.js';

interface JaxArray {
  readonly ref: JaxArray;
  readonly shape: readonly number[];
  add(other: JaxArray): JaxArray;
  sub(other: JaxArray): JaxArray;
  mul(other: JaxArray | number): JaxArray;
  neg(): JaxArray;
  reshape(shape: readonly number[]): JaxArray;
  data(): Promise<Float32Array>;
}

type Arrays = Readonly<Record<string, JaxArray>>;
type Reduction = (
  x: JaxArray,
  axes?: readonly number[] | number,
  options?: { keepdims: boolean },
) => JaxArray;

interface Jax {
  init(device: 'wasm'): Promise<unknown>;
  defaultDevice(device: 'wasm'): void;
  jit<Step>(step: Step): Step;
  valueAndGrad(
    loss: (weights: Arrays) => JaxArray,
  ): (weights: Arrays) => readonly [loss: JaxArray, gradients: Arrays];
  blockUntilReady(arrays: unknown): Promise<unknown>;
  readonly tree: { ref(arrays: Arrays): Arrays };
  readonly numpy: {
    readonly int32: unknown;
    array(values: Float32Array | Int32Array | number, options?: { dtype: unknown }): JaxArray;
    zeros(shape: readonly number[]): JaxArray;
    tanh(x: JaxArray): JaxArray;
    matmul(a: JaxArray, b: JaxArray): JaxArray;
    matrixTranspose(x: JaxArray): JaxArray;
    readonly sum: Reduction;
    readonly mean: Reduction;
    readonly max: Reduction;
  };
  readonly lax: {
    convGeneralDilated(
      x: JaxArray,
      weight: JaxArray,
      strides: readonly number[],
      padding: readonly (readonly number[])[],
    ): JaxArray;
  };
  readonly nn: {
    relu(x: JaxArray): JaxArray;
    logSoftmax(x: JaxArray): JaxArray;
    oneHot(labels: JaxArray, classes: number): JaxArray;
    standardize(x: JaxArray, axis: number, options: { epsilon: number }): JaxArray;
  };
}

export async function startJax(load: NodeJS.Require, task: PeerTask): Promise<PeerStep> {
  const jax = load('@jax-js/jax') as Jax;
  await jax.init('wasm');
  jax.defaultDevice('wasm');
  const { numpy: np, nn } = jax;
  const library = libraryOf(jax);
  const shape = [task.batchSize, ...task.imageShape];
  const step = jax.jit((weights: Arrays, slots: Arrays, images: JaxArray, labels: JaxArray) => {
    const lossOf = (given: Arrays) => {
      const logits = applyInLibrary(library, task.logits, { images, ...given });
      return np.mean(np.sum(nn.logSoftmax(logits).mul(nn.oneHot(labels, CLASSES)), 1)).neg();
    };
    const [loss, gradients] = jax.valueAndGrad(lossOf)(jax.tree.ref(weights));
    const moved = mapped(slots, (slot, name) => slot.mul(MOMENTUM).add(gradients[name] as JaxArray));
    const next = mapped(weights, (weight, name) =>
      weight.sub((moved[name] as JaxArray).ref.mul(LEARNING_RATE)),
    );
    return [loss, next, moved] as const;
  });
  let weights: Arrays = Object.fromEntries(
    task.weights.map(({ name, shape, data }) => [name, np.array(data).reshape(shape)]),
  );
  let slots: Arrays = mapped(weights, (weight) => np.zeros(weight.shape));
  let steps = 0;
  return async () => {
    const { images, labels } = task.batch(steps++);
    const [loss, ...next] = step(
      weights,
      slots,
      np.array(images).reshape(shape),
      np.array(labels, { dtype: np.int32 }),
    );
    [weights, slots] = next;
    await jax.blockUntilReady(next);
    const [value] = await loss.data();
    return value as number;
  };
}

const mapped = (arrays: Arrays, change: (array: JaxArray, name: string) => JaxArray): Arrays =>
  Object.fromEntries(Object.entries(arrays).map(([name, array]) => [name, change(array, name)]));

const libraryOf = ({ numpy: np, lax, nn }: Jax): PeerLibrary<JaxArray> => ({
  name: 'jax-js',
  again: (array) => array.ref,
  rules: {
    constant: ({ attributes }) => np.array(attributes.values[0] as number),
    relu: (_, x) => nn.relu(x),
    tanh: (_, x) => np.tanh(x),
    add: (_, a, b) => a.add(b),
    mul: (_, a, b) => a.mul(b),
    matmul: ({ attributes: { transposeB } }, a, b) => np.matmul(a, transposeB ? np.matrixTranspose(b) : b),
    conv2d({ attributes: { strides, padding } }, x, weight, bias) {
      const { top, bottom, left, right } = padding;
      const y = lax.convGeneralDilated(x, weight, strides, [
        [top, bottom],
        [left, right],
      ]);
      return bias === undefined ? y : y.add(bias.reshape([-1, 1, 1]));
    },
    maxPool2d: ({ attributes }, x) => np.max(windowsOf(x, attributes), [3, 5]),
    averagePool2d: ({ attributes }, x) => np.mean(windowsOf(x, attributes), [3, 5]),
    groupNorm({ attributes: { groups, epsilon } }, x, scale, shift) {
      const { shape } = x;
      const grouped = x.reshape([shape[0] as number, groups, -1]);
      const normal = nn.standardize(grouped, -1, { epsilon }).reshape(shape);
      return normal.mul(scale.reshape([-1, 1, 1])).add(shift.reshape([-1, 1, 1]));
    },
    reduceSum: ({ attributes: { axes, keepDims } }, x) => np.sum(x, axes, { keepdims: keepDims }),
    reshape: ({ attributes }, x) => x.reshape(attributes.shape),
  },
});

/**
 * [N,C,H,W] → [N,C,H/kh,kh,W/kw,kw]: windows that do not overlap, which is what our networks have.
 */
function windowsOf(x: JaxArray, { kernel: [kh, kw] }: PoolingAttributes): JaxArray {
  const [examples = 1, channels = 1, height = 1, width = 1] = x.shape;
  return x.reshape([examples, channels, height / kh, kh, width / kw, kw]);
}
