/** Recurrent layers, and random numbers of training. */
import * as g from '../../../graph/build.js';
import {
  gruSequence,
  lstmSequence,
  type Recurrence,
  type RecurrentWeights,
} from '../../../graph/recurrent.js';
import type { Value } from '../../../graph/value.js';
import type { Call, ImportRule } from './call.js';
import { type ForeignValue, floatsOf, isKnown, traced } from './foreign-value.js';

/** The steps of a sequence are unrolled. A step costs as much memory as so many numbers. */
const COST_OF_STEP = 2 ** 11;

/** One direction of the weights [D,rows,…]. */
const direction = (x: Value, index: number): Value => {
  const [, ...rest] = x.shape;
  const one = x.shape[0] === 1 ? x : g.slice(x, [index, ...rest.map(() => 0)], [index + 1, ...rest]);
  return g.reshape(one, rest);
};

interface Ran extends Recurrence {
  readonly cell?: Value;
}

/** (x [T,N,F], W [D,G·H,F], R [D,G·H,H], B [D,2·G·H], lengths, h₀ [D,N,H], …) → Y, Y_h, Y_c */
function recurrent(
  call: Call,
  run: (x: Value, weights: RecurrentWeights, index: number, reverse: boolean) => Ran,
): readonly ForeignValue[] {
  const x = call.floats(0);
  const [input, hidden] = [call.floats(1), call.floats(2)];
  if (call.has(4)) {
    const lengths = call.operand(4);
    const isFull = isKnown(lengths) && lengths.numbers.every((length) => length === x.shape[0]);
    if (!isFull)
      call.refuse(
        'reads sequences of different lengths',
        'pad them to one length, and export the module without lengths',
      );
  }
  if (call.int('layout') === 1) call.refuse('has the layout 1, expected 0');
  if (call.has(7)) call.refuse('has peepholes, expected none');
  if ((call.node.attributes.get('activations')?.texts ?? []).length > 0) requireUsualActivations(call);
  call.spend((x.shape[0] ?? 1) * COST_OF_STEP);
  const reverses =
    { forward: [false], reverse: [true], bidirectional: [false, true] }[
      call.text('direction') ?? 'forward'
    ] ?? call.refuse(`has the direction "${call.text('direction')}"`);
  const bias = call.has(3) ? call.floats(3) : undefined;
  const all = reverses.map((reverse, index) => {
    const both = bias && direction(bias, index);
    const rows = hidden.shape[1] ?? 1;
    const weights = {
      input: direction(input, index),
      hidden: direction(hidden, index),
      inputBias: both && g.slice(both, [0], [rows]),
      hiddenBias: both && g.slice(both, [rows], [2 * rows]),
    };
    return run(x, weights, index, reverse);
  });
  const [steps = 1, n = 1, units = 1] = all[0]?.sequence.shape ?? [];
  const joined = (values: readonly Value[], axis: number) =>
    values.length === 1 ? (values[0] as Value) : g.concat(values, axis);
  const sequence = joined(
    all.map((one) => g.reshape(one.sequence, [steps, 1, n, units])),
    1,
  );
  const last = (values: readonly Value[]) =>
    joined(
      values.map((one) => g.reshape(one, [1, n, units])),
      0,
    );
  const cells = all.flatMap(({ cell }) => (cell === undefined ? [] : [cell]));
  return [
    traced(sequence),
    traced(last(all.map((one) => one.hidden))),
    ...(cells.length > 0 ? [traced(last(cells))] : []),
  ];
}

function requireUsualActivations(call: Call): void {
  const usual = call.node.operator === 'LSTM' ? ['sigmoid', 'tanh', 'tanh'] : ['sigmoid', 'tanh'];
  const found = (call.node.attributes.get('activations')?.texts ?? []).map((text) => text.toLowerCase());
  if (found.every((text, index) => text === usual[index % usual.length])) return;
  call.refuse(`has the activations ${found.join(', ')}, expected ${usual.join(', ')}`);
}

const startOf = (call: Call, operand: number, index: number): Value | undefined => {
  if (!call.has(operand)) return undefined;
  const value = call.operand(operand);
  if (isKnown(value) && value.numbers.every((number) => number === 0)) return undefined;
  return direction(floatsOf(value), index);
};

const lstm: ImportRule = (call) =>
  recurrent(call, (x, weights, index, reverse) =>
    lstmSequence(x, weights, {
      reverse,
      initialHidden: startOf(call, 5, index),
      initialCell: startOf(call, 6, index),
    }),
  );

const gru: ImportRule = (call) => {
  if (call.int('linear_before_reset') !== 1) {
    return call.refuse(
      'resets before the product (linear_before_reset = 0), expected the variant of PyTorch',
      'in Keras, build the layer with reset_after=True',
    );
  }
  return recurrent(call, (x, weights, index, reverse) =>
    gruSequence(x, weights, { reverse, initialHidden: startOf(call, 5, index) }),
  );
};

/** Dropout is alive in training, whatever mode the file was exported in. */
const dropout: ImportRule = (call) => {
  const x = call.operand(0);
  const rate = call.float('ratio') ?? call.numbers(1)?.[0] ?? 0.5;
  if (!(rate >= 0 && rate < 1))
    return call.refuse(`drops a share of ${rate}, expected one from 0 to below 1`);
  const { keys } = call.surroundings;
  const stream = call.surroundings.nextStream();
  if (keys === undefined || rate === 0) return x;
  return traced(g.dropout(call.floats(0), rate, keys, stream));
};

const uniform = (call: Call, shape: readonly number[]): ForeignValue => {
  const [low, high] = [call.float('low') ?? 0, call.float('high') ?? 1];
  if (low !== 0 || high !== 1) return call.refuse(`draws numbers from ${low} to ${high}, expected 0 to 1`);
  const stream = call.surroundings.nextStream();
  const { keys } = call.surroundings;
  const value = keys === undefined ? g.expand(g.scalar(0.5), shape) : g.randomUniform(keys, shape, stream);
  return { ...traced(value), isDrawn: true };
};

/** 1 with the probability that the operand says; in evaluation that probability itself. */
const bernoulli: ImportRule = (call) => {
  const share = call.floats(0);
  const stream = call.surroundings.nextStream();
  const { keys } = call.surroundings;
  if (keys === undefined) return traced(share);
  return traced(g.greater(share, g.randomUniform(keys, share.shape, stream)));
};

export const sequenceRules = {
  Bernoulli: bernoulli,
  Dropout: dropout,
  GRU: gru,
  LSTM: lstm,
  RandomUniform: (call: Call) => uniform(call, call.ints('shape') ?? []),
  RandomUniformLike: (call: Call) => uniform(call, call.shape(0)),
} as const satisfies Readonly<Record<string, ImportRule>>;
