import { describe, expect, it } from 'vitest';
import { imageDataset } from '../../data/images/image-dataset.js';
import { type ConfigurationInput, parseConfiguration } from '../../protocol/configuration/configuration.js';
import { checkPartition, sharesOf } from '../plan/dealt-shares.js';

const withPartition = (partition: ConfigurationInput['partition']) =>
  parseConfiguration(
    {
      ...{ partition, model: { name: 'mlp' }, optimizer: { name: 'adam' } },
      ...{ local: { epochs: 1 }, rounds: 1 },
    },
    'test',
  );
const images = imageDataset({
  ...{ name: 'four', images: new Uint8Array(4), labels: Uint8Array.of(0, 1, 0, 1) },
  ...{ channels: 1, height: 1, width: 1, classNames: ['a', 'b'] },
});
const data = { train: images, test: images };

describe('the partition "own"', () => {
  it('is that of participants elsewhere; a partitioner says how one machine would deal out data', () => {
    for (const partition of [
      { name: 'own', participants: 3 },
      { name: 'v' },
      { name: 'dirichlet', alpha: 1 },
    ]) {
      expect(() => checkPartition(withPartition(partition), 'federation.yaml')).not.toThrow();
    }
    expect(() => checkPartition(withPartition({ name: 'owns' }), 'federation.yaml')).toThrow(
      expect.objectContaining({
        message:
          'federation.yaml: "partition.name" is "owns", expected one of own, v, h, iid, dirichlet, shards, quantity-skew',
        hint: 'did you mean "own"?',
      }),
    );
    expect(() => checkPartition(withPartition({ name: 'own', alpha: 1 }), 'federation.yaml')).toThrow(
      'federation.yaml: "partition.alpha" is set, but "own" data are not dealt out',
    );
    expect(() => checkPartition(withPartition({ name: 'v', alpha: 1 }), 'federation.yaml')).toThrow(
      'partition: "v" has no setting "alpha"; it takes none',
    );
  });

  it('is nothing that one machine can deal out, which says who can', () => {
    expect(() => sharesOf(withPartition({ name: 'own' }), data, 'federation.yaml')).toThrow(
      expect.objectContaining({
        message:
          'federation.yaml: "partition.name" is "own", in which each participant brings its own data, expected one of v, h, iid, dirichlet, shards, quantity-skew on one machine',
        hint: 'lead it by `commonweight serve`, where the others join; or name a partitioner',
      }),
    );
    expect(() => sharesOf(withPartition({ name: 'vv' }), data, 'federation.yaml')).toThrow(
      'expected one of v, h',
    );
  });
});
