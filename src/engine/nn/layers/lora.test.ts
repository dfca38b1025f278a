import { describe, expect, it } from 'vitest';
import { type StateDict, stateLayout, tensorView } from '../../../tensor/state-dict.js';
import * as g from '../../graph/build.js';
import { evaluate } from '../../graph/evaluate.js';
import { mlp } from '../models/mlp.js';
import { batchNorm } from './batch-norm.js';
import { zeros } from './initializers.js';
import { mergedLora, withLora } from './lora.js';
import {
  applyNetwork,
  initialState,
  inputsOfBatch,
  layoutOf,
  type Network,
  NetworkError,
  parametersOf,
  traceNetwork,
} from './network.js';

const inputs = [{ name: 'x', dtype: 'f32', shape: [4] }] as const;
const network = mlp({ classes: 3, hidden: [5] });
const lora = { rank: 2, alpha: 4, targets: ['*.weight'] };

const shapesOf = (of: Network) =>
  Object.fromEntries(parametersOf(of, inputs).map(({ name, shape }) => [name, shape]));

/** Every tensor, adapters included, with values that no two of them share. */
function valuesOf(of: Network): StateDict {
  const layout = layoutOf(parametersOf(of, inputs));
  const { data } = initialState(parametersOf(of, inputs), 'lora');
  return { layout, data: data.map((value, i) => value + Math.sin(i)) };
}

function outputOf(of: Network, { layout, data }: StateDict) {
  const tensors = layout.map(({ name, shape }) => g.input(name, shape));
  const y = applyNetwork(of, layout, tensors, inputsOfBatch(inputs, 2));
  const given = Object.fromEntries(layout.map(({ name }) => [name, tensorView({ layout, data }, name)]));
  return Array.from(evaluate({ outputs: { y } }, { ...given, x: [1, 2, -3, 4, 0.5, -1, 2, 1] }).y!);
}

const expectClose = (actual: number[], expected: number[]) => {
  expect(actual.length).toBe(expected.length);
  expect(Math.max(...actual.map((value, i) => Math.abs(value - expected[i]!)))).toBeLessThan(1e-5);
};

/** x·W, as other programs write a dense layer. */
const fromTheRight: Network = (scope, x) => g.matmul(x, scope.parameter('fc.weight', [4, 3], zeros));
const throughTranspose: Network = (scope, x) =>
  g.matmul(x, g.transpose(scope.parameter('fc.weight', [3, 4], zeros), [1, 0]));
/** Two layers with one matrix. */
const tied: Network = (scope, x) => {
  const weight = scope.parameter('fc.weight', [4, 4], zeros);
  return g.matmul(g.matmul(x, weight, { transposeB: true }), weight, { transposeB: true });
};

describe('LoRA', () => {
  it('adds two factors to each matrix that is named, after the network’s own tensors', () => {
    expect(shapesOf(withLora(network, { ...lora, targets: ['fc1.*'] }))).toEqual({
      ...shapesOf(network),
      'fc1.lora_A.weight': [2, 4],
      'fc1.lora_B.weight': [5, 2],
    });
  });

  it('begins with the network as it is', () => {
    for (const plain of [network, fromTheRight, throughTranspose, tied]) {
      const adapted = withLora(plain, lora);
      const start = initialState(parametersOf(adapted, inputs), 1);
      const own = initialState(parametersOf(plain, inputs), 1);
      expectClose(outputOf(adapted, start), outputOf(plain, own));
      const factors = start.layout.filter(({ name }) => name.includes('lora'));
      const filled = factors.map(({ name }) => tensorView(start, name).some((value) => value !== 0));
      expect(filled.filter(Boolean)).toHaveLength(factors.length / 2);
    }
  });

  it.each(Object.entries({ network, fromTheRight, throughTranspose, tied }))(
    'merged into the matrices, gives the same output: %s',
    (_, plain) => {
      const adapted = withLora(plain, lora);
      const values = valuesOf(adapted);
      const merged = mergedLora(values.layout, [values], lora);
      expect(merged.layout).toEqual(layoutOf(parametersOf(plain, inputs)));
      expectClose(outputOf(adapted, values), outputOf(plain, merged));
    },
  );

  it('an adapter without one of its factors stays as it is', () => {
    const layout = stateLayout([
      ['fc1.weight', [2, 2]],
      ['fc1.lora_A.weight', [1, 2]],
    ]);
    const state = { layout, data: Float32Array.of(1, 2, 3, 4, 5, 6) };
    expect(mergedLora(state.layout, [state], { rank: 1 })).toEqual(state);
  });

  it('reaches the statistics that follow a layer', () => {
    const plain: Network = (scope, x) =>
      batchNorm(scope.in('norm'), g.matmul(x, scope.parameter('fc.weight', [4, 3], zeros)));
    const adapted = withLora(plain, lora);
    const values = valuesOf(adapted);
    const training = { keys: [], weights: g.constant([1, 1]) };
    const meanOf = (of: Network, { layout, data }: StateDict) => {
      const tensors = layout.map(({ name, shape }) => g.input(name, shape));
      const { updates } = traceNetwork(of, layout, tensors, inputsOfBatch(inputs, 2), training);
      const given = Object.fromEntries(layout.map(({ name }) => [name, tensorView({ layout, data }, name)]));
      const mean = updates.get('norm.running_mean')!;
      return Array.from(evaluate({ outputs: { mean } }, { ...given, x: [1, 2, -3, 4, 0.5, -1, 2, 1] }).mean!);
    };
    expectClose(meanOf(adapted, values), meanOf(plain, mergedLora(values.layout, [values], lora)));
  });

  it('refuses a pattern that means no matrix of a dense layer, and names them', () => {
    const asked =
      (...targets: string[]) =>
      () =>
        parametersOf(withLora(network, { rank: 2, targets }), inputs);
    expect(asked('fc1.*', 'fc9.weights')).toThrow(NetworkError);
    expect(asked('fc1.weigth')).toThrow(
      'network: the pattern "fc1.weigth" in "lora.targets" matches no matrix of a dense layer',
    );
    expect(asked('*.bias')).toThrow('matches no matrix');
  });
});
