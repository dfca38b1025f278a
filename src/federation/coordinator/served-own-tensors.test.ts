/**
 * Own tensors of participants elsewhere: the bytes of a run on one machine, and what nobody else
 * has.
 */
import { readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { base, served } from '../../../test/served-federation.js';
import { networkOf } from '../../engine/nn/by-name.js';
import { initialState, parametersOf } from '../../engine/nn/layers/network.js';
import { onPixels, pixels } from '../../engine/nn/models/normalize-pixels.js';
import type { ConfigurationInput } from '../../protocol/configuration/configuration.js';
import { decodeSafetensors, encodeSafetensors } from '../../tensor/safetensors.js';
import { tensorView } from '../../tensor/state-dict.js';
import { FINAL_MODEL } from '../participant/take-part.js';
import { runFederation } from './run-federation.js';
import { eachInFolder } from './serve-federation.contract.js';

const share = ['fc1.*'];

describe('a served federation in which the last layer stays with each participant', () => {
  const folderOf = eachInFolder();

  it.each<[string, Partial<ConfigurationInput>]>([
    [
      'participants drawn for each round, and a strategy that wants the Fisher information',
      {
        ...{ strategy: 'fisher-mean', fisherExamples: 32, participantsPerRound: 2, rounds: 3 },
      },
    ],
    [
      'SCAFFOLD, initial weights of everybody’s own, and an average',
      {
        ...{ correction: { name: 'scaffold' }, initialWeights: 'independent' },
        average: { name: 'swa', from: 1, final: true },
      },
    ],
  ])('comes to the bytes of a run on one machine, with %s', async (_, changes) => {
    const folder = folderOf();
    const configuration: ConfigurationInput = { ...base, share, ...changes };
    const { result, outcomes, out } = await served(folder, configuration);
    const local = join(folder, 'local');
    const { result: expected } = await runFederation(configuration, { out: local, workers: 1 });
    expect(result.model?.sha256).toBe(expected.model?.sha256);
    expect(result.rounds.map(({ copied }) => copied)).toEqual(expected.rounds.map(({ copied }) => copied));
    // The coordinator has test images, and no model to try on them.
    expect(result.rounds.map(({ merged }) => merged)).toEqual(result.rounds.map(() => ({})));
    const shared = decodeSafetensors(await readFile(join(out, 'model.safetensors')), 'shared').state;
    expect(shared.layout.map(({ name }) => name)).toEqual(['fc1.weight', 'fc1.bias']);
    for (const [k, { name, file }] of (expected.personal ?? []).entries()) {
      const theirs = await readFile(join(folder, name, FINAL_MODEL));
      expect(theirs.equals(await readFile(file))).toBe(true);
      expect(outcomes[k]).toMatchObject({ type: 'finished', reason: 'max-rounds' });
    }
    // What stays is nowhere with the coordinator.
    const blobs = await readdir(join(out, 'blobs'));
    for (const blob of blobs) {
      const { state } = decodeSafetensors(await readFile(join(out, 'blobs', blob)), blob);
      expect(state.layout.map(({ name }) => name)).not.toContain('fc2.weight');
    }
    expect((await readdir(join(out, 'methods')).catch(() => [])).join()).not.toContain('own-');
  });

  it('begins with the last layer of a model that is given, which participants fetch once', async () => {
    const normalization = { mean: [0], deviation: [1] };
    const network = onPixels(networkOf({ name: 'mlp', hidden: [16], dropout: 0 }, 10), normalization);
    const given = initialState(parametersOf(network, [pixels([1, 28, 28])]), 'a model to start from');
    const init = join(folderOf(), 'start.safetensors');
    await writeFile(init, encodeSafetensors(given));
    // One is drawn: the others keep what they began with.
    const configuration: ConfigurationInput = { ...base, share, rounds: 1, participantsPerRound: 1 };
    const { outcomes } = await served(folderOf(), configuration, undefined, { init });
    const heads = outcomes.map((outcome) => {
      if (outcome instanceof Error || outcome.type !== 'finished') throw outcome;
      return tensorView(decodeSafetensors(outcome.model as Uint8Array, 'theirs').state, 'fc2.weight');
    });
    const first = tensorView(given, 'fc2.weight').join();
    expect(heads.filter((head) => head.join() === first)).toHaveLength(heads.length - 1);
    const { personal = {} } = await runFederation(configuration, { init, workers: 1 });
    expect(heads).toEqual(Object.values(personal).map((model) => tensorView(model, 'fc2.weight')));
  });
});
