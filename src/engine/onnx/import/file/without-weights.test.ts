import { describe, expect, it } from 'vitest';
import { recordedFile, recordings } from '../../../../../test/onnx/files.js';
import { importNetwork } from '../../../nn/imported/import-network.js';
import { parametersOf } from '../../../nn/layers/network.js';
import { OnnxError } from './read-message.js';
import { withoutWeights } from './without-weights.js';

const graphOf = (name: string) => {
  const bytes = recordedFile(name);
  const imported = importNetwork(bytes);
  return { bytes, imported, graph: withoutWeights(bytes, new Set(imported.stored), name) };
};

describe('a model without its weights', () => {
  it.each(Object.keys(recordings))('is the same network, %s', (name) => {
    const { bytes, imported, graph } = graphOf(name);
    const again = importNetwork(graph);
    const tensors = ({ network, inputs }: typeof imported) =>
      parametersOf(network, inputs).map(({ name: of, shape }) => [of, shape]);
    expect(tensors(again)).toEqual(tensors(imported));
    const { restored, ...output } = imported.output;
    expect(again).toMatchObject({ head: imported.head, buffers: imported.buffers, output });
    expect(again.output.restored).toBeTypeOf(typeof restored);
    expect(graph.length).toBeLessThan(bytes.length);
  });

  it('has no values, and says so where they are asked for', () => {
    const { graph } = graphOf('resnet-dynamo-train.onnx');
    expect(() => importNetwork(graph).state).toThrow(
      'the values of the tensor "conv1.weight" are not with its graph',
    );
  });

  it('is made of a model alone', () => {
    const noise = Uint8Array.from({ length: 64 }, (_, i) => 251 - i);
    expect(() => withoutWeights(noise, new Set(), 'noise')).toThrow(OnnxError);
  });
});
