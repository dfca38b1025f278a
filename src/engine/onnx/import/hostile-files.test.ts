/** Files that no exporter writes: each is refused in one line, in little time and memory. */
import { describe, expect, it } from 'vitest';
import { type WrittenModel, writeModel } from '../../../../test/onnx/write-model.js';
import { CommonweightError } from '../../../base/error.js';
import { importNetwork } from '../../nn/imported/import-network.js';

const input = { name: 'x', shape: ['batch', 4] } as const;
const output = { name: 'y', shape: ['batch', 4] } as const;
const weight = { name: 'w', shape: [4, 4], data: new Float32Array(16) };
const sound: WrittenModel = {
  nodes: [{ operator: 'MatMul', inputs: ['x', 'w'], outputs: ['y'] }],
  tensors: [weight],
  inputs: [input],
  outputs: [output],
};
const ints = (name: string, ...values: bigint[]) => ({
  name,
  shape: [values.length],
  data: BigInt64Array.from(values),
});
const node = (operator: string, inputs: string[], outputs: string[], attributes = {}) => ({
  operator,
  inputs,
  outputs,
  attributes,
});
const many = (count: number, operator = 'Relu') =>
  Array.from({ length: count }, (_, i) =>
    node(operator, [i === 0 ? 'x' : `v${i}`], [i === count - 1 ? 'y' : `v${i + 1}`]),
  );
const call = (name: string, from: string, to: string) => ({ ...node(name, [from], [to]), domain: 'own' });
/** Each calls the next one twice: 2^levels nodes. */
const doubling = (levels: number) =>
  Array.from({ length: levels }, (_, i) => ({
    name: `f${i}`,
    domain: 'own',
    inputs: ['a'],
    outputs: ['c'],
    nodes:
      i === levels - 1
        ? [node('Relu', ['a'], ['c'])]
        : [call(`f${i + 1}`, 'a', 'b'), call(`f${i + 1}`, 'b', 'c')],
  }));

const FILES: Readonly<Record<string, readonly [Uint8Array, RegExp]>> = {
  nothing: [new Uint8Array(0), /not an ONNX model/],
  'a text': [
    new TextEncoder().encode('version https://git-lfs.github.com/spec/v1\noid sha256:0'),
    /cannot be read|not an ONNX/,
  ],
  'a cycle': [
    writeModel({
      ...sound,
      nodes: [node('Add', ['x', 'b'], ['a']), node('Relu', ['a'], ['b']), node('Relu', ['b'], ['y'])],
    }),
    /reads "b", which no node before it gives/,
  ],
  'a cycle at the end': [
    writeModel({ ...sound, nodes: [node('Identity', ['y'], ['a']), node('Identity', ['a'], ['y'])] }),
    /reads "y", which no node before it gives/,
  ],
  'a node that reads its own result': [
    writeModel({ ...sound, nodes: [node('Relu', ['y'], ['y'])] }),
    /reads "y"/,
  ],
  'two nodes of one name': [
    writeModel({ ...sound, nodes: [node('Relu', ['x'], ['y']), node('Abs', ['x'], ['y'])] }),
    /gives "y" a second time/,
  ],
  'a million nodes': [writeModel({ ...sound, nodes: many(1_000_000) }), /more than 262144 nodes/],
  'two hundred thousand nodes': [
    writeModel({ ...sound, nodes: many(200_000) }),
    /200000 nodes, expected at most 100000/,
  ],
  'functions that call each other': [
    writeModel({
      ...sound,
      nodes: [call('f', 'x', 'y')],
      functions: [{ name: 'f', domain: 'own', inputs: ['a'], outputs: ['b'], nodes: [call('f', 'a', 'b')] }],
    }),
    /calls functions within functions/,
  ],
  'functions that double each other': [
    writeModel({ ...sound, nodes: [call('f0', 'x', 'y')], functions: doubling(19) }),
    /more than 100000 nodes|calls functions within functions/,
  ],
  'a huge constant': [
    writeModel({
      ...sound,
      nodes: [node('ConstantOfShape', ['s'], ['c']), node('Add', ['x', 'c'], ['y'])],
      tensors: [ints('s', 2n ** 20n, 2n ** 20n)],
    }),
    /expected fewer numbers than 2\^31/,
  ],
  'a huge expansion': [
    writeModel({
      ...sound,
      nodes: [node('Expand', ['x', 's'], ['c']), node('ReduceMean', ['c'], ['y'])],
      tensors: [ints('s', 2n ** 40n, 1n, 1n)],
    }),
    /expected fewer than 2\^31/,
  ],
  'a huge range': [
    writeModel({
      ...sound,
      nodes: [node('Range', ['a', 'b', 'c'], ['r']), node('Add', ['x', 'r'], ['y'])],
      tensors: [ints('a', 0n), ints('b', 2n ** 40n), ints('c', 1n)].map((one) => ({ ...one, shape: [] })),
    }),
    /expected at most 2\^22/,
  ],
  'many large ranges': [
    writeModel({
      ...sound,
      nodes: [
        ...Array.from({ length: 40 }, (_, i) => node('Range', ['from', 'to', 'by'], [`r${i}`])),
        node(
          'Concat',
          Array.from({ length: 40 }, (_, i) => `r${i}`),
          ['c'],
          { axis: 0 },
        ),
        node('Add', ['x', 'c'], ['y']),
      ],
      tensors: [ints('from', 0n), ints('to', 2n ** 20n), ints('by', 1n)].map((one) => ({
        ...one,
        shape: [],
      })),
    }),
    /computes more than 16777216 numbers/,
  ],
  'a huge resizing': [
    writeModel({
      ...sound,
      inputs: [{ name: 'x', shape: ['batch', 1, 4, 4] }],
      nodes: [node('Resize', ['x', '', '', 's'], ['y'], { mode: 'linear' })],
      tensors: [ints('s', 1n, 1n, 2n ** 30n, 1n)],
    }),
    /computes more than 16777216 numbers/,
  ],
  'a long sequence': [
    writeModel({
      ...sound,
      inputs: [{ name: 'x', shape: ['batch', 100_000, 3] }],
      nodes: [
        node('Transpose', ['x'], ['t'], { perm: [1, 0, 2] }),
        node('LSTM', ['t', 'w.w', 'w.r'], ['y'], { hidden_size: 1 }),
      ],
      tensors: [
        { name: 'w.w', shape: [1, 4, 3], data: new Float32Array(12) },
        { name: 'w.r', shape: [1, 4, 1], data: new Float32Array(4) },
      ],
    }),
    /computes more than 16777216 numbers/,
  ],
  'a weight of a length that it has not': [
    writeModel({ ...sound, tensors: [{ ...weight, shape: [4, 2 ** 20] }] }),
    /"w" has 16 numbers, expected 4194304 for its shape/,
  ],
  'a weight of an extent below 0': [
    writeModel({ ...sound, tensors: [{ ...weight, shape: [-4, -4] }] }),
    /extent of -4/,
  ],
  'a weight of a size past counting': [
    writeModel({ ...sound, tensors: [{ ...weight, shape: [2 ** 30, 2 ** 30, 2 ** 30] }] }),
    /expected fewer than 2\^31/,
  ],
  'a name of a megabyte': [
    writeModel({ ...sound, tensors: [weight, { ...weight, name: 'w'.repeat(2 ** 20) }] }),
    /has a name of 1048576 letters/,
  ],
  'data in another file': [
    writeModel({ ...sound, tensors: [{ ...weight, file: '../secret' }] }),
    /lies in the file "..\/secret" beside/,
  ],
  'a graph in a node': [
    writeModel({
      ...sound,
      nodes: [node('If', ['x'], ['y'], { then_branch: { graph: new Uint8Array(4) } })],
    }),
    /operator that is not taken/,
  ],
  'an operator of no standard': [
    writeModel({ ...sound, nodes: [{ ...node('Everything', ['x'], ['y']), domain: 'com.example' }] }),
    /the node "y" \(com\.example\.Everything\) is of an operator that is not taken/,
  ],
  'an attribute of no standard': [
    writeModel({ ...sound, nodes: [node('Relu', ['x'], ['y'], { slope: 1 })] }),
    /has the attribute "slope", expected none/,
  ],
  'an opset of long ago': [writeModel({ ...sound, opset: 7 }), /opset 7, expected 9 to 22/],
  'an IR of long ago': [writeModel({ ...sound, irVersion: 3 }), /IR version 3, expected 4 to 13/],
};

describe('a hostile file is refused', () => {
  it.each(Object.entries(FILES))('with %s', (_, [bytes, reason]) => {
    const began = process.cpuUsage().user;
    let error: unknown;
    try {
      importNetwork(bytes);
    } catch (cause) {
      error = cause;
    }
    expect(error).toBeInstanceOf(CommonweightError);
    expect((error as Error).message).toMatch(reason);
    expect((error as Error).message).not.toContain('\n');
    expect((process.cpuUsage().user - began) / 1e6).toBeLessThan(5);
  });

  it('while a sound one is read', () => {
    expect(importNetwork(writeModel(sound)).state.layout.map(({ name }) => name)).toEqual(['w']);
  });
});

it('functions of the file are put where they are called', () => {
  const scaled = {
    name: 'scaled',
    domain: 'own',
    inputs: ['a', 'b'],
    outputs: ['c'],
    attributes: ['slope'],
    nodes: [
      node('MatMul', ['a', 'b'], ['t']),
      node('LeakyRelu', ['t'], ['c'], { alpha: { reference: 'slope' } }),
    ],
  };
  const { state, output: end } = importNetwork(
    writeModel({
      ...sound,
      nodes: [
        { ...node('scaled', ['x', 'w'], ['h'], { slope: { float: 0.2 } }), domain: 'own' },
        { ...node('scaled', ['h', 'w'], ['y'], { slope: { float: 0.3 } }), domain: 'own' },
      ],
      functions: [scaled],
    }),
  );
  expect(state.layout.map(({ name }) => name)).toEqual(['w']);
  expect(end).toMatchObject({ name: 'y', shape: [4], cut: [] });
});
