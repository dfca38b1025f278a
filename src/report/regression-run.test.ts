/**
 * A run of regression on arrays, from its workers to its report and to what observers are shown.
 */
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { randomStream } from '../base/random.js';
import { arrayDataset } from '../data/arrays/array-dataset.js';
import { mlp } from '../engine/nn/models/mlp.js';
import { runFederation } from '../federation/coordinator/run-federation.js';
import { readRun } from '../federation/record/read-run.js';
import type { RunResult } from '../federation/record/run-result.js';
import { recordedView } from './pages/recorded-view.js';
import { reportRun } from './pages/report-run.js';
import { heldBack } from './text/held-back.js';
import { trainingText } from './text/introduction.js';

const folder = mkdtempSync(join(tmpdir(), 'commonweight-regression-'));
afterAll(() => rmSync(folder, { recursive: true }));
const out = join(folder, 'run');

/** y = 3x − z and a little noise. */
function points(examples: number, seed: number) {
  const random = randomStream(seed, 'points');
  const features = Float32Array.from({ length: 2 * examples }, () => 2 * random.uniform() - 1);
  const values = Float32Array.from(
    { length: examples },
    (_, i) => 3 * (features[2 * i] ?? 0) - (features[2 * i + 1] ?? 0) + 0.1 * random.uniform(),
  );
  return arrayDataset({
    name: 'points',
    inputs: [{ name: 'features', values: features, shape: [2] }],
    targets: [{ name: 'y', values }],
  });
}

let result: RunResult;
beforeAll(async () => {
  const outcome = await runFederation(
    {
      partition: { name: 'iid', participants: 2 },
      task: { name: 'regression', unit: 'km' },
      model: { name: 'custom' },
      optimizer: { name: 'adam', learningRate: 0.02 },
      batchSize: 32,
      local: { epochs: 3, threshold: { metric: 'r2', atLeast: 0.9999 } },
      rounds: 8,
      reference: 0.8,
    },
    {
      ...{ out, workers: 2, extensions: { network: mlp({ classes: 1, hidden: [8] }) } },
      data: { train: points(600, 1), test: points(200, 2) },
    },
  );
  result = outcome.result;
});

describe('a run of regression', () => {
  it('ends as soon as every copy is at or below its reference', () => {
    expect(result.metrics.map(({ name }) => name)).toEqual(['rmse', 'mae', 'r2', 'loss']);
    expect(result.stopped.reason).toBe('every-participant-passed');
    const copies = result.rounds.map(({ copied }) => copied.map(({ validation }) => validation.rmse!));
    expect(Math.max(...copies.at(-1)!)).toBeLessThanOrEqual(0.8);
    for (const earlier of copies.slice(0, -1)) expect(Math.max(...earlier)).toBeGreaterThan(0.8);
    const test = result.rounds.at(-1)!.merged.mean!.test;
    expect(test.rmse! ** 2).toBeCloseTo(test.loss!, 5);
    expect(test.r2).toBeGreaterThan(0.5);
  });

  it('is introduced by the metric of its threshold', () => {
    expect(trainingText(result.settings)).toContain('until its own validation R² is 0.9999');
    const { local } = result.settings;
    const twice = { ...result.settings, local: { ...local, firstThreshold: 2 } };
    expect(trainingText(twice)).toContain('RMSE is 2 km in round 1, then R² 0.9999');
  });

  it('leaves files that name its metrics', () => {
    const csv = readFileSync(join(out, 'metrics.csv'), 'utf8');
    expect(csv).toMatch(/^round,model,set,rmse,mae,r2,loss\n1,environment-1,validation,[\d.]+,/);
    expect(JSON.parse(readFileSync(join(out, 'result.json'), 'utf8')).metrics[0].unit).toBe('km');
  });

  it('is reported and watched by its main metric, without classes', async () => {
    const { html } = await reportRun(out);
    expect(html).toContain('RMSE (km) by round');
    expect(html).not.toMatch(/accuracy|Who holds what|taken for/);
    expect(heldBack(await readRun(out))[0]).toMatch(/every copy reaches 0\.8 km/);
    const { overview } = await recordedView(out);
    expect(overview.metrics[0].name).toBe('rmse');
    expect(overview.categories).toBeUndefined();
  });
});
