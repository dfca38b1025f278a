/** Constants, in files and in memory: all models must have been given the same. */
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { decodeSafetensors, encodeSafetensors } from '../../tensor/safetensors.js';
import { type StateDict, stateLayout } from '../../tensor/state-dict.js';
import { statisticsChoices } from '../memory/by-role.js';
import { merge } from '../memory/merge.js';
import { max } from '../strategies/max.js';
import { strategyByName } from '../strategies/strategies.js';
import { mergeFiles } from './merge-files.js';

let folder = '';
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'commonweight-constants-'));
});
afterEach(() => rm(folder, { recursive: true }));

const layout = stateLayout([
  ['fc.weight', [2]],
  ['scale.constants.mean', [3]],
]);
const model = (weights: readonly number[], mean: readonly number[]): StateDict => ({
  layout,
  data: Float32Array.of(...weights, ...mean),
});
const updatesOf = (states: readonly StateDict[]) =>
  states.map((state, k) => ({ name: `site-${k}`, examples: k + 1, state }));
const written = (states: readonly StateDict[]) =>
  Promise.all(
    states.map(async (state, k) => {
      const path = join(folder, `site-${k}`);
      await writeFile(path, encodeSafetensors(state));
      return path;
    }),
  );

describe('constants of models that are merged', () => {
  const states = [model([1, 2], [0.1, -7, 3]), model([3, 0], [0.1, -7, 3])];

  it.each(['mean', 'max', 'ties', 'median'])('stay as they are, by "%s"', async (name) => {
    const strategy = strategyByName(name);
    const base = model([0, 0], [0.1, -7, 3]);
    const inMemory = merge(strategy, updatesOf(states), { on: strategy.on ?? 'weights', base });
    expect([...inMemory.data.subarray(2)]).toEqual([...(states[0]?.data.subarray(2) ?? [])]);
    const [inputs, output] = [await written(states), join(folder, 'out')];
    const basePath = join(folder, 'base');
    await writeFile(basePath, encodeSafetensors(base));
    await mergeFiles({
      ...{ inputs, examples: [1, 2], strategy, output },
      ...(strategy.on === 'updates' && { base: basePath }),
    });
    expect(decodeSafetensors(await readFile(output), 'out').state.data).toEqual(inMemory.data);
  });

  it.each(statisticsChoices)('are refused where they differ, with statistics by "%s"', async (statistics) => {
    const different = [...states, model([1, 1], [0.1, -7, 4])];
    const expected = /"scale\.constants\.mean" is [34] at index 2 in .*site-.*expected [34] .*site-/;
    expect(() => merge(max(), updatesOf(different), { on: 'weights', statistics })).toThrow(expected);
    const options = { strategy: max(), output: join(folder, 'out'), statistics };
    await expect(mergeFiles({ ...options, inputs: await written(different) })).rejects.toThrow(expected);
  });
});
