import { describe, expect, it } from 'vitest';
import { randomStream } from '../../base/random.js';
import { layoutSize } from '../../tensor/state-dict.js';
import { gradients } from '../autodiff/gradients.js';
import * as g from '../graph/build.js';
import { evaluate } from '../graph/evaluate.js';
import { fisherStep } from './fisher-plan.js';
import { conv2d, dense } from './layers/layers.js';
import {
  applyNetwork,
  initialState,
  inputsOfBatch,
  layoutOf,
  type Network,
  parametersOf,
} from './layers/network.js';
import { onPixels, pixels } from './models/normalize-pixels.js';
import { tensorsOf } from './state-inputs.js';

const inputs = [pixels([1, 4, 4])];
const normalization = { mean: [0.3], deviation: [0.4] };
const [batchSize, classes] = [3, 3];

const behind = (network: Network) => onPixels(network, normalization);
const linear = behind((scope, images) => dense(scope.in('fc'), g.flatten(images), classes));
const convolutional = behind((scope, images) => {
  const x = g.relu(conv2d(scope.in('conv'), images, { filters: 2, kernel: 3, padding: 1 }));
  return dense(scope.in('fc'), g.flatten(g.maxPool2d(x, { kernel: 2 })), classes);
});

const random = randomStream('pictures');
const images = Uint8Array.from({ length: batchSize * 16 }, () => random.integer(256));
/** All combinations of three signs. */
const allSigns = Array.from({ length: 8 }, (_, bits) => [0, 1, 2].map((at) => ((bits >> at) & 1 ? 1 : -1)));

/** The mean over all signs of the sum over the images. */
function expectation(network: Network, state: Float32Array, weights = [1, 1, 1]) {
  const { graph, size } = fisherStep({ network, inputs }, batchSize);
  const mean = new Float64Array(size);
  for (const row of allSigns) {
    const signs = Array<number[]>(batchSize).fill(row).flat();
    const { sum } = evaluate(graph, { state, images, weights, signs });
    sum!.forEach((value, i) => {
      mean[i]! += value / allSigns.length;
    });
  }
  return mean;
}

/** Σ over the images of Σ_c p_c·(∇ log p_c)², with each gradient computed by itself. */
function definition(network: Network, state: Float32Array) {
  const layout = layoutOf(parametersOf(network, inputs));
  const tensors = tensorsOf({ state: g.input('state', [layoutSize(layout)]) }, { layout });
  const logP = g.logSoftmax(applyNetwork(network, layout, tensors, inputsOfBatch(inputs, 1)), 1);
  const graph = {
    outputs: Object.fromEntries(
      [0, 1, 2].flatMap((label) => {
        const one = g.reshape(g.slice(logP, [0, label], [1, label + 1]), []);
        return [
          [`logP${label}`, one],
          [`slope${label}`, g.concat(gradients(one, tensors), 0)],
        ];
      }),
    ),
  };
  const sum = new Float64Array(state.length);
  for (let image = 0; image < batchSize; image++) {
    const values = evaluate(graph, { state, images: images.subarray(16 * image, 16 * (image + 1)) });
    for (let label = 0; label < classes; label++) {
      const p = Math.exp(values[`logP${label}`]![0]!);
      values[`slope${label}`]!.forEach((slope, i) => {
        sum[i]! += p * slope ** 2;
      });
    }
  }
  return sum;
}

const stateOf = (network: Network) => initialState(parametersOf(network, inputs), 'fisher').data;

function expectSame(actual: Float64Array, expected: Float64Array) {
  expect(actual.length).toBe(expected.length);
  expect(Math.max(...actual.map((x, i) => Math.abs(x - expected[i]!)))).toBeLessThan(1e-12);
}

describe('the Fisher information', () => {
  it('is, over all signs, the mean over the network’s own labels of squared gradients of one image each', () => {
    const state = stateOf(convolutional);
    const actual = expectation(convolutional, state);
    expectSame(actual, definition(convolutional, state));
    expect(Math.max(...actual)).toBeGreaterThan(0.1);
  });

  it('of a linear network is p(1 − p)·x², and p(1 − p) for a bias', () => {
    const state = stateOf(linear);
    const [weight, bias] = [state.subarray(0, 48), state.subarray(48)];
    const expected = new Float64Array(51);
    for (let image = 0; image < batchSize; image++) {
      const x = [...images.subarray(16 * image, 16 * (image + 1))].map((byte) => (byte / 255 - 0.3) / 0.4);
      const z = [0, 1, 2].map((c) =>
        x.reduce((sum, value, i) => sum + value * weight[16 * c + i]!, bias[c]!),
      );
      const total = z.reduce((sum, value) => sum + Math.exp(value), 0);
      z.forEach((value, c) => {
        const p = Math.exp(value) / total;
        x.forEach((pixel, i) => {
          expected[16 * c + i]! += p * (1 - p) * pixel ** 2;
        });
        expected[48 + c]! += p * (1 - p);
      });
    }
    expectSame(expectation(linear, state), expected);
  });

  it('is small for the bias of a class that the network excludes, and 0 only where its probability is', () => {
    const biasOf = (excluded: number) => {
      const state = stateOf(linear);
      state[50] = excluded;
      return expectation(linear, state)[50]!;
    };
    expect(biasOf(-10)).toBeGreaterThan(0);
    expect(biasOf(-10)).toBeLessThan(1e-3);
    expect(biasOf(-1e4)).toBe(0);
  });

  it('leaves the empty places of a ragged batch out', () => {
    const state = stateOf(convolutional);
    const parts = [
      [1, 0, 0],
      [0, 1, 1],
    ].map((weights) => expectation(convolutional, state, weights));
    expectSame(
      parts[0]!.map((value, i) => value + parts[1]![i]!),
      expectation(convolutional, state),
    );
  });
});
