import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { MergeError } from '../error.js';
import { fedAvgM } from './fed-avg-m.js';
import { initialSlots, type ServerOptimizer, serverStep } from './server-optimizer.js';
import {
  type ServerOptimizerName,
  type ServerSettings,
  serverOptimizerOf,
  serverOptimizers,
} from './server-optimizers.js';

const names = Object.keys(serverOptimizers) as ServerOptimizerName[];
/**
 * Small enough that a momentum 1/(1−β) times as large stays finite; zeros of both signs are among
 * them.
 */
const value = fc.float({ noNaN: true, min: -1e4, max: 1e4 });
const vector = fc.array(value, { minLength: 4, maxLength: 4 }).map((values) => Float32Array.from(values));
const bytesOf = (values: Float32Array) => Buffer.from(values.buffer).toString('hex');

/**
 * The papers' formulas for one place, in plain float64: from the merged values of the rounds to w
 * after each round.
 */
type Formula = (w: number, merged: readonly number[], eta: number) => number[];

const momentum =
  (beta: number, nesterov: boolean): Formula =>
  (w, merged, eta) => {
    let m = 0;
    return merged.map((target) => {
      const delta = target - w;
      m = beta * m + delta;
      w = w + eta * (nesterov ? delta + beta * m : m);
      return w;
    });
  };

const adaptive =
  (beta1: number, tau: number, rule: (v: number, delta: number) => number): Formula =>
  (w, merged, eta) => {
    let [m, v] = [0, tau ** 2];
    return merged.map((target) => {
      const delta = target - w;
      m = beta1 * m + (1 - beta1) * delta;
      v = rule(v, delta);
      w = w + (eta * m) / (Math.sqrt(v) + tau);
      return w;
    });
  };

const yogi = (v: number, delta: number) =>
  v > delta ** 2 ? v - 0.01 * delta ** 2 : v < delta ** 2 ? v + 0.01 * delta ** 2 : v;

const cases: [string, ServerOptimizer, Formula][] = [
  ['fed-avg-m', fedAvgM({ momentum: 0.9 }), momentum(0.9, false)],
  ['fed-avg-m with nesterov', fedAvgM({ momentum: 0.9, nesterov: true }), momentum(0.9, true)],
  ['diloco', serverOptimizerOf({ name: 'diloco' }), momentum(0.9, true)],
  [
    'fed-adam',
    serverOptimizerOf({ name: 'fed-adam' }),
    adaptive(0.9, 1e-3, (v, delta) => 0.99 * v + 0.01 * delta ** 2),
  ],
  ['fed-yogi', serverOptimizerOf({ name: 'fed-yogi' }), adaptive(0.9, 1e-3, yogi)],
  [
    'fed-adagrad',
    serverOptimizerOf({ name: 'fed-adagrad' }),
    adaptive(0, 1e-3, (v, delta) => v + delta ** 2),
  ],
  [
    'fed-adam with settings of its own',
    serverOptimizerOf({ name: 'fed-adam', beta1: 0.5, beta2: 0.9, tau: 0.1 }),
    adaptive(0.5, 0.1, (v, delta) => 0.9 * v + 0.1 * delta ** 2),
  ],
];

function play(optimizer: ServerOptimizer, w: Float32Array, merged: readonly Float32Array[], eta: number) {
  let [state, slots] = [w, initialSlots(optimizer, w.length)];
  return merged.map((target) => {
    ({ state, slots } = serverStep(optimizer, state, target, slots, eta));
    return state;
  });
}

describe('a server optimizer', () => {
  it.each(cases)('%s equals its formula in float64, over rounds', (_, optimizer, formula) => {
    fc.assert(
      fc.property(vector, fc.array(vector, { minLength: 1, maxLength: 4 }), (w, merged) => {
        const states = play(optimizer, w, merged, 0.3);
        for (let i = 0; i < w.length; i++) {
          const column = merged.map((target) => target[i]!);
          const expected = formula(w[i]!, column, 0.3);
          // Slots and states are rounded to float32 in each round; an adaptive step divides by at
          // least τ.
          const scale = Math.max(Math.abs(w[i]!), ...column.map(Math.abs), 1);
          states.forEach((state, round) => {
            expect(Math.abs(state[i]! - expected[round]!)).toBeLessThanOrEqual(scale * 1e-5);
          });
        }
      }),
      { seed: 1, numRuns: 300 },
    );
  });

  it('is the merge itself, to the bit, as fed-avg-m with momentum 0 and learning rate 1', () => {
    // Values of any magnitude: w + (merged − w) would round away small values next to a large w.
    const limit = Math.fround(1e38);
    const any = fc.float({ noNaN: true, min: -limit, max: limit });
    const wide = fc.array(any, { minLength: 4, maxLength: 4 }).map((values) => Float32Array.from(values));
    fc.assert(
      fc.property(wide, wide, fc.boolean(), (w, merged, nesterov) => {
        const optimizer = fedAvgM({ momentum: 0, nesterov });
        expect(bytesOf(play(optimizer, w, [merged], 1)[0]!)).toBe(bytesOf(merged));
      }),
      { seed: 2, numRuns: 1000 },
    );
    const w = Float32Array.of(0, -0, 1, -0);
    const merged = Float32Array.of(-0, 0, 1e-30, -0);
    expect(bytesOf(play(fedAvgM({ momentum: 0 }), w, [merged], 1)[0]!)).toBe(bytesOf(merged));
  });

  it('looks ahead with Nesterov: a step of D + β·m in place of m', () => {
    const w = Float32Array.of(0);
    const merged = [Float32Array.of(1)];
    const settings = { momentum: 0.5 };
    expect([...play(fedAvgM(settings), w, merged, 1)[0]!]).toEqual([1]);
    expect([...play(fedAvgM({ ...settings, nesterov: true }), w, merged, 1)[0]!]).toEqual([1.5]);
  });

  it.each(names)('"%s" stays where the rounds change nothing, and is called by its name', (name) => {
    const optimizer = serverOptimizerOf({ name });
    const w = Float32Array.of(1, -2, 0.1);
    expect(play(optimizer, w, [w, w], 0.5).map((state) => [...state])).toEqual([[...w], [...w]]);
    expect(optimizer.name).toBe(name);
  });

  it.each(names)('"%s" changes nothing that it is given', (name) => {
    const optimizer = serverOptimizerOf({ name });
    const given = [Float32Array.of(1, 2), Float32Array.of(3, -4), ...initialSlots(optimizer, 2)];
    const [w, merged, ...slots] = given.map((values) => values.slice());
    serverStep(optimizer, w!, merged!, slots, 1);
    expect([w, merged, ...slots]).toEqual(given);
  });

  it('refuses a step beyond float32, and says what to do', () => {
    const settings: ServerSettings = { momentum: 0.9 };
    const optimizer = serverOptimizers['fed-avg-m'](settings);
    const step = () =>
      serverStep(optimizer, Float32Array.of(0, 0), Float32Array.of(1, 3e38), [new Float32Array(2)], 10);
    expect(step).toThrow(MergeError);
    expect(step).toThrow(/merge: value 1 .* fed-avg-m is Infinity, expected a finite float32/);
  });
});
