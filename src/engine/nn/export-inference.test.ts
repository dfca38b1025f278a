import { BinaryReader } from '@bufbuild/protobuf/wire';
import { describe, expect, it } from 'vitest';
import { randomStream } from '../../base/random.js';
import type { ColumnFacts } from '../../data/dataset.js';
import { type Shape, sizeOf } from '../../tensor/shape.js';
import { f32Tensor, u8Tensor } from '../../tensor/tensor.js';
import * as g from '../graph/build.js';
import { GraphError } from '../graph/value.js';
import { VERSION } from '../onnx/export/producer.js';
import { lower } from '../onnx/lower/lower.js';
import { ortNode } from '../runtime/node/ort-node.js';
import { exportInference, type TrainedNetwork } from './export-inference.js';
import { groupNorm } from './layers/layers.js';
import { applyNetwork, initialState, type Network, parametersOf } from './layers/network.js';
import { lenet5 } from './models/lenet5.js';
import { mlp } from './models/mlp.js';
import { onPixels, pixels } from './models/normalize-pixels.js';
import { paperCnn } from './models/paper-cnn.js';
import { resnet8 } from './models/resnet8.js';
import { classification } from './tasks/classification.js';

const normalization = { mean: [0.286], deviation: [0.353] };

function trained(network: Network, imageShape: Shape = [1, 28, 28]): TrainedNetwork {
  const [normalized, inputs] = [onPixels(network, normalization), [pixels(imageShape)]];
  const { layout, data } = initialState(parametersOf(normalized, inputs), 'export');
  const task = classification({ classes: 10 });
  return { network: normalized, layout, state: data, inputs, task };
}

function randomImages(batchSize: number, imageShape: Shape) {
  const stream = randomStream('images', batchSize);
  const shape = [batchSize, ...imageShape];
  return u8Tensor(
    Uint8Array.from({ length: sizeOf(shape) }, () => stream.integer(256)),
    shape,
  );
}

async function runOnce(model: Uint8Array, inputs: Parameters<Awaited<ReturnType<typeof open>>['run']>[0]) {
  const session = await open(model);
  const results = await session.run(inputs);
  await session.release();
  return results;
}
const open = (model: Uint8Array) => ortNode().open(model);

/** The logits as evaluation computes them: from the flat state, with the schedule of `lower`. */
async function evaluationLogits(model: TrainedNetwork, images: ReturnType<typeof randomImages>) {
  const state = g.input('state', [model.state.length]);
  const tensors = model.layout.map(({ offset, size }) => g.slice(state, [offset], [offset + size]));
  const pictures = g.input('images', images.shape, 'u8');
  const logits = applyNetwork(model.network, model.layout, tensors, [pictures]);
  return runOnce(lower({ outputs: { logits } }), { images, state: f32Tensor(model.state) });
}

function largestDifference(actual: ArrayLike<number>, expected: ArrayLike<number>): number {
  expect(actual.length).toBe(expected.length);
  return Math.max(...Array.from(actual, (x, i) => Math.abs(x - expected[i]!)));
}

/**
 * Embeds a class row for each image and normalizes over all, so it must learn the batch size when
 * it runs.
 */
const withClassRow: Network = (scope, images) => {
  const rows = g.reshape(images, [images.shape[0]!, 28, 28]);
  const classRow = g.reshape(
    scope.parameter('classRow', [28], (out) => out.fill(0.5)),
    [1, 1, 28],
  );
  const extended = g.concat([g.expand(classRow, [images.shape[0]!, 1, 28]), rows], 1);
  const first = g.slice(extended, [0, 0, 0], [images.shape[0]!, 2, 28]);
  return g.gelu(g.reduceMean(g.pad(first, [0, 1, 0], [0, 0, 2]), [1]));
};

const grouped: Network = (scope, images) => {
  const x = groupNorm(scope.in('norm'), g.concat([images, g.neg(images)], 1), 2);
  return g.flatten(g.maxPool2d(g.leakyRelu(x, 0.2), { kernel: 3, strides: 2, padding: 1 }));
};

const networks: Record<string, TrainedNetwork> = {
  'paper-cnn': trained(paperCnn()),
  lenet5: trained(lenet5()),
  mlp: trained(mlp()),
  resnet8: trained(resnet8()),
  'a network that expands along the batch': trained(withClassRow),
  'padded pooling of norms': trained(grouped),
  'resnet8 of coloured images': trained(resnet8({ classes: 7 }), [3, 20, 24]),
};

describe.each(Object.entries(networks))('%s, exported', (_, model) => {
  const bytes = exportInference(model);

  it('gives the logits of the evaluation graph for one image and for seven', async () => {
    for (const batchSize of [1, 7]) {
      const images = randomImages(batchSize, model.inputs[0]!.shape);
      const expected = await evaluationLogits(model, images);
      const { logits, probabilities } = await runOnce(bytes, { images });
      expect(logits!.shape).toEqual(expected.logits!.shape);
      expect(largestDifference(logits!.data, expected.logits!.data)).toBeLessThan(1e-5);
      expect(probabilities!.shape).toEqual(logits!.shape);
      const total = Array.from(probabilities!.data).reduce((sum, p) => sum + p, 0);
      expect(total).toBeCloseTo(batchSize, 4);
    }
  });

  it('has standard operators alone, and the weights under their names', () => {
    const { opTypes, domains, initializers, inputs } = readModel(bytes);
    expect(domains).toEqual(['']);
    expect(opTypes.filter((type) => !STANDARD.has(type))).toEqual([]);
    expect(initializers).toEqual(expect.arrayContaining(model.layout.map(({ name }) => name)));
    expect(inputs).toEqual(['images']);
  });
});

it('writes a convolution with bias as Conv and a dense layer as Gemm, and nothing beside them', () => {
  expect(readModel(exportInference(networks['paper-cnn']!)).opTypes).toEqual([
    'Cast',
    'Mul',
    'Sub',
    'Conv',
    'MaxPool',
    'Relu',
    'Conv',
    'MaxPool',
    'Relu',
    'Reshape',
    'Gemm',
    'Softmax',
  ]);
});

it('writes the same bytes for the same weights', () => {
  const model = networks.resnet8!;
  expect(Buffer.compare(exportInference(model), exportInference(model))).toBe(0);
});

it('says who has written it, and the names of the classes', () => {
  const targets: ColumnFacts[] = [
    { name: 'labels', dtype: 'i32', shape: [], meaning: { kind: 'categories', names: ['a "b"', '서울'] } },
  ];
  expect(readModel(exportInference({ ...networks.mlp!, targets }))).toMatchObject({
    ...{ producer: 'commonweight', version: VERSION },
    metadata: { classes: '["a \\"b\\"","서울"]' },
  });
  const number: ColumnFacts = { name: 'y', dtype: 'f32', shape: [1], meaning: { kind: 'number' } };
  expect(readModel(exportInference({ ...networks.mlp!, targets: [number] })).metadata).toEqual({});
});

it('refuses a network whose logits depend on the size of the batch', () => {
  const batchNorm: Network = (_, images) => g.flatten(g.sub(images, g.reduceMean(images, [0], true)));
  expect(() => exportInference(trained(batchNorm))).toThrow(GraphError);
  expect(() => exportInference(trained(batchNorm))).toThrow('depends on the number of images in the batch');
});

const STANDARD = new Set(
  'Add AveragePool Cast Concat Conv Div Erf Expand Gemm Identity InstanceNormalization LeakyRelu MatMul MaxPool Mul Neg Pad ReduceSum Relu Reshape Shape Slice Softmax Sqrt Sub Tanh'.split(
    ' ',
  ),
);

/** Field numbers are those of onnx.proto. */
function readModel(bytes: Uint8Array) {
  const model = fields(bytes);
  const graph = fields(model.get(7)![0]!);
  const text = (message: Map<number, Uint8Array[]>, field: number) =>
    new TextDecoder().decode(message.get(field)?.[0] ?? new Uint8Array());
  const nodes = (graph.get(1) ?? []).map(fields);
  return {
    opTypes: nodes.map((node) => text(node, 4)),
    // The domains of the imported operator sets and of the nodes.
    domains: [
      ...new Set(
        model
          .get(8)!
          .map(fields)
          .map((set) => text(set, 1))
          .concat(nodes.map((node) => text(node, 7))),
      ),
    ],
    producer: text(model, 2),
    version: text(model, 3),
    metadata: Object.fromEntries(
      (model.get(14) ?? []).map(fields).map((pair) => [text(pair, 1), text(pair, 2)]),
    ),
    initializers: (graph.get(5) ?? []).map((tensor) => text(fields(tensor), 8)),
    inputs: (graph.get(11) ?? []).map((info) => text(fields(info), 1)),
  };
}

/** The length-delimited fields of a message, by their numbers. */
function fields(bytes: Uint8Array): Map<number, Uint8Array[]> {
  const reader = new BinaryReader(bytes);
  const found = new Map<number, Uint8Array[]>();
  while (reader.pos < reader.len) {
    const [field, wireType] = reader.tag();
    if (wireType === 2) found.set(field, [...(found.get(field) ?? []), reader.bytes()]);
    else reader.skip(wireType, field);
  }
  return found;
}
