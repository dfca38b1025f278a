import { expect, it } from 'vitest';
import { isVariance, roleOf } from './roles.js';
import { decodeSafetensors, encodeSafetensors } from './safetensors.js';
import { parseSafetensorsHeader } from './safetensors-header.js';
import { stateLayout, tensorView } from './state-dict.js';

it.each([
  ['layer1.0.bn1.running_mean', 'statistic'],
  ['running_var', 'statistic'],
  ['1.num_batches_tracked', 'counter'],
  ['bn.weight', 'weight'],
  ['running_mean.weight', 'weight'],
  ['my_running_mean', 'weight'],
  ['constructor', 'weight'],
  ['standardize.constants.mean', 'constant'],
  ['constants.running_mean', 'constant'],
  ['constants', 'weight'],
  ['constants.fc.weight', 'weight'],
] as const)('"%s" is a %s', (name, role) => {
  expect(roleOf(name)).toBe(role);
});

it('only the running variance is none below 0', () => {
  expect(['bn.running_var', 'bn.running_mean', 'bn.weight'].map(isVariance)).toEqual([true, false, false]);
});

const layout = stateLayout([
  ['w', [3]],
  ['bn.num_batches_tracked', []],
]);

it('counters of a state are int64 in its file, aligned, and come back', () => {
  const bytes = encodeSafetensors({ layout, data: Float32Array.of(1, 2, 3, 2 ** 24) });
  expect(
    parseSafetensorsHeader(bytes, 'm').entries.map(({ name, dtype, begin }) => [name, dtype, begin]),
  ).toEqual([
    ['bn.num_batches_tracked', 'I64', 0],
    ['w', 'F32', 8],
  ]);
  const { state } = decodeSafetensors(bytes, 'm');
  expect(tensorView(state, 'bn.num_batches_tracked')[0]).toBe(2 ** 24);
  expect([...tensorView(state, 'w')]).toEqual([1, 2, 3]);
});

it('a counter that is no whole number, or that float32 cannot hold, is refused', () => {
  expect(() => encodeSafetensors({ layout, data: Float32Array.of(1, 2, 3, 0.5) })).toThrow(
    'the counter "bn.num_batches_tracked" is 0.5, expected a whole number',
  );
  const bytes = encodeSafetensors({ layout, data: Float32Array.of(1, 2, 3, 2 ** 25) });
  expect(() => decodeSafetensors(bytes, 'm')).toThrow(
    'm: "bn.num_batches_tracked" is 33554432, expected at most 16777216',
  );
});
