/**
 * Training in TensorFlow.js, as it is fastest there: in production mode, images as NHWC (all that
 * its kernels take). What is used of the library is declared here, since it is no dependency.
 */
import type { Shape } from '../src/tensor/shape.js';
import { LEARNING_RATE, MOMENTUM } from './networks.js';
import { applyInLibrary, type PeerLibrary } from './peer-network.js';
import { CLASSES, type PeerStep, type PeerTask } from './peer-task.js';

interface Tensor {
  readonly shape: readonly number[];
  add(other: Tensor): Tensor;
  sub(other: Tensor): Tensor;
  mul(other: Tensor): Tensor;
  relu(): Tensor;
  tanh(): Tensor;
  rsqrt(): Tensor;
  sum(axes: readonly number[], keepDims: boolean): Tensor;
  reshape(shape: readonly number[]): Tensor;
  transpose(permutation: readonly number[]): Tensor;
  data(): Promise<Float32Array>;
  dispose(): void;
}

type Window = number | readonly number[];
type Padding = 'valid' | readonly (readonly [number, number])[];

interface TensorFlow {
  enableProdMode(): void;
  setBackend(name: string): Promise<boolean>;
  tidy<Result>(compute: () => Result): Result;
  tensor(values: Float32Array, shape: readonly number[]): Tensor;
  tensor1d(values: Int32Array, dtype: 'int32'): Tensor;
  scalar(value: number): Tensor;
  variable(tensor: Tensor): Tensor;
  oneHot(labels: Tensor, classes: number): Tensor;
  conv2d(x: Tensor, weight: Tensor, strides: Window, padding: Padding): Tensor;
  maxPool(x: Tensor, kernel: Window, strides: Window, padding: 'valid'): Tensor;
  avgPool(x: Tensor, kernel: Window, strides: Window, padding: 'valid'): Tensor;
  matMul(a: Tensor, b: Tensor, transposeA: boolean, transposeB: boolean): Tensor;
  moments(
    x: Tensor,
    axes: readonly number[],
    keepDims: boolean,
  ): { readonly mean: Tensor; readonly variance: Tensor };
  readonly losses: { softmaxCrossEntropy(targets: Tensor, logits: Tensor): Tensor };
  readonly train: {
    momentum(rate: number, momentum: number): { minimize(loss: () => Tensor, returnCost: true): Tensor };
  };
}

export async function startTensorFlow(
  load: NodeJS.Require,
  backend: 'cpu' | 'wasm',
  task: PeerTask,
): Promise<PeerStep> {
  const tf = load('@tensorflow/tfjs') as TensorFlow;
  if (backend === 'wasm') load('@tensorflow/tfjs-backend-wasm');
  tf.enableProdMode();
  if (!(await tf.setBackend(backend))) throw new Error(`the backend "${backend}" does not start`);
  const library = libraryOf(tf);
  const weights = Object.fromEntries(
    task.weights.map(({ name, shape, data }) => {
      const tensor = tf.tensor(data, shape);
      return [name, tf.variable(shape.length === 4 ? tensor.transpose(OIHW_TO_HWIO) : tensor)];
    }),
  );
  const optimizer = tf.train.momentum(LEARNING_RATE, MOMENTUM);
  let steps = 0;
  return async () => {
    const { images, labels } = task.batch(steps++);
    const loss = tf.tidy(() => {
      const targets = tf.oneHot(tf.tensor1d(labels, 'int32'), CLASSES);
      const inputs = { images: nhwcOf(tf.tensor(images, [task.batchSize, ...task.imageShape])), ...weights };
      const lossOf = () =>
        tf.losses.softmaxCrossEntropy(targets, applyInLibrary(library, task.logits, inputs));
      return optimizer.minimize(lossOf, true);
    });
    const [value] = await loss.data();
    loss.dispose();
    return value as number;
  };
}

const OIHW_TO_HWIO = [2, 3, 1, 0];
const NCHW_TO_NHWC = [0, 2, 3, 1];
const NHWC_TO_NCHW = [0, 3, 1, 2];

/** Where there is one channel, or one pixel, both orders are the same. */
function nhwcOf(images: Tensor): Tensor {
  const [examples = 1, channels = 1, height = 1, width = 1] = images.shape;
  return channels === 1 ? images.reshape([examples, height, width, 1]) : images.transpose(NCHW_TO_NHWC);
}

function flattened(x: Tensor, shape: Shape): Tensor {
  const [, height, width, channels] = x.shape;
  const isMoved = x.shape.length === 4 && channels !== 1 && height !== 1 && width !== 1;
  return (isMoved ? x.transpose(NHWC_TO_NCHW) : x).reshape(shape);
}

/** What has four axes is [N,H,W,C] there, and [N,C,H,W] in our graph. */
const libraryOf = (tf: TensorFlow): PeerLibrary<Tensor> => ({
  name: 'TensorFlow.js',
  again: (tensor) => tensor,
  rules: {
    constant: ({ attributes }) => tf.scalar(attributes.values[0] as number),
    relu: (_, x) => x.relu(),
    tanh: (_, x) => x.tanh(),
    add: (_, a, b) => a.add(b),
    mul: (_, a, b) => a.mul(b),
    matmul: ({ attributes: { transposeA, transposeB } }, a, b) => tf.matMul(a, b, transposeA, transposeB),
    conv2d({ attributes: { strides, padding } }, x, weight, bias) {
      const { top, bottom, left, right } = padding;
      const y = tf.conv2d(x, weight, strides, [
        [0, 0],
        [top, bottom],
        [left, right],
        [0, 0],
      ]);
      return bias === undefined ? y : y.add(bias);
    },
    maxPool2d: ({ attributes: { kernel, strides } }, x) => tf.maxPool(x, kernel, strides, 'valid'),
    averagePool2d: ({ attributes: { kernel, strides } }, x) => tf.avgPool(x, kernel, strides, 'valid'),
    groupNorm({ attributes: { groups, epsilon } }, x, scale, shift) {
      const [examples = 1, height = 1, width = 1, channels = 1] = x.shape;
      const grouped = x.reshape([examples, height * width, groups, channels / groups]);
      const { mean, variance } = tf.moments(grouped, [1, 3], true);
      const normal = grouped.sub(mean).mul(variance.add(tf.scalar(epsilon)).rsqrt());
      return normal.reshape(x.shape).mul(scale).add(shift);
    },
    reduceSum: ({ attributes: { axes, keepDims } }, x) =>
      x.sum(
        axes.map((axis) => (x.shape.length === 4 ? (NHWC_TO_NCHW[axis] as number) : axis)),
        keepDims,
      ),
    reshape: ({ attributes }, x) => flattened(x, attributes.shape),
  },
});
