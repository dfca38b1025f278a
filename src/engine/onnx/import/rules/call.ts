/** One node as its rule sees it: operands, attributes, and what the network around it provides. */
import { formatShape, type Shape } from '../../../../tensor/shape.js';
import type { Value } from '../../../graph/value.js';
import { type ForeignNode, type ForeignTensor, refuseNode } from '../file/foreign-model.js';
import { type ForeignValue, floatsOf, isKnown, shapeOf } from './foreign-value.js';

/** Batch norm, as a file describes it. */
export interface ForeignNorm {
  readonly scale: Value;
  readonly shift: Value;
  /** The names of the running statistics in the file. */
  readonly mean: string;
  readonly variance: string;
  readonly epsilon: number;
  /** The share of the old running value that stays. */
  readonly kept: number;
}

/** What the network around the nodes provides. */
export interface ImportSurroundings {
  readonly opset: number;
  /** How many numbers may still be computed here, for shapes and the like. */
  readonly work: { left: number };
  /** i32 scalars on which random numbers depend; undefined in evaluation. */
  readonly keys: readonly Value[] | undefined;
  nextStream(): number;
  /** x [N,C,…] → the same shape */
  batchNorm(x: Value, norm: ForeignNorm): Value;
}

export interface Call {
  readonly node: ForeignNode;
  readonly surroundings: ImportSurroundings;
  readonly opset: number;
  /** How many operands there are, with those that are left out in the middle. */
  readonly count: number;
  has(index: number): boolean;
  operand(index: number): ForeignValue;
  /** The operand as floats. */
  floats(index: number): Value;
  shape(index: number): Shape;
  /** Numbers that must be known before any run; undefined if the operand is left out. */
  numbers(index: number): readonly number[] | undefined;
  int(name: string): number | undefined;
  float(name: string): number | undefined;
  text(name: string): string | undefined;
  ints(name: string): readonly number[] | undefined;
  floatList(name: string): readonly number[] | undefined;
  tensor(name: string): ForeignTensor | undefined;
  /**
   * Counts numbers that are computed or held here and not by the runtime. A file could ask for
   * more of them than it has bytes.
   * @throws OnnxError when there are too many
   */
  spend(count: number): void;
  /** The axis counted from the front. */
  axis(axis: number, rank: number): number;
  /** @throws OnnxError that names the node */
  refuse(problem: string, hint?: string): never;
}

/** Large networks compute some ten thousand. */
export const MOST_WORK = 2 ** 24;

export type ImportRule = (call: Call) => ForeignValue | readonly ForeignValue[];

export function callOf(
  node: ForeignNode,
  operands: readonly (ForeignValue | undefined)[],
  surroundings: ImportSurroundings,
): Call {
  const refuse = (problem: string, hint?: string) => refuseNode(node, problem, hint);
  const operand = (index: number) => operands[index] ?? refuse(`has no operand ${index}, expected one`);
  const attribute = (name: string) => node.attributes.get(name);
  return {
    node,
    surroundings,
    opset: surroundings.opset,
    count: operands.length,
    has: (index) => operands[index] !== undefined,
    operand,
    floats: (index) => floatsOf(operand(index)),
    shape: (index) => shapeOf(operand(index)),
    numbers(index) {
      const value = operands[index];
      if (value === undefined) return undefined;
      if (isKnown(value)) return value.numbers;
      return refuse(
        `needs its operand ${index} ${formatShape(shapeOf(value))} before any data are read, but it depends on them`,
        'export the model with fixed shapes, but for the batch',
      );
    },
    int: (name) => attribute(name)?.int,
    float: (name) => attribute(name)?.float,
    text: (name) => attribute(name)?.text,
    ints: (name) => listOf(attribute(name)?.ints),
    floatList: (name) => listOf(attribute(name)?.floats),
    tensor: (name) => attribute(name)?.tensor,
    spend(count) {
      surroundings.work.left -= count;
      if (surroundings.work.left >= 0) return;
      refuse(`computes more than ${MOST_WORK} numbers of constants, with the nodes before it`);
    },
    axis(axis, rank) {
      const own = axis < 0 ? axis + rank : axis;
      if (Number.isInteger(own) && own >= 0 && own < rank) return own;
      return refuse(`has the axis ${axis}, expected one from ${-rank} to ${rank - 1}`);
    },
    refuse,
  };
}

const listOf = <Item>(list: readonly Item[] | undefined) =>
  list === undefined || list.length === 0 ? undefined : list;
