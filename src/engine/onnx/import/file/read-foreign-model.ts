/**
 * Reads an ONNX file of another program: the graph with its functions inlined, within limits. Any
 * opset from 11 to 22 is taken; what the nodes mean is for `rules/`.
 */
import {
  type ForeignAttribute,
  type ForeignModel,
  type ForeignNode,
  type ForeignPort,
  type ForeignTensor,
  quotedText,
} from './foreign-model.js';
import { type FunctionBody, inlineFunctions } from './inline-functions.js';
import { withoutLinearModels } from './linear-models.js';
import { kindOfType, type ReadBeside, readForeignTensor } from './read-foreign-tensor.js';
import { OnnxError, readForeignMessage } from './read-message.js';

const MODEL = {
  irVersion: [1, 'int'],
  producer: [2, 'text'],
  producerVersion: [3, 'text'],
  graph: [7, 'bytes'],
  opsets: [8, 'bytes', 'many'],
  functions: [25, 'bytes', 'many'],
} as const;
const OPERATOR_SET = { domain: [1, 'text'], version: [2, 'int'] } as const;
const GRAPH = {
  nodes: [1, 'bytes', 'many'],
  tensors: [5, 'bytes', 'many'],
  inputs: [11, 'bytes', 'many'],
  outputs: [12, 'bytes', 'many'],
  values: [13, 'bytes', 'many'],
  sparse: [15, 'bytes', 'many'],
} as const;
const NODE = {
  inputs: [1, 'text', 'many'],
  outputs: [2, 'text', 'many'],
  name: [3, 'text'],
  operator: [4, 'text'],
  attributes: [5, 'bytes', 'many'],
  domain: [7, 'text'],
} as const;
const ATTRIBUTE = {
  name: [1, 'text'],
  float: [2, 'float'],
  int: [3, 'int'],
  text: [4, 'bytes'],
  tensor: [5, 'bytes'],
  graph: [6, 'bytes'],
  floats: [7, 'float', 'many'],
  ints: [8, 'int', 'many'],
  texts: [9, 'bytes', 'many'],
  graphs: [11, 'bytes', 'many'],
  reference: [21, 'text'],
} as const;
const FUNCTION = {
  name: [1, 'text'],
  inputs: [4, 'text', 'many'],
  outputs: [5, 'text', 'many'],
  nodes: [7, 'bytes', 'many'],
  domain: [10, 'text'],
  defaults: [11, 'bytes', 'many'],
} as const;
const VALUE = { name: [1, 'text'], type: [2, 'bytes'], metadata: [4, 'bytes', 'many'] } as const;
const TYPE = { tensor: [1, 'bytes'] } as const;
const TENSOR_TYPE = { type: [1, 'int'], shape: [2, 'bytes'] } as const;
const SHAPE = { extents: [1, 'bytes', 'many'] } as const;
const EXTENT = { value: [1, 'int'], parameter: [2, 'text'] } as const;
const ENTRY = { key: [1, 'text'], value: [2, 'text'] } as const;

const IR_VERSIONS = { least: 4, most: 13 };
/** Files of scikit-learn say 9 where they have little but `ai.onnx.ml`. */
const OPSETS = { least: 9, most: 22 };
/** The largest known networks have some ten thousand nodes. */
export const MOST_NODES = 100_000;

/**
 * @param what the name of the file in errors
 * @throws OnnxError that says which part of the file is refused
 */
export function readForeignModel(
  bytes: Uint8Array,
  what: string,
  readBeside: ReadBeside | undefined,
): ForeignModel {
  const model = readForeignMessage(bytes, MODEL, what);
  const irVersion = model.irVersion ?? 0;
  if (model.graph === undefined || irVersion === 0) {
    throw new OnnxError(`onnx: ${what} is not an ONNX model: it has no graph`, {
      hint: 'export the model as ONNX (docs/own-networks.md)',
    });
  }
  if (irVersion < IR_VERSIONS.least || irVersion > IR_VERSIONS.most) {
    throw new OnnxError(
      `onnx: ${what} is of IR version ${irVersion}, expected ${IR_VERSIONS.least} to ${IR_VERSIONS.most}`,
    );
  }
  const opset = standardOpset(model.opsets, what);
  const graph = readForeignMessage(model.graph, GRAPH, `the graph of ${what}`);
  if (graph.sparse.length > 0) {
    throw new OnnxError(`onnx: ${what} has sparse weights, expected dense ones`);
  }
  const reading: Reading = { what, readBeside };
  const functions = new Map(model.functions.map((one) => readFunction(one, reading)));
  limitNodes(graph.nodes.length, what);
  const nodes = inlineFunctions(
    graph.nodes.map((node) => readNode(node, reading)),
    functions,
    what,
  );
  const tensors = new Map<string, ForeignTensor>();
  for (const [index, tensor] of graph.tensors.entries()) {
    const one = readForeignTensor(tensor, `the initializer ${index} of ${what}`, readBeside);
    if (tensors.has(one.name))
      throw new OnnxError(`onnx: ${what} has two tensors named ${quotedText(one.name)}`);
    tensors.set(one.name, one);
  }
  const producer = [model.producer, model.producerVersion].filter(Boolean).join(' ');
  return {
    irVersion,
    opset,
    producer: producer === '' ? 'an unnamed program' : producer,
    ...withoutLinearModels({ nodes, tensors }),
    inputs: graph.inputs.map((port) => readPort(port, what)).filter(({ name }) => !tensors.has(name)),
    outputs: graph.outputs.map((port) => readPort(port, what)),
    buffers: buffersAmong(graph.values, what),
  };
}

interface Reading {
  readonly what: string;
  readonly readBeside: ReadBeside | undefined;
}

function standardOpset(opsets: readonly Uint8Array[], what: string): number {
  const versions = opsets.map((opset) =>
    readForeignMessage(opset, OPERATOR_SET, `an operator set of ${what}`),
  );
  const standard = versions.find(({ domain = '' }) => isStandard(domain));
  // A file of ai.onnx.ml alone has none.
  const version = standard?.version ?? (versions.length > 0 ? OPSETS.least : 0);
  if (version >= OPSETS.least && version <= OPSETS.most) return version;
  throw new OnnxError(`onnx: ${what} is of opset ${version}, expected ${OPSETS.least} to ${OPSETS.most}`, {
    hint: 'export the model with opset_version=18',
  });
}

const isStandard = (domain: string) => domain === '' || domain === 'ai.onnx';

function limitNodes(count: number, what: string): void {
  if (count <= MOST_NODES) return;
  throw new OnnxError(`onnx: ${what} has ${count} nodes, expected at most ${MOST_NODES}`);
}

function readNode(bytes: Uint8Array, { what, readBeside }: Reading): ForeignNode {
  const node = readForeignMessage(bytes, NODE, `a node of ${what}`);
  const { operator = '', domain = '', name = '', inputs, outputs } = node;
  const attributes = node.attributes.map((one) => readAttribute(one, { what, readBeside }));
  return {
    name,
    operator: isStandard(domain) ? operator : `${domain}.${operator}`,
    inputs,
    outputs,
    attributes: new Map(attributes),
  };
}

const texts = new TextDecoder();

function readAttribute(bytes: Uint8Array, { what, readBeside }: Reading): [string, ForeignAttribute] {
  const of = `an attribute of ${what}`;
  const message = readForeignMessage(bytes, ATTRIBUTE, of);
  const { name = '', float, int, text, tensor, floats, ints, texts: listed, graph, graphs } = message;
  return [
    name,
    {
      float: float === undefined ? undefined : floatOf(float),
      int,
      text: text === undefined ? undefined : texts.decode(text),
      tensor: tensor === undefined ? undefined : readForeignTensor(tensor, of, readBeside),
      floats: floats.map(floatOf),
      ints,
      texts: listed.map((one) => texts.decode(one)),
      hasGraph: graph !== undefined || graphs.length > 0,
      reference: message.reference || undefined,
    },
  ];
}

function floatOf(bits: number): number {
  return new Float32Array(Uint32Array.of(bits).buffer)[0] ?? 0;
}

function readFunction(bytes: Uint8Array, reading: Reading): [string, FunctionBody] {
  const message = readForeignMessage(bytes, FUNCTION, `a function of ${reading.what}`);
  const { name = '', domain = '', inputs, outputs } = message;
  limitNodes(message.nodes.length, reading.what);
  return [
    isStandard(domain) ? name : `${domain}.${name}`,
    {
      inputs,
      outputs,
      nodes: message.nodes.map((node) => readNode(node, reading)),
      defaults: new Map(message.defaults.map((one) => readAttribute(one, reading))),
    },
  ];
}

function readPort(bytes: Uint8Array, what: string): ForeignPort {
  const { name = '', type } = readForeignMessage(bytes, VALUE, `an input or output of ${what}`);
  const of = `the input or output ${quotedText(name)} of ${what}`;
  const { tensor } = readForeignMessage(type ?? new Uint8Array(0), TYPE, of);
  if (tensor === undefined) return { name, kind: undefined, extents: undefined };
  const { type: element, shape } = readForeignMessage(tensor, TENSOR_TYPE, of);
  const extents =
    shape === undefined
      ? undefined
      : readForeignMessage(shape, SHAPE, of).extents.map((each) => {
          const { value, parameter = '' } = readForeignMessage(each, EXTENT, of);
          return value === undefined || value < 0 ? parameter : value;
        });
  return { name, kind: kindOfType(element ?? 0, of), extents };
}

/** What PyTorch's exporter says of tensors: which are parameters, and which are buffers. */
const INPUT_KIND = 'pkg.torch.export.graph_signature.InputSpec.kind';

function buffersAmong(values: readonly Uint8Array[], what: string): ReadonlySet<string> {
  const buffers = new Set<string>();
  for (const value of values) {
    const { name = '', metadata } = readForeignMessage(value, VALUE, `a value of ${what}`);
    for (const entry of metadata) {
      const { key, value: kind } = readForeignMessage(entry, ENTRY, `a value of ${what}`);
      if (key === INPUT_KIND && kind === 'BUFFER') buffers.add(name);
    }
  }
  return buffers;
}
