/** Federations of tables: the layer that prepares rows stands before every network. */
import { describe, expect, it } from 'vitest';
import { smallTable, smallTableConstants } from '../../../test/small-table.js';
import type { ConfigurationInput } from '../../protocol/configuration/configuration.js';
import { runFederation } from './run-federation.js';

const data = { train: smallTable(600), test: smallTable(200, 2) };
const configuration = {
  partition: { name: 'iid', participants: 2 },
  optimizer: { name: 'adam', learningRate: 0.02 },
  local: { epochs: 5 },
  batchSize: 20,
  rounds: 2,
  constants: smallTableConstants,
} as const satisfies Omit<ConfigurationInput, 'model'>;

const run = (model: ConfigurationInput['model'], change = {}) =>
  runFederation({ ...configuration, model, ...change }, { data, workers: 1 });

describe('a federation of tables', () => {
  it.each([
    ['one-hot categories', {}],
    ['embeddings', { embeddings: 2 } as const],
  ])('learns from numbers, what is missing, and %s', async (_, embeddings) => {
    const { result, model } = await run({ name: 'mlp', hidden: [16], ...embeddings });
    expect(result.rounds.at(-1)?.merged.mean?.test?.accuracy).toBeGreaterThan(0.95);
    const names = model?.layout.map(({ name }) => name);
    expect(names?.slice(0, 5)).toEqual(
      ['impute', 'low', 'high', 'mean', 'deviation'].map((name) => `preprocess.constants.${name}`),
    );
    expect(names?.includes('preprocess.embeddings.0.weight')).toBe('embeddings' in embeddings);
  });

  it('says which constants are missing', async () => {
    await expect(run({ name: 'mlp' }, { constants: undefined })).rejects.toThrow(
      /"preprocess\.constants\.impute" is not given/,
    );
  });
});

it('embeddings are refused where the data have no categories of a table', async () => {
  const [numbers] = data.train.inputs;
  const without = {
    train: { ...data.train, inputs: [numbers!] },
    test: { ...data.test, inputs: [data.test.inputs[0]!] },
  };
  await expect(
    runFederation(
      { ...configuration, model: { name: 'mlp', embeddings: 'auto' } },
      { data: without, workers: 1 },
    ),
  ).rejects.toThrow(/"model\.embeddings" is auto.*no categories/);
});
