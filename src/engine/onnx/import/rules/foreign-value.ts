/**
 * What a node of another program's graph reads and gives: numbers that are known before any run,
 * such as shapes, or a value of a graph. Truth values are masks of 0 and 1 in both.
 */
import { type Shape, sizeOf } from '../../../../tensor/shape.js';
import * as g from '../../../graph/build.js';
import { evaluate } from '../../../graph/evaluate.js';
import { topologicalOrder, type Value } from '../../../graph/value.js';
import type { ElementKind } from '../file/foreign-model.js';

export type NumberKind = Exclude<ElementKind, 'text'>;

export interface KnownValue {
  readonly kind: NumberKind;
  readonly shape: Shape;
  readonly numbers: readonly number[];
}

export interface TracedValue {
  readonly kind: NumberKind;
  readonly value: Value;
  /** Whether the numbers are drawn uniformly from 0 to 1 in training. */
  readonly isDrawn?: boolean;
}

export type ForeignValue = KnownValue | TracedValue;

export const isKnown = (value: ForeignValue): value is KnownValue => 'numbers' in value;
export const shapeOf = (value: ForeignValue): Shape => (isKnown(value) ? value.shape : value.value.shape);

export const known = (
  numbers: readonly number[],
  shape: Shape = [numbers.length],
  kind: NumberKind = 'int',
): KnownValue => ({ kind, shape, numbers });

export const traced = (value: Value, kind: NumberKind = 'float'): TracedValue => ({ kind, value });

/** As floats, whatever they stand for. */
export function floatsOf(value: ForeignValue): Value {
  if (!isKnown(value)) return g.cast(value.value, 'f32');
  return g.constant(value.numbers, value.shape);
}

/** As i32, as the indices of a gather must be. */
export const indicesOf = (value: ForeignValue): Value =>
  g.cast(isKnown(value) ? floatsOf(value) : value.value, 'i32');

/** More numbers than that stay a part of the graph. */
const MOST_KNOWN = 2 ** 18;
const MOST_KNOWN_FLOATS = 2 ** 12;

/**
 * The numbers of a value that depends on constants alone, if they are few. What is one number
 * everywhere stays an expansion, since its shape may depend on the batch.
 */
export function folded(result: ForeignValue): ForeignValue {
  if (isKnown(result) || result.isDrawn) return result;
  const { value, kind } = result;
  if (kind !== 'int' && value.op === 'expand') return result;
  if (sizeOf(value.shape) > (kind === 'float' ? MOST_KNOWN_FLOATS : MOST_KNOWN)) return result;
  const isOpen = topologicalOrder([value]).some(
    ({ op, shape }) => op === 'input' || op === 'randomUniform' || sizeOf(shape) > MOST_KNOWN,
  );
  if (isOpen) return result;
  return known(Array.from(evaluate({ outputs: { value } }, {}).value ?? []), value.shape, kind);
}
