import { describe, expect, it } from 'vitest';
import { randomStream } from '../../../base/random.js';
import { type Shape, sizeOf } from '../../../tensor/shape.js';
import { tensorView } from '../../../tensor/state-dict.js';
import {
  fanInUniform,
  fans,
  glorotNormal,
  glorotUniform,
  heNormal,
  heUniform,
  type Initializer,
  normal,
  ones,
  uniform,
  zeros,
} from './initializers.js';
import { initialState, type Parameter } from './network.js';

const SHAPE: Shape = [64, 32, 3, 3];
const [FAN_IN, FAN_OUT] = [32 * 9, 64 * 9];

function draw(initializer: Initializer, shape = SHAPE, seed = 1): Float32Array {
  const out = new Float32Array(sizeOf(shape));
  initializer(out, shape, randomStream('initializers', seed));
  return out;
}

const mean = (x: Float32Array) => x.reduce((sum, v) => sum + v, 0) / x.length;
const variance = (x: Float32Array) => mean(x.map((v) => v * v)) - mean(x) ** 2;
const largest = (x: Float32Array) => x.reduce((most, v) => Math.max(most, Math.abs(v)), 0);

it('counts the fans of dense and convolution weights, and of vectors', () => {
  expect(fans(SHAPE)).toEqual({ fanIn: FAN_IN, fanOut: FAN_OUT });
  expect(fans([10, 20])).toEqual({ fanIn: 20, fanOut: 10 });
  expect(fans([10])).toEqual({ fanIn: 1, fanOut: 10 });
});

describe.each<[string, Initializer, number]>([
  ['heNormal', heNormal, 2 / FAN_IN],
  ['heUniform', heUniform, 2 / FAN_IN],
  ['glorotNormal', glorotNormal, 2 / (FAN_IN + FAN_OUT)],
  ['glorotUniform', glorotUniform, 2 / (FAN_IN + FAN_OUT)],
  ['fanInUniform', fanInUniform(FAN_IN), 1 / (3 * FAN_IN)],
  ['normal', normal(0, 0.1), 0.01],
  ['uniform', uniform(-0.3, 0.3), 0.03],
])('%s', (_, initializer, expected) => {
  it('has mean 0 and the variance of its paper', () => {
    const values = draw(initializer);
    expect(Math.abs(mean(values))).toBeLessThan(5 * Math.sqrt(expected / values.length));
    expect(variance(values) / expected).toBeCloseTo(1, 1);
  });

  it('gives the same numbers for the same seed, and others for another', () => {
    expect(draw(initializer, SHAPE, 1)).toEqual(draw(initializer, SHAPE, 1));
    expect(draw(initializer, SHAPE, 1)).not.toEqual(draw(initializer, SHAPE, 2));
  });
});

it.each<[string, Initializer, number]>([
  ['heUniform', heUniform, Math.sqrt(6 / FAN_IN)],
  ['glorotUniform', glorotUniform, Math.sqrt(6 / (FAN_IN + FAN_OUT))],
  ['fanInUniform', fanInUniform(FAN_IN), 1 / Math.sqrt(FAN_IN)],
])('%s fills its bounds and does not leave them', (_, initializer, bound) => {
  expect(largest(draw(initializer))).toBeLessThanOrEqual(Math.fround(bound));
  expect(largest(draw(initializer))).toBeGreaterThan(0.999 * bound);
});

it('normal and uniform have the mean that is asked for', () => {
  expect(mean(draw(normal(2, 0.5)))).toBeCloseTo(2, 1);
  expect(mean(draw(uniform(1, 3)))).toBeCloseTo(2, 1);
});

it('constants need no random numbers', () => {
  expect(draw(zeros, [3])).toEqual(Float32Array.of(0, 0, 0));
  expect(draw(ones, [3])).toEqual(Float32Array.of(1, 1, 1));
});

describe('initial weights', () => {
  const parameters: readonly Parameter[] = [
    { name: 'a.weight', shape: [3, 4], initializer: heNormal, role: 'weight' },
    { name: 'a.bias', shape: [3], initializer: zeros, role: 'weight' },
    { name: 'b.weight', shape: [3, 4], initializer: heNormal, role: 'weight' },
  ];

  it('of a tensor depend on its name and the seed, not on the other tensors or their order', () => {
    const state = initialState(parameters, 'seed', 5);
    const turned = initialState(parameters.toReversed(), 'seed', 5);
    const alone = initialState(parameters.slice(2), 'seed', 5);
    for (const { name } of parameters) expect(tensorView(turned, name)).toEqual(tensorView(state, name));
    expect(tensorView(alone, 'b.weight')).toEqual(tensorView(state, 'b.weight'));
    expect(tensorView(state, 'a.weight')).not.toEqual(tensorView(state, 'b.weight'));
  });

  it('differ for another seed', () => {
    expect(initialState(parameters, 'seed', 5).data).not.toEqual(initialState(parameters, 'seed', 6).data);
  });
});
