import { describe, expect, it } from 'vitest';
import { encodeSafetensors } from '../../tensor/safetensors.js';
import { stateLayout } from '../../tensor/state-dict.js';
import { decodeModel, encodeModel, type ModelDescription, requireFinite } from './model-file.js';

const state = {
  layout: stateLayout([
    ['fc.weight', [2, 2]],
    ['fc.bias', [2]],
  ]),
  data: Float32Array.of(1, 2, 3, 4, 5, 6),
};
const description: ModelDescription = {
  network: { name: 'mlp', hidden: [4], dropout: 0 },
  inputs: [{ name: 'images', dtype: 'u8', shape: [1, 28, 28], meaning: { kind: 'picture' } }],
  targets: [
    {
      ...{ name: 'labels', dtype: 'i32', shape: [] },
      meaning: { kind: 'categories', names: ['T-shirt/top', 'Ankle boot "é"'] },
    },
  ],
  normalization: { mean: [0.5], deviation: [0.25] },
  dataset: 'fashion-mnist',
};

describe('a model file', () => {
  it('gives back the weights and what they are for', () => {
    const bytes = encodeModel(state, description);
    expect(decodeModel(bytes, 'model.safetensors')).toEqual({ state, description });
    expect(encodeModel(state, { ...description })).toEqual(bytes);
  });

  it('may come from a program that says nothing about it', () => {
    const bytes = encodeSafetensors(state, { format: 'pt' });
    expect(decodeModel(bytes, 'model.safetensors')).toEqual({ state, description: undefined });
  });

  it('is refused where it describes itself wrongly', () => {
    const bytes = encodeSafetensors(state, { network: '{"name":"vgg"}' });
    expect(() => decodeModel(bytes, 'model.safetensors')).toThrow(
      'model.safetensors: its metadata "network.name" cannot be read',
    );
    const half = encodeSafetensors(state, { network: '{"name":"lenet5"}', inputs: '[1,28' });
    expect(() => decodeModel(half, 'model.safetensors')).toThrow('its metadata "inputs" cannot be read');
  });

  it('names the tensor that holds no number', () => {
    const data = state.data.slice();
    data[4] = Number.POSITIVE_INFINITY;
    expect(() => requireFinite({ ...state, data }, 'm.safetensors')).toThrow(
      'm.safetensors: "fc.bias" holds Infinity, expected finite numbers',
    );
    expect(() => requireFinite(state, 'm.safetensors')).not.toThrow();
  });
});
