import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, it } from 'vitest';
import { parse } from 'yaml';
import { arrayDataset } from '../../../data/arrays/array-dataset.js';
import { withoutTest } from '../../../data/dataset.js';
import type { ConfigurationInput } from '../../../protocol/configuration/configuration.js';
import { parseConfiguration } from '../../../protocol/configuration/configuration.js';
import { distributedProblem } from '../../../protocol/configuration/distributed-problem.js';
import { runFederation } from '../run-federation.js';

const out = mkdtempSync(join(tmpdir(), 'commonweight-balanced-'));
afterAll(() => rmSync(out, { recursive: true }));

const configuration = {
  ...{ partition: { name: 'iid', participants: 2 }, model: { name: 'logistic-regression' }, rounds: 1 },
  ...{ optimizer: { name: 'sgd', learningRate: 0.1 }, local: { steps: 3 }, batchSize: 8 },
  loss: { name: 'softmax-cross-entropy', classWeights: 'balanced' },
} as const satisfies ConfigurationInput;

/** One in ten is of the second class. */
const data = (names: string[]) =>
  withoutTest(
    arrayDataset({
      name: 'rare',
      inputs: [{ name: 'x', values: Float32Array.from({ length: 200 }, (_, i) => i % 7), shape: [1] }],
      targets: [
        {
          name: 'y',
          values: Int32Array.from({ length: 200 }, (_, i) => Number(i % 10 === 0)),
          meaning: { kind: 'categories', names },
        },
      ],
    }),
  );

it('classes are balanced by the training examples of all participants, as numbers of the run', async () => {
  const options = { data: data(['well', 'ill']), workers: 1 };
  const balanced = await runFederation(configuration, { ...options, out: join(out, 'balanced') });
  const kept = parse(readFileSync(join(out, 'balanced', 'configuration.yaml'), 'utf8'));
  // Of 180 training examples 18 are ill.
  expect(kept.loss.classWeights).toEqual([180 / (2 * 162), 180 / (2 * 18)]);
  const given = await runFederation({ ...configuration, loss: kept.loss }, options);
  expect(given.model).toEqual(balanced.model);
  const plain = await runFederation({ ...configuration, loss: { name: 'softmax-cross-entropy' } }, options);
  expect(plain.model).not.toEqual(balanced.model);
  const again = await runFederation(configuration, { ...options, out: join(out, 'balanced') });
  expect(again.model).toEqual(balanced.model);
});

it('what cannot be balanced is said', async () => {
  await expect(
    runFederation(configuration, { data: data(['well', 'ill', 'unknown']), workers: 1 }),
  ).rejects.toThrow('no training example is of the class "unknown"');
  const across = parseConfiguration({ ...configuration, partition: { name: 'own' } }, 'test');
  expect(distributedProblem(across)?.message).toContain('"loss.classWeights" is "balanced"');
});
