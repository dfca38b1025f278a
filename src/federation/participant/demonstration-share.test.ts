import { afterEach, describe, expect, it } from 'vitest';
import { noise } from '../../../test/noise.js';
import { pictureColumns } from '../../../test/picture-columns.js';
import { categoriesOf } from '../../data/dataset.js';
import { requireImages } from '../../data/images/image-dataset.js';
import { initialState, parametersOf } from '../../engine/nn/layers/network.js';
import { mlp } from '../../engine/nn/models/mlp.js';
import { onPixels, pixels } from '../../engine/nn/models/normalize-pixels.js';
import { sgd } from '../../engine/nn/optimizers.js';
import { compilePlan } from '../../engine/nn/plan.js';
import { classification } from '../../engine/nn/tasks/classification.js';
import { type ConfigurationInput, parseConfiguration } from '../../protocol/configuration/configuration.js';
import type { Description } from '../../protocol/description.js';
import { WorkerPool } from '../../training/threads/node/worker-pool.js';
import { type TestHub, testHub } from '../../transport/hub/server/test-hub.contract.js';
import { exampleDescription } from '../../transport/transport.contract.js';
import { lendShares } from '../coordinator/lend-shares.js';
import { sharesOf } from '../plan/dealt-shares.js';
import { shareChoice } from '../plan/share-choice.js';
import { decodeShare, demonstrationShare, encodeShare, hasDemonstration } from './demonstration-share.js';
import { type OwnData, ownData } from './own-data.js';

const train = noise('lent');
const described = (partition: ConfigurationInput['partition'], dataset = 'fashion-mnist'): Description => ({
  ...exampleDescription,
  configuration: parseConfiguration(
    {
      ...{ dataset, partition, model: { name: 'mlp', hidden: [4] }, seed: 7 },
      ...{ optimizer: { name: 'sgd', learningRate: 0.1 }, local: { epochs: 1 }, rounds: 1 },
    },
    'test',
  ),
  participants: ['site-a', 'site-b', 'site-c'],
  ...pictureColumns([1, 4, 4], ['a', 'b']),
});
const description = described({ name: 'dirichlet', participants: 3, alpha: 0.5, validation: 0.2 });

/** What is trained on and validated with, in order. */
const examplesOf = ({ dataset, share }: OwnData) =>
  (['train', 'validation'] as const).map((part) =>
    Array.from(share[part], (index) => [
      requireImages(dataset).labels[index],
      ...requireImages(dataset).images.subarray(index * 16, (index + 1) * 16),
    ]),
  );
const load = async () => ({ train, test: train });
const lent = (k: number) => {
  const share = sharesOf(description.configuration, { train, test: train }, 'test')[k]!;
  return encodeShare({ dataset: train, share });
};

describe('a demonstration share', () => {
  let hub: TestHub | undefined;
  afterEach(async () => {
    await hub?.close();
    hub = undefined;
  });

  it('has the examples, in their order, that a native participant takes by --partition', () => {
    for (const [k, name] of description.participants.entries()) {
      const native = ownData(train, name, description, shareChoice(`dirichlet:alpha=0.5:${k + 1}/3`));
      const got = decodeShare(lent(k), name, description);
      expect(got.share.name).toBe(name);
      expect(categoriesOf(got.dataset)).toEqual(['a', 'b']);
      expect(examplesOf(got)).toEqual(examplesOf(native));
    }
  });

  it('trains to the bytes of a native participant', async () => {
    const inputs = [pixels([1, 4, 4])];
    const network = onPixels(mlp({ classes: 2, hidden: [4] }));
    const plan = compilePlan({
      ...{ network, inputs, task: classification({ classes: 2 }) },
      ...{ optimizer: sgd({ momentum: 0.9 }), batchSize: 4 },
    });
    const base = initialState(parametersOf(network, inputs), 5).data;
    const trained = async ({ dataset, share: { train, validation } }: OwnData) => {
      const pool = new WorkerPool({ plan, train: dataset }, 1);
      const learningRates = Float32Array.of(0.1, 0.1, 0.1);
      const work = { participant: 'site-b', round: 1, seed: 7, epochs: 3, learningRates };
      const augmented = { ...work, augmentation: { flip: true, shift: 1 } };
      const result = await pool.train({
        type: 'train',
        work: augmented,
        base,
        train,
        validation,
      });
      await pool.close();
      return result;
    };
    const native = await trained(
      ownData(train, 'site-b', description, shareChoice('dirichlet:alpha=0.5:2/3')),
    );
    expect(native.state).not.toEqual(base);
    expect(await trained(decodeShare(lent(1), 'site-b', description))).toEqual(native);
  });

  it('is there where the data set is public and a partitioner deals it out', () => {
    expect(hasDemonstration(description)).toBe(true);
    expect(hasDemonstration(described({ name: 'own', participants: 3 }))).toBe(false);
    expect(hasDemonstration(described({ name: 'v', participants: 3 }, './pictures'))).toBe(false);
  });

  it('is refused in words when it is not whole, or of other images', () => {
    const bytes = lent(0);
    const other = { ...description, ...pictureColumns([3, 4, 4], ['a', 'b']) };
    expect(() => decodeShare(bytes.subarray(0, -1), 'site-a', description)).toThrow(
      /bytes, expected \d+ for/,
    );
    expect(() => decodeShare(bytes, 'site-a', other)).toThrow(/bytes, expected \d+ for/);
    expect(() => decodeShare(new Uint8Array(3), 'site-a', description)).toThrow('has no header');
    expect(() => decodeShare(new Uint8Array(64).fill(255), 'site-a', description)).toThrow('has no header');
    expect(() => decodeShare(new Uint8Array(64), 'site-a', description)).toThrow('cannot be read');
  });

  it('comes from the hub to the participant whose it is, and to nobody else', async () => {
    hub = await testHub();
    const { url } = await hub.open({
      lendShare: lendShares(description.configuration, description.participants, load),
    });
    const got = await demonstrationShare(url, await hub.tokenOf('site-b'), 'site-b', description);
    expect(examplesOf(got)).toEqual(examplesOf(decodeShare(lent(1), 'site-b', description)));
    const observer = await hub.tokens.issue({ role: 'observer' });
    await expect(demonstrationShare(url, observer, 'site-b', description)).rejects.toThrow('for participant');
  });

  it('is read once for all who ask at a time, and let go when it is sent', async () => {
    let loads = 0;
    const lend = lendShares(description.configuration, description.participants, () => {
      loads++;
      return load();
    });
    const got: Uint8Array[] = [];
    const keep = async (bytes: Uint8Array) => void got.push(bytes);
    // Others ask while one is being sent.
    await lend('site-a', async (bytes) => {
      await lend('site-b', keep);
      await lend('site-a', keep);
      expect(got[1]).toBe(bytes);
    });
    expect(loads).toBe(1);
    await lend('site-b', keep);
    expect(loads).toBe(2);
    expect(got).toEqual([lent(1), lent(0), lent(1)]);
  });

  it('is not to be had where everybody brings their own', async () => {
    hub = await testHub();
    const { url } = await hub.open();
    await expect(
      demonstrationShare(url, await hub.tokenOf('site-a'), 'site-a', description),
    ).rejects.toMatchObject({
      message: 'the hub lends no share: each participant brings its own data to this federation',
      hint: 'choose images of your own',
    });
  });
});
