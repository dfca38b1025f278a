/** What a file of another program says: nodes, weights, inputs and outputs, nothing computed. */
import { printable } from '../../../../base/printable.js';
import type { Shape } from '../../../../tensor/shape.js';
import { OnnxError } from './read-message.js';

/** What numbers stand for. All floats become float32; whole numbers must fit into 32 bits. */
export type ElementKind = 'float' | 'int' | 'bool' | 'text';

export interface ForeignTensor {
  readonly name: string;
  readonly kind: ElementKind;
  readonly shape: Shape;
  /** A graph that travels without its weights says only how large they are. */
  readonly isElsewhere?: boolean;
  /** Its numbers; read when they are asked for, since weights may be large. Not for texts. */
  numbers(): Float32Array | Float64Array;
}

export interface ForeignAttribute {
  readonly float?: number | undefined;
  readonly int?: number | undefined;
  readonly text?: string | undefined;
  readonly tensor?: ForeignTensor | undefined;
  readonly floats: readonly number[];
  readonly ints: readonly number[];
  readonly texts: readonly string[];
  readonly hasGraph: boolean;
  /** Inside a function: the attribute of the function's caller that it takes its value from. */
  readonly reference?: string | undefined;
}

export interface ForeignNode {
  readonly name: string;
  /** "Conv", or with the domain in front: "ai.onnx.ml.LinearClassifier" */
  readonly operator: string;
  /** An input that is left out is "". */
  readonly inputs: readonly string[];
  readonly outputs: readonly string[];
  readonly attributes: ReadonlyMap<string, ForeignAttribute>;
}

/** An input or an output of the whole graph; an extent is a number, or the name of one. */
export interface ForeignPort {
  readonly name: string;
  /** Undefined for what is not a tensor, such as a sequence of maps. */
  readonly kind: ElementKind | undefined;
  readonly extents: readonly (number | string)[] | undefined;
}

export interface ForeignModel {
  readonly irVersion: number;
  /** The version of the standard operators. */
  readonly opset: number;
  /** "pytorch 2.15.0" */
  readonly producer: string;
  readonly nodes: readonly ForeignNode[];
  readonly tensors: ReadonlyMap<string, ForeignTensor>;
  /** Without those that have a tensor as their default. */
  readonly inputs: readonly ForeignPort[];
  readonly outputs: readonly ForeignPort[];
  /** Tensors that their module does not train, where the exporter says so. */
  readonly buffers: ReadonlySet<string>;
}

/** A text of a file in an error: on one line, and not long. */
export const quotedText = (text: string): string => `"${printable(text.slice(0, 100))}"`;

/** 'the node "/layer1/Conv" (Conv)' */
export function describeNode({ name, operator, outputs }: ForeignNode): string {
  const own = name === '' ? (outputs.find((output) => output !== '') ?? '') : name;
  return `the node ${quotedText(own)} (${printable(operator.slice(0, 100))})`;
}

/** @throws OnnxError that names the node, what is wrong with it, and what to do */
export function refuseNode(node: ForeignNode, problem: string, hint?: string): never {
  throw new OnnxError(`onnx: ${describeNode(node)} ${problem}`, hint === undefined ? {} : { hint });
}
