import { afterAll, describe, expect, it } from 'vitest';
import { randomStream } from '../../../base/random.js';
import type { Tensor } from '../../../tensor/tensor.js';
import { flatten, mul, tanh } from '../../graph/build.js';
import { type Evaluated, evaluate } from '../../graph/evaluate.js';
import { graphInputs, topologicalOrder } from '../../graph/value.js';
import { lower } from '../../onnx/lower/lower.js';
import { ortNode } from '../../runtime/node/ort-node.js';
import type { Session } from '../../runtime/runtime.js';
import { dense } from '../layers/layers.js';
import { layoutOf, parametersOf } from '../layers/network.js';
import { onPixels, pixels } from '../models/normalize-pixels.js';
import { adam, sgd } from '../optimizers.js';
import { softmaxCrossEntropy } from '../tasks/class-losses.js';
import { classification } from '../tasks/classification.js';
import { trainingStep } from '../training-step.js';
import type { Correction } from './correction.js';
import { fedBabu } from './fed-babu.js';
import { fedLc } from './fed-lc.js';
import { fedNtd } from './fed-ntd.js';
import { fedProx } from './fed-prox.js';
import { fedRs } from './fed-rs.js';
import { scaffold } from './scaffold.js';

const [BATCH, PIXELS, CLASSES] = [4, 3, 4];
const SIZE = CLASSES * PIXELS + CLASSES;
const INPUTS = [pixels([1, 1, PIXELS])];

/** Logits that are linear in the state, so that the loss by hand is short. */
const linear = onPixels((scope, images) => dense(scope.in('fc'), flatten(images), CLASSES));

const stream = randomStream('corrections');
const numbers = (length: number) => Array.from({ length }, () => Math.fround(stream.normal()));
const state = numbers(SIZE);
const globalState = numbers(SIZE);
const controlDrift = numbers(SIZE);
const images = Uint8Array.from({ length: BATCH * PIXELS }, () => stream.integer(256));
const labels = [0, 1, 1, 3];
const weights = [1, 1, 1, 0];
/** Class 2 has no examples. */
const classCounts = [10, 40, 0, 5];

const stepOf = (correction?: Correction, network = linear, partBytes?: number, optimizer = sgd()) =>
  trainingStep({
    network,
    layout: layoutOf(parametersOf(network, INPUTS)),
    inputs: INPUTS,
    task: classification({ classes: CLASSES, loss: softmaxCrossEntropy({ labelSmoothing: 0.1 }) }),
    optimizer,
    batchSize: BATCH,
    correction,
    partBytes,
  });

const inputs = {
  ...{ state, globalState, controlDrift, images, labels, weights, classCounts },
  ...{ strength: [1], learningRate: [1], step: [1], seed: [1] },
};

/** What the step subtracts from the state at a learning rate of 1. */
const gradientOf = ({ nextState }: Evaluated) => state.map((w, at) => w - nextState![at]!);
const corrected = (correction?: Correction, changed: Partial<typeof inputs> = {}) =>
  gradientOf(evaluate(stepOf(correction), { ...inputs, ...changed }));

function expectClose(actual: readonly number[], expected: readonly number[], digits = 9) {
  expect(actual).toHaveLength(expected.length);
  for (const [at, value] of expected.entries()) expect(actual[at]).toBeCloseTo(value, digits);
}

/** The same network in plain JavaScript. */
const logitsBy = (w: readonly number[], image: number) =>
  Array.from({ length: CLASSES }, (_, c) =>
    Array.from({ length: PIXELS }, (_, p) => (w[c * PIXELS + p]! * images[image * PIXELS + p]!) / 255).reduce(
      (a, b) => a + b,
      w[CLASSES * PIXELS + c]!,
    ),
  );
const logSoftmax = (z: readonly number[]) => {
  const total = Math.log(z.reduce((sum, x) => sum + Math.exp(x), 0));
  return z.map((x) => x - total);
};
/** −Σ_c t_c log softmax(z)_c, with labels smoothed over the classes that have examples. */
function crossEntropy(z: readonly number[], label: number) {
  return -logSoftmax(z).reduce((sum, l, c) => sum + (0.1 / z.length + (c === label ? 0.9 : 0)) * l, 0);
}
/** Central differences of the mean of a loss by hand, over the examples that count. */
function slopeBy(loss: (z: readonly number[], label: number, image: number) => number): number[] {
  const mean = (w: readonly number[]) =>
    [0, 1, 2].reduce((sum, i) => sum + loss(logitsBy(w, i), labels[i]!, i), 0) / 3;
  return state.map((_, at) => {
    const moved = (by: number) => mean(state.map((w, other) => (other === at ? w + by : w)));
    return (moved(1e-5) - moved(-1e-5)) / 2e-5;
  });
}

const all: Record<string, Correction> = {
  'fed-prox': fedProx({ mu: 0.3 }),
  scaffold: scaffold(),
  'fed-rs': fedRs({ alpha: 0.4 }),
  'fed-lc': fedLc({ tau: 1.5 }),
  'fed-ntd': fedNtd({ beta: 0.7, temperature: 2 }),
  'fed-babu': fedBabu(),
};

describe('without a correction', () => {
  it('the gradient is that of the loss by hand', () => {
    expectClose(corrected(), slopeBy(crossEntropy));
  });
});

describe('FedProx', () => {
  it('adds µ(w − w_t) to the gradient', () => {
    const plain = corrected();
    expectClose(
      corrected(fedProx({ mu: 0.3 })),
      plain.map((slope, at) => slope + 0.3 * (state[at]! - globalState[at]!)),
    );
  });

  it('is nothing with µ = 0, and at w_t', () => {
    expect(corrected(fedProx({ mu: 0 }))).toEqual(corrected());
    expect(corrected(fedProx(), { globalState: state })).toEqual(corrected());
  });
});

describe('SCAFFOLD', () => {
  it('adds c − c_k to the gradient', () => {
    const plain = corrected();
    expectClose(
      corrected(scaffold()),
      plain.map((slope, at) => slope + controlDrift[at]!),
    );
  });

  it('is nothing where the control variates are equal', () => {
    expect(corrected(scaffold(), { controlDrift: controlDrift.map(() => 0) })).toEqual(corrected());
  });
});

describe('FedRS', () => {
  it('takes the loss of logits scaled by α + (1 − α)·n_c / max n', () => {
    const scaled = (z: readonly number[]) => z.map((x, c) => x * (0.4 + (0.6 * classCounts[c]!) / 40));
    expectClose(
      corrected(fedRs({ alpha: 0.4 })),
      slopeBy((z, label) => crossEntropy(scaled(z), label)),
    );
  });

  it('is nothing with α = 1, and where all classes are as frequent', () => {
    expectClose(corrected(fedRs({ alpha: 1 })), corrected(), 12);
    expect(corrected(fedRs({ alpha: 0.4 }), { classCounts: [7, 7, 7, 7] })).toEqual(corrected());
  });
});

describe('FedLC', () => {
  it('takes the loss of z_c − τ·n_c^(−1/4) among the classes that the participant has', () => {
    const there = [0, 1, 3];
    const calibrated = (z: readonly number[]) => there.map((c) => z[c]! - 1.5 * classCounts[c]! ** -0.25);
    expectClose(
      corrected(fedLc({ tau: 1.5 })),
      slopeBy((z, label) => crossEntropy(calibrated(z), there.indexOf(label))),
    );
  });

  it('leaves the weights of a class without examples as they are', () => {
    const slope = corrected(fedLc());
    const ofClass2 = [...slope.slice(2 * PIXELS, 3 * PIXELS), slope[CLASSES * PIXELS + 2]];
    expect(ofClass2.map((x) => Math.abs(x!))).toEqual([0, 0, 0, 0]);
  });

  it('is nothing where all classes are as frequent, and with τ = 0 where none is missing', () => {
    expectClose(corrected(fedLc(), { classCounts: [7, 7, 7, 7] }), corrected(), 12);
    expectClose(corrected(fedLc({ tau: 0 }), { classCounts: [1, 2, 3, 4] }), corrected(), 12);
  });
});

describe('FedNTD', () => {
  it('adds β·KL between the global and the local softmax without the true class', () => {
    const notTrue = (z: readonly number[], label: number) =>
      logSoftmax(z.filter((_, c) => c !== label).map((x) => x / 2));
    const loss = (z: readonly number[], label: number, image: number) => {
      const [local, global] = [notTrue(z, label), notTrue(logitsBy(globalState, image), label)];
      const divergence = global.reduce((sum, l, at) => sum + Math.exp(l) * (l - local[at]!), 0);
      return crossEntropy(z, label) + 0.7 * divergence;
    };
    expectClose(corrected(fedNtd({ beta: 0.7, temperature: 2 })), slopeBy(loss));
  });

  it('is nothing with β = 0, and at w_t', () => {
    expectClose(corrected(fedNtd({ beta: 0 })), corrected(), 12);
    expectClose(corrected(fedNtd(), { globalState: state }), corrected(), 12);
  });
});

describe('FedBABU', () => {
  // The last layer is neither first nor last in the state.
  const network = onPixels((scope, images) => {
    const hidden = dense(scope.in('before'), flatten(images), PIXELS);
    const scale = scope.in('after').parameter('scale', [PIXELS], (data) => void data.fill(1));
    return dense(scope.in('fc'), mul(tanh(hidden), scale), CLASSES);
  });
  const layout = layoutOf(parametersOf(network, INPUTS));
  const size = layout.reduce((sum, entry) => sum + entry.size, 0);
  const values = {
    ...inputs,
    state: numbers(size),
    slot0: numbers(size),
    slot1: numbers(size).map(Math.abs),
  };

  it.each([
    ['sgd with weight decay', sgd({ weightDecay: 0.1 })],
    ['sgd with momentum', sgd({ momentum: 0.9, nesterov: true })],
    ['adamw', adam({ weightDecay: 0.1, decoupled: true })],
  ])('leaves the last layer as it is and the others as they would be, with %s', (_, optimizer) => {
    const next = evaluate(stepOf(fedBabu(), network, undefined, optimizer), values).nextState!;
    const plain = evaluate(stepOf(undefined, network, undefined, optimizer), values).nextState!;
    for (const { name, offset, size } of layout) {
      const expected = name.startsWith('fc.') ? values.state : plain;
      for (let at = offset; at < offset + size; at++) expect(next[at]).toBe(expected[at]);
    }
  });

  it('wants a network that ends with a dense layer', () => {
    const bent = onPixels((scope, images) => tanh(dense(scope.in('fc'), flatten(images), CLASSES)));
    expect(() => stepOf(fedBabu(), bent)).toThrow(/dense layer with a bias.*correction/);
  });
});

const opened: Session[] = [];
afterAll(() => Promise.all(opened.map((session) => session.release())));

describe.each(Object.entries(all))('%s', (_, correction) => {
  it('is off at strength 0: nothing is changed, to the last bit', () => {
    expect(corrected(correction, { strength: [0] })).toEqual(corrected());
    expect(corrected(correction)).not.toEqual(corrected());
  });

  it('adds the inputs that it reads, and no other', () => {
    const added = [...graphInputs(stepOf(correction)).keys()].filter(
      (name) => !graphInputs(stepOf()).has(name),
    );
    expect(added.sort()).toEqual([...correction.reads].sort());
  });

  it('is the same on ONNX Runtime, with a batch in parts, of a network that is not linear', async () => {
    const deep = onPixels((scope, images) =>
      dense(scope.in('fc'), tanh(dense(scope.in('hidden'), flatten(images), PIXELS)), CLASSES),
    );
    const layout = layoutOf(parametersOf(deep, INPUTS));
    const size = layout.reduce((sum, entry) => sum + entry.size, 0);
    // The largest array of an example is four logits, 16 bytes: so a part holds two examples.
    const graph = stepOf(correction, deep, 32);
    const parts = topologicalOrder(Object.values(graph.outputs)).find(({ op }) => op === 'sumOverParts');
    expect(parts?.attributes).toMatchObject({ parts: 2 });
    const values: Record<string, ArrayLike<number>> = {
      ...inputs,
      state: numbers(size),
      globalState: numbers(size),
      controlDrift: numbers(size),
    };
    const session = await ortNode().open(lower(graph));
    opened.push(session);
    const feeds = Object.fromEntries(
      [...graphInputs(graph)].map(([name, { dtype, shape }]) => {
        const kinds = { f32: Float32Array, i32: Int32Array, u8: Uint8Array };
        return [name, { dtype, shape, data: kinds[dtype].from(values[name]!) } as Tensor];
      }),
    );
    const actual = await session.run(feeds);
    const expected = evaluate(graph, values);
    const whole = evaluate(stepOf(correction, deep), values);
    for (const name of ['nextState', 'lossSum', 'counted']) {
      expectClose([...whole[name]!], [...expected[name]!], 12);
      expectClose([...(actual[name]!.data as Float32Array)], [...expected[name]!], 5);
    }
  });
});
