import { BinaryWriter } from '@bufbuild/protobuf/wire';
import { describe, expect, it } from 'vitest';
import { OnnxModelBuilder } from '../model-builder.js';
import { readModel } from './read-model.js';

/**
 * A message written by hand: [number, value] pairs, where a value is a text, a message or a whole
 * number.
 */
type Message = readonly (readonly [number, string | Uint8Array | number | Message])[];

function written(message: Message): Uint8Array {
  const writer = new BinaryWriter();
  for (const [number, value] of message) {
    if (typeof value === 'number') writer.tag(number, 0).int64(value);
    else if (typeof value === 'string') writer.tag(number, 2).string(value);
    else writer.tag(number, 2).bytes(value instanceof Uint8Array ? value : written(value as Message));
  }
  return writer.finish();
}

const OPSETS = [8, [[2, 18]]] as const;
const value = (name: string, type: Message): Message => [
  [1, name],
  [2, type],
];
const f32 = value('x', [
  [
    1,
    [
      [1, 1],
      [2, [[1, [[1, 2]]]]],
    ],
  ],
]);
const relu: Message = [
  [1, 'x'],
  [2, 'y'],
  [4, 'Relu'],
];
const ofGraph = (...graph: Message) => written([[1, 8], [7, graph], OPSETS]);
const withNode = (...node: Message) => ofGraph([1, node], [11, f32]);
const withAttribute = (operator: string, ...attribute: Message) =>
  withNode([1, 'x'], [2, 'y'], [4, operator], [5, attribute]);
const withTensor = (...tensor: Message) => ofGraph([1, relu], [5, tensor]);
const loopOf = (body: Message): Message => [
  [4, 'Loop'],
  [
    5,
    [
      [1, 'body'],
      [6, body],
      [20, 5],
    ],
  ],
];

describe('reading a model of somebody else’s', () => {
  it('gives inputs and outputs of what this package writes, loops too', () => {
    const model = new OnnxModelBuilder();
    const x = model.input('x', 'u8', [2, 3]);
    const cast = model.node('Cast', [x], { to: 1 });
    const flat = model.node('Reshape', [cast, model.int64s([6])]);
    const sum = model.sumOfLoop(2, 6, (body, index) =>
      body.node('Mul', [flat, body.node('Cast', [index], { to: 1 })]),
    );
    model.output('sum', sum, 'f32', [6]);
    model.output('scalar', model.float(2), 'f32', []);
    expect(readModel(model.bytes(), 'the model')).toEqual({
      inputs: [{ name: 'x', type: 'u8', shape: [2, 3] }],
      outputs: [
        { name: 'sum', type: 'f32', shape: [6] },
        { name: 'scalar', type: 'f32', shape: [] },
      ],
    });
  });

  it('takes a model by hand that has nothing else', () => {
    expect(readModel(ofGraph([1, relu], [11, f32]), 'it').inputs).toEqual([
      { name: 'x', type: 'f32', shape: [2] },
    ]);
  });

  const external: Message = [
    [1, 2],
    [2, 1],
    [8, 'c'],
    [
      13,
      [
        [1, 'location'],
        [2, '/etc/passwd'],
      ],
    ],
    [14, 1],
  ];
  it.each<[string, Uint8Array]>([
    ['a constant of it has external data', withTensor(...external)],
    ['a constant of it has a place of its data', withTensor([1, 2], [2, 1], [14, 0])],
    ['a constant of the body of a loop of it has external data', withNode(...loopOf([[5, external]]))],
    ['an attribute of the operator "Relu" of it has a tensor', withAttribute('Relu', [5, external], [20, 4])],
    ['it has functions', written([[1, 8], OPSETS, [25, [[1, 'f']]]])],
    ['a node of it has a domain of its own', withNode(...relu, [7, 'com.microsoft'])],
    [
      'the operator set of it has a domain of its own',
      written([
        [1, 8],
        [
          8,
          [
            [1, 'ai.onnx.ml'],
            [2, 1],
          ],
        ],
      ]),
    ],
    ['it has the operator "SequenceConstruct"', withNode([4, 'SequenceConstruct'])],
    ['it has the operator "toString"', withNode([4, 'toString'])],
    ['the body of a loop of it has the operator "If"', withNode(...loopOf([[1, [[4, 'If']]]]))],
    ['in a Loop that is in no other', withNode(...loopOf([[1, loopOf([])]]))],
    ['an attribute of the operator "Relu" of it is "alpha"', withAttribute('Relu', [1, 'alpha'], [20, 1])],
    ['"axis", is not of the type that it says', withAttribute('Concat', [1, 'axis'], [3, 1], [20, 3])],
    ['"axis", is not of the type that it says', withAttribute('Concat', [1, 'axis'], [3, 1])],
    ['it makes values of the type 8', withAttribute('Cast', [1, 'to'], [3, 8], [20, 2])],
    ['has 3 bytes, expected 8', withTensor([1, 2], [2, 1], [8, 'c'], [9, new Uint8Array(3)])],
    ['the constant "c" of it is of the type 8', withTensor([1, 1], [2, 8], [8, 'c'])],
    ['an extent of -2', withTensor([1, -2], [2, 1], [8, 'c'])],
    ['an extent of 1099511627776', withTensor([1, 2 ** 40], [2, 1], [8, 'c'])],
    ['the input or output "x" of it has a sequence', ofGraph([11, value('x', [[4, []]])])],
    ['"x" of it has no shape', ofGraph([11, value('x', [[1, [[1, 1]]]])])],
    [
      'has no number',
      ofGraph([
        11,
        value('x', [
          [
            1,
            [
              [1, 1],
              [2, [[1, [[2, 'n']]]]],
            ],
          ],
        ]),
      ]),
    ],
    ['it is of IR version 9', written([[1, 9], OPSETS])],
    ['with the operator sets 18, 17', written([[1, 8], OPSETS, [8, [[2, 17]]]])],
    ['it has no graph', written([[1, 8], OPSETS])],
    ['it has two fields "graph"', written([[1, 8], [7, []], [7, []], OPSETS])],
    ['it has a field "irVersion" of another type', written([[1, '8']])],
    ['it has a field 99', written([[99, 1]])],
    ['it is encoded differently', Uint8Array.of(0x08, 0x88, 0x00)],
    ['it cannot be read', ofGraph([1, relu]).subarray(0, 9)],
  ])('refuses what no model of this package has: %s', (problem, bytes) => {
    expect(() => readModel(bytes, 'it')).toThrow(problem);
  });
});
