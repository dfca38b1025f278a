/**
 * What travels beside updates, over real channels: the Fisher information, and the sums of a refit.
 */
import { describe, expect, it } from 'vitest';
import { everyCase } from '../../../test/every-case.js';
import { natsServer, withoutNats } from '../../../test/nats-server.js';
import { base } from '../../../test/served-federation.js';
import { overHub, overNats, servedOver, type Way } from '../../../test/served-over.js';
import type { ConfigurationInput } from '../../protocol/configuration/configuration.js';
import type { TakePartOutcome } from '../participant/take-part.js';
import { shareChoice } from '../plan/share-choice.js';
import { runFederation } from './run-federation.js';
import { eachInFolder } from './serve-federation.contract.js';

describe('a served federation that refits the last layer, and merges by the Fisher information', () => {
  const folderOf = eachInFolder();

  it('comes to the bytes of a run over a hub', async () => {
    const folder = folderOf();
    await comesToTheBytes(await overHub(folder), folder);
  });

  if (everyCase)
    it.skipIf(withoutNats)('comes to the bytes of a run over NATS', async () => {
      const server = await natsServer();
      await comesToTheBytes(overNats(server.url), folderOf()).finally(() => server.stop());
    });
});

async function comesToTheBytes(way: Way, folder: string): Promise<void> {
  const configuration: ConfigurationInput = {
    ...base,
    ...{ strategy: 'fisher-mean', fisherExamples: 32, refit: { rounds: 'every' } },
  };
  const taking: Promise<TakePartOutcome | Error>[] = [];
  const { result } = await servedOver(way, folder, configuration, {}, ({ join }) => {
    for (const k of [1, 2])
      taking.push(join(`environment-${k}`, { data: base.dataset, choice: shareChoice(`v:${k}/2`) }));
  });
  for (const outcome of await Promise.all(taking))
    expect(outcome).toMatchObject({ type: 'finished', reason: 'max-rounds' });
  const { result: expected } = await runFederation(configuration, { workers: 1 });
  expect(result.model?.sha256).toBe(expected.model?.sha256);
  const { result: plain } = await runFederation({ ...configuration, refit: undefined }, { workers: 1 });
  expect(result.model?.sha256).not.toBe(plain.model?.sha256);
}
