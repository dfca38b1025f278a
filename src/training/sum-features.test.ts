import { afterAll, describe, expect, it } from 'vitest';
import { labelledNoise } from '../../test/noise.js';
import { flatten, relu } from '../engine/graph/build.js';
import { compileFeaturePlan } from '../engine/nn/feature-plan.js';
import { dense } from '../engine/nn/layers/layers.js';
import { initialState, type Network, parametersOf } from '../engine/nn/layers/network.js';
import { lenet5 } from '../engine/nn/models/lenet5.js';
import { mlp } from '../engine/nn/models/mlp.js';
import { onPixels, pixels } from '../engine/nn/models/normalize-pixels.js';
import { paperCnn } from '../engine/nn/models/paper-cnn.js';
import { resnet8 } from '../engine/nn/models/resnet8.js';
import { ortNode } from '../engine/runtime/node/ort-node.js';
import type { Session } from '../engine/runtime/runtime.js';
import { rowStart } from '../merge/refit/cholesky.js';
import { addSums, emptySums, ridgeSolution } from '../merge/refit/feature-sums.js';
import { tensorView } from '../tensor/state-dict.js';
import { sumFeatures } from './sum-features.js';

const [examples, side, classes] = [553, 4, 3];
const dataset = labelledNoise(examples, side);
const inputs = [pixels([1, side, side])];
const normalization = { mean: [0.5], deviation: [0.25] };

const opened: Session[] = [];
afterAll(() => Promise.all(opened.map((session) => session.release())));
async function openPlan(network: Network) {
  const plan = compileFeaturePlan({ network, inputs });
  const features = await ortNode().open(plan.featureModel);
  const gram = await ortNode().open(plan.gramModel);
  opened.push(features, gram);
  return { plan, sessions: { features, gram } };
}

describe('the sums of features', () => {
  it('are ΦᵀΦ and ΦᵀY of exactly these examples, with 1 as the last feature', async () => {
    const network = onPixels(mlp({ hidden: [5], classes, dropout: 0.5 }), normalization);
    const { plan, sessions } = await openPlan(network);
    const state = initialState(parametersOf(network, inputs), 3);
    // More than two blocks, and a ragged last batch.
    const indices = Uint32Array.from({ length: 530 }, (_, i) => examples - 1 - i);
    const { gram, targets } = (await sumFeatures(sessions, plan, state.data, dataset, indices))!;
    const [weight, bias] = [tensorView(state, 'fc1.weight'), tensorView(state, 'fc1.bias')];
    const expected = { gram: new Float64Array(rowStart(6)), targets: new Float64Array(6 * classes) };
    for (const index of indices) {
      const image = dataset.images.subarray(index * 16, (index + 1) * 16);
      const phi = [...bias].map((offset, unit) =>
        Math.max(
          0,
          [...image].reduce(
            (sum, byte, i) => sum + ((byte / 255 - 0.5) / 0.25) * weight[unit * 16 + i]!,
            offset,
          ),
        ),
      );
      phi.push(1);
      phi.forEach((x, i) => {
        for (let j = 0; j <= i; j++) expected.gram[rowStart(i) + j]! += x * phi[j]!;
        expected.targets[i * classes + dataset.labels[index]!]! += x;
      });
    }
    gram.forEach((value, i) => {
      expect(value / expected.gram[i]! - 1).toBeCloseTo(0, 5);
    });
    targets.forEach((value, i) => {
      expect(value / expected.targets[i]! - 1).toBeCloseTo(0, 5);
    });
    expect(gram.at(-1)).toBe(530);
  });

  it('give the same last layer, to rounding, however the examples are dealt out', async () => {
    const network = onPixels(mlp({ hidden: [20], classes }), normalization);
    const { plan, sessions } = await openPlan(network);
    const { data } = initialState(parametersOf(network, inputs), 3);
    const all = Uint32Array.from({ length: examples }, (_, i) => i);
    const byClass = [0, 1, 2].map((label) => all.filter((index) => dataset.labels[index] === label));
    const solve = async (parts: readonly Uint32Array[]) => {
      const total = emptySums(21, classes);
      for (const part of parts) addSums(total, (await sumFeatures(sessions, plan, data, dataset, part))!);
      return ridgeSolution(total, 21, 0.01);
    };
    const [pooled, dealt] = [await solve([all]), await solve(byClass)];
    dealt.forEach((w, i) => {
      expect(w).toBeCloseTo(pooled[i]!, 9);
    });
  });

  it('have a solution with more features than examples: they are exact enough', async () => {
    const network = onPixels(mlp({ hidden: [300], classes }), normalization);
    const { plan, sessions } = await openPlan(network);
    const state = initialState(parametersOf(network, inputs), 3);
    // Features of a few thousand each, as far beyond lambda as they ever are.
    const data = state.data.map((w) => 2000 * w);
    const sums = (await sumFeatures(sessions, plan, data, dataset, Uint32Array.of(1, 2, 3, 4, 5)))!;
    const solution = ridgeSolution(sums, 301, 0.01);
    expect(solution.every(Number.isFinite)).toBe(true);
  });

  it('are those of the pixels where the network is one dense layer', async () => {
    const { plan, sessions } = await openPlan(
      onPixels((scope, images) => dense(scope.in('fc'), flatten(images), 3), normalization),
    );
    const { data } = { data: new Float32Array(3 * 16 + 3) };
    const { gram } = (await sumFeatures(sessions, plan, data, dataset, Uint32Array.of(7)))!;
    const pixel = (dataset.images[7 * 16]! / 255 - 0.5) / 0.25;
    expect(gram[0]).toBeCloseTo(pixel * pixel, 5);
  });

  it('are given up when they are told to stop', async () => {
    const network = onPixels(mlp({ hidden: [2], classes }), normalization);
    const { plan, sessions } = await openPlan(network);
    const { data } = initialState(parametersOf(network, inputs), 3);
    const indices = Uint32Array.of(1, 2);
    expect(await sumFeatures(sessions, plan, data, dataset, indices, () => false)).toBeUndefined();
  });
});

describe('the plan of features', () => {
  it.each([
    ['paper-cnn', paperCnn(), 'fc.weight', 3136],
    ['lenet5', lenet5(), 'fc3.weight', 84],
    ['mlp', mlp(), 'fc3.weight', 128],
    ['resnet8', resnet8(), 'fc.weight', 64],
  ])('finds the last layer of %s', (_, network, name, features) => {
    const plan = compileFeaturePlan({ network: onPixels(network), inputs: [pixels([1, 28, 28])] });
    expect([plan.weight.name, plan.weight.shape, plan.features]).toEqual([name, [10, features], features]);
    expect(plan.bias.name).toBe(name.replace('weight', 'bias'));
  });

  it('refuses a network that ends otherwise', () => {
    const network = onPixels((scope, images) => relu(dense(scope, flatten(images), 3)));
    expect(() => compileFeaturePlan({ network, inputs })).toThrow(/network: .*dense layer with a bias/);
  });
});
