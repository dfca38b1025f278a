/** Optimizers against plain loops over numbers, written independently from the papers. */
import { describe, expect, it } from 'vitest';
import { randomStream } from '../../base/random.js';
import * as g from '../graph/build.js';
import { evaluate } from '../graph/evaluate.js';
import { adam, clipByGlobalNorm, type Optimizer, sgd } from './optimizers.js';

const SIZE = 4;
const STEPS = 6;
const stream = randomStream('optimizers');
const START = Array.from({ length: SIZE }, () => stream.normal());
const GRADIENTS = Array.from({ length: STEPS }, () => Array.from({ length: SIZE }, () => stream.normal()));
const rateAt = (step: number) => 0.1 / step;

/** The state after all steps, computed by the graph. */
function byGraph(optimizer: Optimizer): number[] {
  const vector = (name: string) => g.input(name, [SIZE]);
  const slots = Array.from({ length: optimizer.slotCount }, (_, index) => vector(`slot${index}`));
  const next = optimizer.update(
    vector('state'),
    vector('gradient'),
    slots,
    g.input('rate', []),
    g.input('step', [], 'i32'),
  );
  const outputs = {
    state: next.state,
    ...Object.fromEntries(next.slots.map((slot, index) => [`slot${index}`, slot])),
  };
  let carried: Record<string, ArrayLike<number>> = {
    state: START,
    ...Object.fromEntries(slots.map((_, index) => [`slot${index}`, new Array(SIZE).fill(0)])),
  };
  GRADIENTS.forEach((gradient, index) => {
    carried = evaluate({ outputs }, { ...carried, gradient, rate: [rateAt(index + 1)], step: [index + 1] });
  });
  return Array.from(carried.state!);
}

/** The state after all steps, if `rule` updates one weight. It may keep anything in `memory`. */
type Rule = (
  w: number,
  gradient: number,
  rate: number,
  step: number,
  memory: Record<string, number>,
) => number;
function byLoop(rule: Rule): number[] {
  return START.map((start, i) => {
    const memory: Record<string, number> = {};
    return GRADIENTS.reduce((w, gradient, s) => rule(w, gradient[i]!, rateAt(s + 1), s + 1, memory), start);
  });
}

const momentumRule =
  (mu: number, { nesterov = false, decay = 0 } = {}): Rule =>
  (w, gradient, rate, _, memory) => {
    const decayed = gradient + decay * w;
    memory.v = mu * (memory.v ?? 0) + decayed;
    return w - rate * (nesterov ? decayed + mu * memory.v : memory.v);
  };

const adamRule =
  ({ beta1 = 0.9, beta2 = 0.999, epsilon = 1e-8, coupled = 0, decoupled = 0 } = {}): Rule =>
  (w, gradient, rate, step, memory) => {
    const slope = gradient + coupled * w;
    memory.m = beta1 * (memory.m ?? 0) + (1 - beta1) * slope;
    memory.v = beta2 * (memory.v ?? 0) + (1 - beta2) * slope * slope;
    const [m, v] = [memory.m / (1 - beta1 ** step), memory.v / (1 - beta2 ** step)];
    return w - rate * decoupled * w - (rate * m) / (Math.sqrt(v) + epsilon);
  };

describe('an optimizer does what a plain loop does', () => {
  it.each<[string, Optimizer, Rule]>([
    ['gradient descent', sgd(), (w, gradient, rate) => w - rate * gradient],
    [
      'gradient descent with decay',
      sgd({ weightDecay: 0.1 }),
      (w, gradient, rate) => w - rate * (gradient + 0.1 * w),
    ],
    ['momentum', sgd({ momentum: 0.9 }), momentumRule(0.9)],
    ['momentum with decay', sgd({ momentum: 0.8, weightDecay: 0.1 }), momentumRule(0.8, { decay: 0.1 })],
    ["Nesterov's momentum", sgd({ momentum: 0.9, nesterov: true }), momentumRule(0.9, { nesterov: true })],
    ['Adam', adam(), adamRule()],
    [
      'Adam with its own settings',
      adam({ beta1: 0.8, beta2: 0.95, epsilon: 0.1 }),
      adamRule({ beta1: 0.8, beta2: 0.95, epsilon: 0.1 }),
    ],
    ['Adam with decay', adam({ weightDecay: 0.1 }), adamRule({ coupled: 0.1 })],
    ['AdamW', adam({ weightDecay: 0.1, decoupled: true }), adamRule({ decoupled: 0.1 })],
  ])('%s', (_, optimizer, rule) => {
    const expected = byLoop(rule);
    byGraph(optimizer).forEach((w, i) => {
      expect(w).toBeCloseTo(expected[i]!, 12);
    });
  });
});

it('keeps as many slots as it says', () => {
  expect([sgd(), sgd({ momentum: 0.9 }), adam()].map(({ slotCount }) => slotCount)).toEqual([0, 1, 2]);
});

describe('clipping by the global norm', () => {
  const clipped = (gradient: number[], maxNorm: number) => {
    const y = clipByGlobalNorm(g.input('gradient', [gradient.length]), maxNorm);
    return Array.from(evaluate({ outputs: { y } }, { gradient }).y!);
  };

  it('shortens a longer gradient to the norm, in its direction', () => {
    const [x, y] = clipped([30, -40], 5);
    expect(x).toBeCloseTo(3, 6);
    expect(y).toBeCloseTo(-4, 6);
  });

  it('leaves a shorter one, and one of zeros, as it is', () => {
    expect(clipped([3, -4], 5.1)).toEqual([3, -4]);
    expect(clipped([0, 0], 5)).toEqual([0, 0]);
  });
});
