/**
 * Robust strategies against attackers up to the largest float32, and with large values that all
 * updates have in common: in memory, and over files.
 */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { some } from '../../../test/every-case.js';
import { randomStream } from '../../base/random.js';
import { encodeSafetensors } from '../../tensor/safetensors.js';
import { type StateDict, stateLayout } from '../../tensor/state-dict.js';
import { mergeFiles } from '../files/merge-files.js';
import { merge, type Update } from '../memory/merge.js';
import { strategyByName } from './strategies.js';

const size = 9000; // more than one block
const layout = stateLayout([['w', [size]]]);
const stateOf = (value: (i: number) => number): StateDict => ({
  layout,
  data: Float32Array.from({ length: size }, (_, i) => value(i)),
});
const folder = mkdtempSync(join(tmpdir(), 'robust-extremes-'));
afterAll(() => rmSync(folder, { recursive: true }));

/**
 * Nine updates of values near 0.01, each with its own number of examples. `shared` is added to
 * every tenth value of all.
 */
const sound = (shared = 0) =>
  Array.from({ length: 9 }, (_, k): Update => {
    const noise = randomStream(3, 'extremes', k);
    const state = stateOf((i) => 0.01 + 0.001 * noise.normal() + (i % 10 === 0 ? shared : 0));
    return { name: `site-${k}`, examples: 90 + k, state };
  });
const furthest = (states: readonly StateDict[], from: StateDict) =>
  Math.max(...states.map((state) => distance(state, from)));
const distance = (a: StateDict, b: StateDict) => Math.hypot(...a.data.map((value, i) => value - b.data[i]!));

async function mergedFiles(text: string, updates: readonly Update[], base?: StateDict): Promise<Uint8Array> {
  const write = (name: string, state: StateDict) => {
    const path = join(folder, `${name}.safetensors`);
    writeFileSync(path, encodeSafetensors(state));
    return path;
  };
  const output = join(folder, 'merged.safetensors');
  await mergeFiles({
    inputs: updates.map(({ name, state }) => write(name, state)),
    examples: updates.map(({ examples }) => examples),
    strategy: strategyByName(text),
    output,
    chunkBytes: 65_536,
    ...(base && { on: 'updates' as const, base: write('base', base) }),
  });
  return readFileSync(output);
}

const bytesOf = (state: StateDict) => Buffer.from(encodeSafetensors(state));

const strategies = [
  'median',
  'trimmed-mean(trim=0.2)',
  'geometric-median',
  'krum(f=2)',
  'multi-krum(f=2)',
  'bulyan(f=2)',
];
const attackers: Readonly<Record<string, (scale: number) => readonly ((i: number) => number)[]>> = {
  'that agree': (scale) => [() => scale, () => scale],
  'of both signs in each': (scale) => [
    (i) => (i % 2 === 0 ? scale : -scale),
    (i) => (i % 3 === 0 ? -scale : scale),
  ],
  'on two sides': (scale) => [() => scale, () => -scale],
  'that are wrong in one place': (scale) => [
    (i) => (i === 5 ? scale : 0.01),
    (i) => (i === 5 ? scale : 0.01),
  ],
};

describe.each(Object.entries(attackers))('two of eleven %s', (_, attack) => {
  it.each(strategies)(
    'do not move %s further than a sound update lies, however large they are',
    async (text) => {
      const honest = sound();
      const without = merge(strategyByName('mean'), honest);
      const limit = furthest(
        honest.map(({ state }) => state),
        without,
      );
      const base = stateOf(() => 0.01);
      for (const scale of some([3.4028234663852886e38, 1e3, 1e22, 1e30, -1e38], 2)) {
        const crafted = attack(scale).map((value, k): Update => {
          return { name: `attacker-${k}`, examples: 95, state: stateOf(value) };
        });
        const updates = [...honest, ...crafted];
        const merged = merge(strategyByName(text), updates);
        expect(distance(merged, without)).toBeLessThan(1.1 * limit);
        const onUpdates = merge(strategyByName(text), updates, { on: 'updates', base });
        expect(distance(onUpdates, without)).toBeLessThan(1.1 * limit);
        if (Math.abs(scale) < 1e38) continue;
        expect(Buffer.compare(await mergedFiles(text, updates), bytesOf(merged))).toBe(0);
        expect(Buffer.compare(await mergedFiles(text, updates, base), bytesOf(onUpdates))).toBe(0);
      }
    },
  );

  it('move centred-clipping by no more than τ/n each', () => {
    const honest = sound();
    const base = stateOf(() => 0.01);
    const clipping = strategyByName('centred-clipping(tau=1)');
    for (const scale of [1e3, 1e22, 3.4028234663852886e38]) {
      const crafted = attack(scale).map((value, k): Update => {
        return { name: `attacker-${k}`, examples: 95, state: stateOf(value) };
      });
      const merged = merge(clipping, [...honest, ...crafted], { on: 'updates', base });
      expect(distance(merged, base)).toBeLessThanOrEqual((2 + 9 * 0.1) / 11);
    }
  });
});

it('one of seven with [1e22, −1e22] does not move the geometric median of six near 0.01', () => {
  const two = stateLayout([['w', [2]]]);
  const update = (name: string, values: readonly number[]): Update => {
    return { name, examples: 1, state: { layout: two, data: Float32Array.from(values) } };
  };
  const six = [0.011, 0.009, 0.0105, 0.0095, 0.01, 0.0102];
  const updates = [
    ...six.map((value, k) => update(`site-${k}`, [value, 0.02 - value])),
    update('x', [1e22, -1e22]),
  ];
  const merged = merge(strategyByName('geometric-median'), updates);
  for (const value of merged.data) expect(Math.abs(value - 0.01)).toBeLessThan(0.001);
});

describe('where all updates have values of −1e9 in common', () => {
  const masked = [...sound(-1e9)];
  const outlier: Update = {
    name: 'outlier',
    examples: 90,
    state: stateOf((i) => (i % 10 === 0 ? -1e9 : 1)),
  };
  const updates = [...masked, outlier];
  // The tensors without masks.
  const free = (state: StateDict): StateDict => ({
    layout,
    data: state.data.map((value, i) => (i % 10 === 0 ? 0 : value)),
  });
  const without = free(merge(strategyByName('mean'), masked));

  it.each(['krum', 'multi-krum', 'bulyan', 'geometric-median'])('%s tells an outlier from them', (text) => {
    const merged = merge(strategyByName(text), updates);
    const limit = furthest(
      masked.map(({ state }) => free(state)),
      without,
    );
    expect(merged.data[0]).toBe(-1e9);
    expect(distance(free(merged), without)).toBeLessThan(1.1 * limit);
  });

  it('the geometric median is that of the values as they are without them', () => {
    const strategy = strategyByName('geometric-median');
    const plain = merge(
      strategy,
      updates.map((update) => ({ ...update, state: free(update.state) })),
    );
    expect(distance(free(merge(strategy, updates)), plain)).toBeLessThan(1e-6);
  });
});

it('an attacker that holds most of the participants, but less than half of the examples, is withstood', () => {
  const honest = sound().slice(0, 3);
  const crafted = Array.from({ length: 6 }, (_, k): Update => {
    return { name: `attacker-${k}`, examples: 40, state: stateOf(() => 3e38) };
  });
  const merged = merge(strategyByName('geometric-median'), [...honest, ...crafted]);
  const without = merge(strategyByName('mean'), honest);
  const limit = furthest(
    honest.map(({ state }) => state),
    without,
  );
  expect(distance(merged, without)).toBeLessThan(4 * limit);
});

it('the geometric median with an attacker of 1e38 is that of the formula, computed place by place in float64', () => {
  const places = 5;
  const small = stateLayout([['w', [places]]]);
  const vectors = Array.from({ length: 6 }, (_, k) => {
    const noise = randomStream(4, 'formula', k);
    const value = () => (k === 5 ? 1e38 * noise.normal() : 0.01 + 0.002 * noise.normal());
    return Array.from(Float32Array.from({ length: places }, value));
  });
  let z = Array.from({ length: places }, () => 0.01);
  for (let iteration = 0; iteration < 2000; iteration++) {
    const beta = vectors.map((vector) => 1 / Math.hypot(...vector.map((value, i) => value - z[i]!)));
    const total = beta.reduce((sum, value) => sum + value, 0);
    z = z.map((_, i) => vectors.reduce((sum, vector, k) => sum + (beta[k]! / total) * vector[i]!, 0));
  }
  const updates = vectors.map((vector, k): Update => {
    return { name: `site-${k}`, examples: 1, state: { layout: small, data: Float32Array.from(vector) } };
  });
  const merged = merge(strategyByName('geometric-median(nu=1e-12)'), updates);
  z.forEach((value, i) => {
    expect(merged.data[i]! / value - 1).toBeCloseTo(0, 6);
  });
});
