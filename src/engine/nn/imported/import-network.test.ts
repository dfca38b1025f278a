import { describe, expect, it } from 'vitest';
import { recordedFile, recordings } from '../../../../test/onnx/files.js';
import { tensorView } from '../../../tensor/state-dict.js';
import { input } from '../../graph/build.js';
import { evaluate } from '../../graph/evaluate.js';
import { initialState, inputsOfBatch, parametersOf, traceNetwork } from '../layers/network.js';
import { importNetwork } from './import-network.js';

const read = (name: string, options = {}) => importNetwork(recordedFile(name), options);

describe('an imported network', () => {
  it.each(Object.entries(recordings).filter(([, { names }]) => Array.isArray(names)))(
    'has the names of its module, or says that the exporter lost them, %s',
    (name, { names }) => {
      const { state, notes } = read(name);
      if (name.endsWith('legacy-eval.onnx')) {
        expect(notes.join()).toMatch(/no name of their module|folded/);
      } else {
        expect(state.layout.map((entry) => entry.name).sort()).toEqual(names);
      }
    },
  );

  it('says where it begins and ends, and what its file is', () => {
    const { inputs, output, opset, irVersion, producer } = read('bert-dynamo-train.onnx');
    expect(inputs).toEqual([
      { name: 'input_ids', dtype: 'i32', shape: [7] },
      { name: 'attention_mask', dtype: 'i32', shape: [7] },
    ]);
    expect(output).toMatchObject({ name: 'logits', shape: [5], cut: [] });
    expect([opset, irVersion, producer.split(' ')[0]]).toEqual([20, 10, 'pytorch']);
    expect(read('sklearn-mlp.onnx').output).toMatchObject({
      name: 'probabilities',
      shape: [3],
      cut: ['Softmax', 'Identity'],
    });
    expect(read('sklearn-binary-logistic.onnx').output).toMatchObject({
      shape: [2],
      cut: ['Softmax', 'ZipMap'],
    });
  });

  it('notices batch norm that an exporter folded away', () => {
    for (const folded of ['resnet-dynamo-optimized.onnx', 'resnet-legacy-eval.onnx']) {
      expect(read(folded).notes.join()).toMatch(/batch norm seems to be folded into \d+ convolutions/);
    }
    expect(read('resnet-dynamo-train.onnx').notes).toEqual([
      expect.stringMatching(/^batch norm in 6 places/),
    ]);
  });

  it.each(['efficientnet-dynamo-train.onnx', 'mobilenet-legacy-train.onnx'])(
    'has dropout that is alive in training only, %s',
    (name) => {
      const { network, inputs, state } = read(name, { norm: 'frozen' });
      const tensors = state.layout.map((entry) => input(entry.name, entry.shape));
      const batch = inputsOfBatch(inputs, 2);
      const ones = input('ones', [2]);
      const run = (seed?: number) => {
        const keys = [input('seed', [], 'i32')];
        const mode = seed === undefined ? undefined : { keys, weights: ones };
        const { output } = traceNetwork(network, state.layout, tensors, batch, mode);
        const feeds = Object.fromEntries(
          state.layout.map(({ name: own, offset, size }) => [
            own,
            state.data.subarray(offset, offset + size),
          ]),
        );
        const x = Float32Array.from({ length: 2 * 3 * 16 * 16 }, (_, i) => Math.sin(1.7 * i));
        return [
          ...evaluate({ outputs: { output } }, { ...feeds, x, seed: [seed ?? 0], ones: [1, 1] }).output!,
        ];
      };
      expect(run(1)).not.toEqual(run(2));
      expect(run(1)).toEqual(run(1));
      expect(run(1)).not.toEqual(run());
    },
  );

  it('has group norm in place of batch norm, without statistics, if it is asked for', () => {
    const { state, notes } = read('resnet-dynamo-train.onnx', { norm: 'group' });
    expect(state.layout.map(({ name }) => name).filter((name) => /running|tracked/.test(name))).toEqual([]);
    expect(notes[0]).toMatch(/replaced by group norm/);
  });

  it('keeps statistics that do not move out of what steps count, if it is frozen', () => {
    const { state } = read('resnet-dynamo-train.onnx', { norm: 'frozen' });
    const names = state.layout.map(({ name }) => name);
    expect(names).toContain('bn1.running_mean');
    expect(names).not.toContain('bn1.num_batches_tracked');
  });

  it.each([
    ['resnet-dynamo-train.onnx', ['fc.weight', 'fc.bias']],
    ['squeezenet-legacy-train.onnx', ['classifier.1.weight', 'classifier.1.bias']],
    ['unet-dynamo-train.onnx', ['out.weight', 'out.bias']],
    ['convnext-dynamo-train.onnx', ['head.weight', 'head.bias']],
    ['sklearn-mlp.onnx', ['coefficient1', 'intercepts1']],
    ['sklearn-binary-mlp.onnx', []],
  ])('has a last layer that can get another number of scores, %s', (name, head) => {
    const whole = read(name);
    expect(whole.head).toEqual(head);
    if (head.length === 0) return expect(() => read(name, { scores: 7 })).toThrow(/no product with weights/);
    const { network, inputs, state, output } = read(name, { scores: 7 });
    expect(output.shape).toEqual([7, ...whole.output.shape.slice(1)]);
    const parameters = parametersOf(network, inputs);
    const drawn = [1, 2].map((seed) => initialState(parameters, seed));
    for (const { name: own } of whole.state.layout) {
      const [first, second] = drawn.map((one) => tensorView(one, own));
      if (head.includes(own)) {
        expect(state.layout.map((entry) => entry.name)).not.toContain(own);
        expect(first).not.toEqual(second);
      } else {
        expect(first).toEqual(tensorView(whole.state, own));
      }
    }
  });
});
