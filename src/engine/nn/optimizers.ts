/**
 * Optimizers as graphs over the flat state vector: from the state w, the gradient g and slots
 * (momenta, moments; all zero at the start) to the next state and slots. The formulas are
 * PyTorch's, so that runs can be compared number by number.
 */

import type { ValueOrNumber } from '../graph/build.js';
import * as g from '../graph/build.js';
import type { Value } from '../graph/value.js';

export interface OptimizerStep {
  readonly state: Value;
  readonly slots: readonly Value[];
}

export interface Optimizer {
  /** How many vectors of the state's size the optimizer keeps. */
  readonly slotCount: number;
  /** Of all weights that no group gives another one; 0 by default. */
  readonly weightDecay?: number | undefined;
  /**
   * `learningRate` is f32 [], or [W] where weights have rates of their own; `step` is i32 [], 1 in
   * the first step. `weightDecay` is the optimizer's own by default, or [W].
   */
  update(
    state: Value,
    gradient: Value,
    slots: readonly Value[],
    learningRate: Value,
    step: Value,
    weightDecay?: ValueOrNumber,
  ): OptimizerStep;
}

const descend = (state: Value, direction: Value, learningRate: Value) =>
  g.sub(state, g.mul(direction, learningRate));

const slot = (slots: readonly Value[], index: number): Value => {
  const value = slots[index];
  if (value === undefined) throw new Error(`internal: the optimizer has no slot ${index}`);
  return value;
};

/**
 * w ← w − η·g; with momentum µ, v ← µ·v + g and w ← w − η·v, or w − η·(g + µ·v) with Nesterov's
 * correction (Sutskever et al. 2013).
 */
export function sgd({ momentum = 0, nesterov = false, weightDecay = 0 } = {}): Optimizer {
  return {
    slotCount: momentum === 0 ? 0 : 1,
    weightDecay,
    update(state, gradient, slots, learningRate, _step, decay = weightDecay) {
      const decayed = decay === 0 ? gradient : g.add(gradient, g.mul(state, decay));
      if (momentum === 0) return { state: descend(state, decayed, learningRate), slots: [] };
      const velocity = g.add(g.mul(slot(slots, 0), momentum), decayed);
      const direction = nesterov ? g.add(decayed, g.mul(velocity, momentum)) : velocity;
      return { state: descend(state, direction, learningRate), slots: [velocity] };
    },
  };
}

/**
 * Adam (Kingma and Ba 2015, https://arxiv.org/abs/1412.6980):
 * m ← β₁m + (1−β₁)g, v ← β₂v + (1−β₂)g², w ← w − η·(m/(1−β₁ᵗ)) / (√(v/(1−β₂ᵗ)) + ε).
 * `weightDecay` adds λ·w to the gradient; with `decoupled`, AdamW, w shrinks by η·λ·w instead
 * (Loshchilov and Hutter 2019, https://arxiv.org/abs/1711.05101).
 */
export function adam({
  beta1 = 0.9,
  beta2 = 0.999,
  epsilon = 1e-8,
  weightDecay = 0,
  decoupled = false,
} = {}): Optimizer {
  return {
    slotCount: 2,
    weightDecay,
    update(state, gradient, slots, learningRate, step, decay = weightDecay) {
      const coupled = decay === 0 || decoupled ? gradient : g.add(gradient, g.mul(state, decay));
      const shrunk = decoupled && decay !== 0 ? g.mul(state, g.sub(1, g.mul(learningRate, decay))) : state;
      const m = g.add(g.mul(slot(slots, 0), beta1), g.mul(coupled, 1 - beta1));
      const v = g.add(g.mul(slot(slots, 1), beta2), g.mul(g.mul(coupled, coupled), 1 - beta2));
      const deviation = g.add(g.div(g.sqrt(v), g.sqrt(oneMinusPower(beta2, step))), epsilon);
      const direction = g.div(m, deviation);
      return {
        state: descend(shrunk, direction, g.div(learningRate, oneMinusPower(beta1, step))),
        slots: [m, v],
      };
    },
  };
}

/**
 * 1 − βᵗ for t ≥ 1. With x = t·ln β it is −(eˣ + 1)·tanh(x/2). Plain subtraction would lose three
 * digits of 1 − 0.999 in float32.
 */
function oneMinusPower(beta: number, step: Value): Value {
  const x = g.mul(g.cast(step, 'f32'), Math.log(beta));
  return g.neg(g.mul(g.add(g.exp(x), 1), g.tanh(g.mul(x, 0.5))));
}

/** g·min(1, c/(‖g‖ + 10⁻⁶)): clipping by the norm over all parameters (Pascanu et al. 2013). */
export function clipByGlobalNorm(gradient: Value, maxNorm: number): Value {
  const norm = g.sqrt(g.reduceSum(g.mul(gradient, gradient)));
  const scale = g.div(maxNorm, g.add(norm, 1e-6));
  // min(1, s) = 1 − max(0, 1 − s)
  return g.mul(gradient, g.sub(1, g.relu(g.sub(1, scale))));
}
