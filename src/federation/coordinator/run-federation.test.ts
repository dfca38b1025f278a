import { describe, expect, it } from 'vitest';
import { noise } from '../../../test/noise.js';
import { initialState, parametersOf } from '../../engine/nn/layers/network.js';
import { mlp } from '../../engine/nn/models/mlp.js';
import { permutationGroups } from '../../engine/nn/permutation-groups.js';
import { alignUpdates } from '../../merge/align/align.js';
import { merge } from '../../merge/memory/merge.js';
import { mean } from '../../merge/strategies/mean.js';
import type { ConfigurationInput } from '../../protocol/configuration/configuration.js';
import { runFederation } from './run-federation.js';

const data = { train: noise('my own pictures'), test: noise('test') };
const configuration: ConfigurationInput = {
  partition: { name: 'iid' },
  model: { name: 'mlp', hidden: [4] },
  optimizer: { name: 'sgd', learningRate: 0.1 },
  local: { epochs: 1 },
  rounds: 1,
};

describe('a federation as a library call', () => {
  it('calls its data by the name that it has', async () => {
    const { result } = await runFederation(configuration, { data });
    expect(result.dataset).toBe('my own pictures');
  });

  it('aligns models of independent initial weights before it merges them', async () => {
    // With so small a learning rate, the updates are the initial weights.
    const { model } = await runFederation(
      {
        ...configuration,
        initialWeights: 'independent',
        align: true,
        optimizer: { name: 'sgd', learningRate: 1e-30 },
      },
      { data, workers: 1 },
    );
    const network = mlp({ classes: 2, hidden: [4] });
    const updates = ['environment-1', 'environment-2'].map((name) => ({
      name,
      examples: 27,
      state: initialState(
        parametersOf(network, [{ name: 'images', dtype: 'f32', shape: [1, 4, 4] }]),
        0,
        'initial weights',
        name,
      ),
    }));
    const aligned = alignUpdates(
      permutationGroups(network, [{ name: 'images', dtype: 'f32', shape: [1, 4, 4] }]),
      updates,
    );
    expect(model?.data).toEqual(merge(mean(), aligned).data);
    expect(model?.data).not.toEqual(merge(mean(), updates).data);
  });

  it('refuses to align updates whose control variates would stay in another order', async () => {
    const scaffold = { ...configuration, align: true, correction: { name: 'scaffold' } } as const;
    await expect(runFederation(scaffold, { data })).rejects.toThrow('"align" is true, but SCAFFOLD');
  });

  it('deals out only so many images where it is told so, and no more than there are', async () => {
    const { result } = await runFederation({ ...configuration, examples: 20 }, { data });
    expect(result.rounds[0]!.participants.map(({ examples }) => examples)).toEqual([9, 9]);
    await expect(runFederation({ ...configuration, examples: 61 }, { data })).rejects.toThrow(
      'options: "examples" is 61, expected at most the 60 training examples',
    );
  });

  it('refuses a network beside the name of another', async () => {
    await expect(
      runFederation(configuration, { data, extensions: { network: mlp({ classes: 2 }) } }),
    ).rejects.toThrow('options: a network is given, but "model.name" is "mlp"');
  });

  it('compares strategies of weights and of updates on the same updates, by their shortest names', async () => {
    const compare = [
      'median',
      { name: 'ties', density: 0.5 },
      'absmax(on=updates)',
      'centred-clipping(tau=1)',
    ];
    const seven = { ...configuration, partition: { name: 'iid', participants: 7 } } as const;
    const { result } = await runFederation({ ...seven, strategy: 'bulyan(f=1)', compare }, { data });
    expect(Object.keys(result.rounds[0]!.merged)).toEqual([
      'bulyan',
      'median',
      'ties(density=0.5)',
      'absmax(on=updates)',
      'centred-clipping(tau=1)',
    ]);
  });

  it('refuses strategies of updates where initial weights are independent', async () => {
    const independent = {
      ...configuration,
      initialWeights: 'independent',
      compare: ['model-stock'],
    } as const;
    await expect(runFederation(independent, { data })).rejects.toThrow(
      'options: "compare" is "model-stock", which is applied to updates, but independent initial weights',
    );
  });

  it('refuses a strategy with the name of another', async () => {
    await expect(
      runFederation(configuration, { data, extensions: { strategies: [mean()] } }),
    ).rejects.toThrow('options: there is a strategy "mean" already');
  });

  it('refuses a configuration that began with a model, without that model', async () => {
    const begun = { ...configuration, initialModel: 'a'.repeat(64) };
    await expect(runFederation(begun, { data })).rejects.toThrow(
      '"initialModel" names a model to start from',
    );
  });
});
