import { describe, expect, it } from 'vitest';
import type { Shape } from '../../../tensor/shape.js';
import { tensorView } from '../../../tensor/state-dict.js';
import { input } from '../../graph/build.js';
import { evaluate } from '../../graph/evaluate.js';
import { mlp } from '../models/mlp.js';
import { permutationGroups } from '../permutation-groups.js';
import { checkConstants, withConstants } from './constants.js';
import { dense } from './layers.js';
import {
  applyNetwork,
  frozenLayoutOf,
  initialFrozen,
  initialState,
  layoutOf,
  type Network,
  NetworkError,
  parametersOf,
} from './network.js';
import { onStandardized, standardize, standardizedBy } from './standardize.js';

const numbers = (shape: Shape) => [{ name: 'features', dtype: 'f32', shape }] as const;
const network = onStandardized(mlp({ classes: 1, hidden: [4] }));
const parameters = parametersOf(network, numbers([2]));
const given = standardizedBy({ mean: [1, 10], deviation: [2, 4] });

describe('numbers that are standardized', () => {
  it.each([
    [[2], [3, 10, -1, 14], [1, 0, -1, 1]],
    [
      [1, 2],
      [3, 10, -1, 14],
      [1, 0, -1, 1],
    ],
  ] as const)('become (x − mean)/deviation for each feature of %j', (shape, values, expected) => {
    const layer: Network = (scope, x) => standardize(scope.in('standardize'), x);
    const constants = frozenLayoutOf(parametersOf(layer, numbers(shape)));
    const tensors = constants.map(({ name, shape }) => input(name, shape));
    const y = applyNetwork(layer, constants, tensors, [input('x', [2, ...shape])]);
    const held = Object.fromEntries(Object.entries(given).map(([name, of]) => [name, [...of]]));
    expect([...evaluate({ outputs: { y } }, { x: [...values], ...held }).y!]).toEqual([...expected]);
  });

  it('have constants that are no part of the state', () => {
    expect(frozenLayoutOf(parameters).map(({ name, shape }) => [name, shape])).toEqual([
      ['standardize.constants.mean', [2]],
      ['standardize.constants.deviation', [2]],
    ]);
    expect(layoutOf(parameters).some(({ name }) => name.includes('constants'))).toBe(false);
    expect(initialState(parameters, 'seed')).toEqual(initialState(withConstants(parameters, given), 'seed'));
  });

  it('have them after what is frozen, with the values that are given', () => {
    const frozen = withConstants(parametersOf(network, numbers([2]), { freeze: ['fc1.bias', '*'] }), given);
    const values = initialFrozen(frozen, 'seed');
    expect(values.layout.at(0)?.name).toBe('fc1.weight');
    expect([...tensorView(values, 'standardize.constants.deviation')]).toEqual([2, 4]);
    expect(layoutOf(frozen)).toEqual([]);
  });

  it('keep the order of what they are of: no hidden unit changes its place before them', () => {
    const after: Network = (scope, x) =>
      dense(scope.in('fc2'), standardize(scope.in('norm'), dense(scope.in('fc1'), x, 4)), 1);
    const before: Network = (scope, x) => dense(scope.in('fc2'), dense(scope.in('fc1'), x, 4), 1);
    expect(permutationGroups(before, numbers([2]))).toHaveLength(1);
    expect(permutationGroups(after, numbers([2]))).toEqual([]);
  });
});

describe('constants', () => {
  const trying =
    (constants: Record<string, number[]>, of = parameters) =>
    () => {
      const whole = withConstants(of, constants);
      checkConstants(whole, initialFrozen(whole, 'seed'));
    };
  const [mean, deviation] = [
    [1, 10],
    [2, 4],
  ] as const;
  const named = (part: 'mean' | 'deviation') => `standardize.constants.${part}`;

  it.each([
    [{}, /"standardize\.constants\.mean" is not given/],
    [{ [named('mean')]: [1] }, /1 numbers for "standardize\.constants\.mean", expected 2/],
    [{ 'standardise.constants.mean': [1, 10] }, /"standardise\.constants\.mean".*does not have/],
    [{ 'fc1.bias': [1, 2, 3, 4] }, /"fc1\.bias".*does not have/],
    [{ [named('mean')]: [...mean], [named('deviation')]: [2, 0] }, /is 0 at index 1.*above 0/],
    [{ [named('mean')]: [...mean], [named('deviation')]: [2, 1e-60] }, /is 0 at index 1.*above 0/],
    [{ [named('mean')]: [1e39, 0], [named('deviation')]: [...deviation] }, /Infinity at index 0.*finite/],
  ])('are refused where they cannot be: %j', (constants, message) => {
    expect(trying(constants)).toThrow(message);
    expect(trying(constants)).toThrow(NetworkError);
  });

  it('are not given to a network that has none', () => {
    const plain = parametersOf(mlp({ classes: 1, hidden: [4] }), numbers([2]));
    expect(trying({ 'standardize.constants.mean': [1, 10] }, plain)).toThrow(/does not have/);
  });

  it('are no weights: no pattern freezes them, and no layer asks for a weight under such a name', () => {
    expect(() => parametersOf(network, numbers([2]), { freeze: ['standardize.*'] })).toThrow(
      /"standardize\.\*"/,
    );
    const asking: Network = (scope, x) => scope.parameter('constants.mean', [2], () => {}) && x;
    expect(() => parametersOf(asking, numbers([2]))).toThrow(/"constants\.mean" as a parameter/);
  });
});
