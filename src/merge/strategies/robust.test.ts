/** The purpose of the robust strategies: a few updates may be arbitrary. */
import { describe, expect, it } from 'vitest';
import { randomStream } from '../../base/random.js';
import { type StateDict, stateLayout } from '../../tensor/state-dict.js';
import { merge, type Update } from '../memory/merge.js';
import { strategyByName } from './strategies.js';

const size = 2000;
const layout = stateLayout([['w', [size]]]);
const stateOf = (value: (i: number) => number): StateDict => ({
  layout,
  data: Float32Array.from({ length: size }, (_, i) => value(i)),
});

/** Seven sound updates around the truth, of 1 and −1, and two that agree on something else. */
const truth = (i: number) => (i % 2 === 0 ? 1 : -1);
const sound = Array.from({ length: 7 }, (_, k): Update => {
  const noise = randomStream(1, 'robust', k);
  return { name: `site-${k}`, examples: 1, state: stateOf((i) => truth(i) + 0.1 * noise.normal()) };
});
const attacks: Readonly<Record<string, (i: number) => number>> = {
  'turn the sign over, tenfold': (i) => -10 * truth(i),
  'are wrong in one place, by far': (i) => (i === 0 ? 1e6 : truth(i)),
};
const distance = (state: StateDict) =>
  Math.sqrt(state.data.reduce((sum, value, i) => sum + (value - truth(i)) ** 2, 0));
const base = stateOf(() => 0);

describe.each(Object.entries(attacks))('two of nine updates that %s', (_, attack) => {
  const attackers = ['x', 'y'].map((name) => ({ name, examples: 1, state: stateOf(attack) }));
  const merged = (text: string) =>
    merge(strategyByName(text), [...sound, ...attackers], { on: 'updates', base });

  it('carry the mean away', () => {
    expect(distance(merged('mean'))).toBeGreaterThan(50);
  });

  it.each(['median', 'trimmed-mean(trim=0.23)', 'geometric-median', 'krum(f=2)', 'multi-krum(f=2)'])(
    'do not move %s further than a sound update lies',
    (text) => {
      const furthest = Math.max(...sound.map(({ state }) => distance(state)));
      expect(distance(merged(text))).toBeLessThan(1.1 * furthest);
    },
  );

  it('move centred-clipping(tau=45) by no more than τ each', () => {
    const without = merge(strategyByName('centred-clipping(tau=45)'), sound, { on: 'updates', base });
    const moved = Math.sqrt(
      merged('centred-clipping(tau=45)').data.reduce(
        (sum, value, i) => sum + (value - (7 / 9) * without.data[i]!) ** 2,
        0,
      ),
    );
    expect(moved).toBeLessThanOrEqual((2 * 45) / 9 + 1e-3);
  });
});

it('Bulyan withstands two of eleven that are wrong in one place only', () => {
  const more = Array.from({ length: 2 }, (_, k) => ({ ...sound[k]!, name: `more-${k}` }));
  const attackers = ['x', 'y'].map((name) => ({
    name,
    examples: 1,
    state: stateOf((i) => (i === 0 ? 5 : truth(i))),
  }));
  const merged = merge(strategyByName('bulyan(f=2)'), [...sound, ...more, ...attackers]);
  expect(Math.abs(merged.data[0]! - 1)).toBeLessThan(0.2);
});
