/**
 * Networks with batch norm: merged by any strategy, their statistics stay statistics, and PyTorch
 * loads what comes of it.
 */
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, describe, expect, it } from 'vitest';
import { mergeFiles } from '../../src/merge/files/merge-files.js';
import { merge, type Update } from '../../src/merge/memory/merge.js';
import { strategyByName, strategyNames } from '../../src/merge/strategies/strategies.js';
import { decodeSafetensors, encodeSafetensors } from '../../src/tensor/safetensors.js';
import { tensorView } from '../../src/tensor/state-dict.js';
import { PYTORCH, requires } from '../requires.js';

const pathOf = (path: string) => fileURLToPath(new URL(path, import.meta.url));
/** A small network and two that were trained from it: their counters are 0, and two others. */
const [base, a, b] = ['bn0', 'bn1', 'bn2'].map((name) =>
  pathOf(`../fixtures/batch-norm/${name}.safetensors`),
) as [string, string, string];
const stateOf = (path: string) => decodeSafetensors(readFileSync(path), path).state;
const valuesOf = (path: string, name: string) => [...tensorView(stateOf(path), name)];
const folder = mkdtempSync(join(tmpdir(), 'batch-norm-'));
afterAll(() => rmSync(folder, { recursive: true }));

/** Those that take two updates and nothing besides. */
const strategies = strategyNames
  .filter((name) => !['trimmed-mean', 'krum', 'multi-krum', 'bulyan', 'fisher-mean'].includes(name))
  .map((name) => (name === 'centred-clipping' ? 'centred-clipping(tau=1)' : name));
const outputOf = (text: string) => join(folder, `${text}.safetensors`);
const merged = (text: string, statistics?: 'mean' | 'strategy' | 'first') => {
  const strategy = strategyByName(text);
  return mergeFiles({
    inputs: [a, b],
    examples: [3, 1],
    strategy,
    output: outputOf(text),
    ...(strategy.on === 'updates' && { base }),
    ...(statistics && { statistics }),
  });
};

describe('models with batch norm', () => {
  it.each(strategies)('merged by %s keep their statistics, in files as in memory', async (text) => {
    const { notes } = await merged(text);
    expect(notes).toEqual([
      'batch norm: 2 statistics by the weighted mean, 1 counter by the largest; --statistics is mean, and can be strategy or first',
    ]);
    const output = outputOf(text);
    for (const name of ['1.running_mean', '1.running_var']) {
      const [first, second] = [valuesOf(a, name), valuesOf(b, name)];
      expect(valuesOf(output, name)).toEqual(
        first.map((value, i) => Math.fround((3 * value + second[i]!) / 4)),
      );
    }
    const counters = [a, b, output].map((path) => valuesOf(path, '1.num_batches_tracked')[0]);
    expect(counters[2]).toBe(Math.max(counters[0]!, counters[1]!));

    const updates = [a, b].map((path, k): Update => {
      return { name: `site-${k}`, examples: [3, 1][k]!, state: stateOf(path) };
    });
    const strategy = strategyByName(text);
    const on = strategy.on ?? 'weights';
    const inMemory = merge(strategy, updates, { on, base: stateOf(base) });
    const again = decodeSafetensors(encodeSafetensors(inMemory), 'again').state;
    for (const { name } of inMemory.layout) {
      expect([...tensorView(again, name)]).toEqual(valuesOf(output, name));
    }
  });

  it('may have the statistics of the first, with its counters', async () => {
    await merged('mean', 'first');
    for (const name of ['1.running_mean', '1.running_var', '1.num_batches_tracked']) {
      expect(valuesOf(outputOf('mean'), name)).toEqual(valuesOf(a, name));
    }
    expect(valuesOf(outputOf('mean'), '0.weight')).not.toEqual(valuesOf(a, '0.weight'));
    await merged('mean');
  });

  it('may have statistics by the strategy, but no variance below 0', async () => {
    await merged('max', 'strategy');
    const [first, second] = [valuesOf(a, '1.running_var'), valuesOf(b, '1.running_var')];
    expect(valuesOf(outputOf('max'), '1.running_var')).toEqual(
      first.map((value, i) => Math.max(value, second[i]!)),
    );
    await merged('max');
    await expect(merged('dare', 'strategy')).rejects.toMatchObject({
      message: expect.stringMatching(
        /^merge: the merged "1.running_var" is -0\.\d+ at index \d, expected a variance, not below 0$/,
      ),
      hint: 'merge statistics by the mean, and look at the variances of the models',
    });
  });

  const python = requires(PYTORCH);
  it.skipIf(python === undefined)('load into PyTorch strictly, and their outputs are finite', () => {
    const script = pathOf('check_batch_norm.py');
    const { stdout, stderr } = spawnSync(python!, [script, ...strategies.map(outputOf)], {
      encoding: 'utf8',
    });
    expect(stderr).toBe('');
    expect(JSON.parse(stdout)).toEqual({ finite: strategies.map(() => true) });
  });
});
