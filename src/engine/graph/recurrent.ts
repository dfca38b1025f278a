/**
 * Recurrent layers over sequences [T,N,F], unrolled: T steps of H units, with the gates in ONNX's
 * order. What depends on the inputs alone is computed for all steps at once.
 */
import { formatShape } from '../../tensor/shape.js';
import { add, concat, expand, matmul, mul, reshape, scalar, sigmoid, slice, sub, tanh } from './build.js';
import { GraphError, type Value } from './value.js';

/** G gates, one after the other: four of an LSTM, three of a GRU. */
export interface RecurrentWeights {
  /** [G·H, F] */
  readonly input: Value;
  /** [G·H, H] */
  readonly hidden: Value;
  /** [G·H]; none by default. */
  readonly inputBias?: Value | undefined;
  readonly hiddenBias?: Value | undefined;
}

export interface RecurrentOptions {
  /** Whether steps are taken from the last place of a sequence to the first. */
  readonly reverse?: boolean;
  /** [N, H] before the first step; zeros by default. */
  readonly initialHidden?: Value | undefined;
}

export interface LstmOptions extends RecurrentOptions {
  readonly initialCell?: Value | undefined;
}

export interface Recurrence {
  /** The hidden state after each step, in the order of the sequence, [T,N,H]. */
  readonly sequence: Value;
  /** After the last step, [N,H]. */
  readonly hidden: Value;
}

/**
 * LSTM (Hochreiter and Schmidhuber 1997; forget gate: Gers et al. 2000) with the gates i, o, f, c:
 *
 *     i, o, f = σ(x·W + b + h·R),  g = tanh(x·W + b + h·R)
 *     c' = f ⊙ c + i ⊙ g,          h' = o ⊙ tanh(c')
 */
export function lstmSequence(
  x: Value,
  weights: RecurrentWeights,
  options: LstmOptions = {},
): Recurrence & { readonly cell: Value } {
  const { input, hidden, inputBias, hiddenBias } = weights;
  const units = unitsOf('lstm', x, weights, 4);
  const bias = inputBias && hiddenBias ? add(inputBias, hiddenBias) : (inputBias ?? hiddenBias);
  let cell = options.initialCell ?? zeros(x, units);
  const recurrence = unrolled(projected(x, input, bias), units, options, (given, before) => {
    const gates = add(given, matmul(before, hidden, { transposeB: true }));
    const open = sigmoid(columns(gates, 0, 3 * units));
    const gate = (index: number) => columns(open, index * units, (index + 1) * units);
    const candidate = tanh(columns(gates, 3 * units, 4 * units));
    cell = add(mul(gate(2), cell), mul(gate(0), candidate));
    return mul(gate(1), tanh(cell));
  });
  return { ...recurrence, cell };
}

/**
 * GRU (Cho et al. 2014) with the gates z, r, h, in the variant of PyTorch, where the reset gate
 * applies after the product (`linear_before_reset` of ONNX):
 *
 *     z, r = σ(x·W + b + h·R + b'),  n = tanh(x·W + b + r ⊙ (h·R + b'))
 *     h' = n + z ⊙ (h − n)
 */
export function gruSequence(x: Value, weights: RecurrentWeights, options: RecurrentOptions = {}): Recurrence {
  const { input, hidden, inputBias, hiddenBias } = weights;
  const units = unitsOf('gru', x, weights, 3);
  return unrolled(projected(x, input, inputBias), units, options, (given, before) => {
    const product = matmul(before, hidden, { transposeB: true });
    const own = hiddenBias === undefined ? product : add(product, hiddenBias);
    const open = sigmoid(add(columns(given, 0, 2 * units), columns(own, 0, 2 * units)));
    const [update, reset] = [columns(open, 0, units), columns(open, units, 2 * units)];
    const [fresh, kept] = [columns(given, 2 * units, 3 * units), columns(own, 2 * units, 3 * units)];
    const candidate = tanh(add(fresh, mul(reset, kept)));
    return add(candidate, mul(update, sub(before, candidate)));
  });
}

/** H. */
function unitsOf(layer: string, x: Value, { input, hidden }: RecurrentWeights, gates: number): number {
  const [rows = 0, units = 0] = hidden.shape;
  if (x.shape.length !== 3 || hidden.shape.length !== 2 || rows !== gates * units) {
    throw new GraphError(
      `${layer}: a sequence ${formatShape(x.shape)} and a weight ${formatShape(hidden.shape)}, expected [T,N,F] and [${gates}·H,H]`,
    );
  }
  if (input.shape[0] !== rows || input.shape[1] !== x.shape[2]) {
    throw new GraphError(
      `${layer}: a weight ${formatShape(input.shape)} for the input, expected [${rows},${x.shape[2]}]`,
    );
  }
  return units;
}

/** x·Wᵀ + b of all steps, [T,N,G·H]. */
function projected(x: Value, weight: Value, bias: Value | undefined): Value {
  const [steps = 1, n = 1, features = 1] = x.shape;
  const product = matmul(reshape(x, [steps * n, features]), weight, { transposeB: true });
  const all = bias === undefined ? product : add(product, bias);
  return reshape(all, [steps, n, weight.shape[0] ?? 1]);
}

const zeros = (x: Value, units: number) => expand(scalar(0), [x.shape[1] ?? 1, units]);

const columns = (x: Value, start: number, end: number) => slice(x, [0, start], [x.shape[0] ?? 1, end]);

/** Takes one step after the other: each gets what is projected for it, and the hidden state. */
function unrolled(
  projection: Value,
  units: number,
  { reverse = false, initialHidden }: RecurrentOptions,
  step: (given: Value, before: Value) => Value,
): Recurrence {
  const [steps = 1, n = 1, width = 1] = projection.shape;
  const places = Array.from({ length: steps }, (_, index) => (reverse ? steps - 1 - index : index));
  let hidden = initialHidden ?? zeros(projection, units);
  const after: Value[] = [];
  for (const place of places) {
    const given = reshape(slice(projection, [place, 0, 0], [place + 1, n, width]), [n, width]);
    hidden = step(given, hidden);
    after[place] = reshape(hidden, [1, n, units]);
  }
  return { sequence: concat(after, 0), hidden };
}
