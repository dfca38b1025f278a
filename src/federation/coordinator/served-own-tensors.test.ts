/**
 * Own tensors of participants elsewhere: the bytes of a run on one machine, and what nobody else
 * has.
 */
import { readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { everyCase } from '../../../test/every-case.js';
import { natsServer, withoutNats } from '../../../test/nats-server.js';
import { sentences } from '../../../test/own-tasks.js';
import { base, served } from '../../../test/served-federation.js';
import { overHub, overNats, type ServedRun, servedOver, type Way } from '../../../test/served-over.js';
import { reader } from '../../../test/small-datasets.js';
import { withoutExamples } from '../../data/dataset.js';
import { networkOf } from '../../engine/nn/by-name.js';
import { initialState, parametersOf } from '../../engine/nn/layers/network.js';
import { onPixels, pixels } from '../../engine/nn/models/normalize-pixels.js';
import { replayRun } from '../../experiments/replay.js';
import type { ConfigurationInput } from '../../protocol/configuration/configuration.js';
import { decodeSafetensors, encodeSafetensors } from '../../tensor/safetensors.js';
import { tensorView } from '../../tensor/state-dict.js';
import { FINAL_MODEL } from '../participant/kept/participant-files.js';
import type { JoinOptions } from '../participant/node/join-federation.js';
import type { TakePartOutcome } from '../participant/take-part.js';
import { shareChoice } from '../plan/share-choice.js';
import type { RoundEvent } from '../rounds/round-events.js';
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

/**
 * "has-it" has the network, "accepts" takes the coordinator's plan instead, "late" joins after round
 * 1, and "moves" continues in another folder after round 3, without its own tensors.
 */
const names = ['has-it', 'accepts', 'moves', 'late'] as const;
type Name = (typeof names)[number];

describe('own tensors stay where they are, with a foreign plan, somebody late, a rollback, a drop and half precision', () => {
  const folderOf = eachInFolder();

  it('over a hub', async () => {
    const folder = folderOf();
    await lastsThroughAll(await overHub(folder), folder);
  });

  if (everyCase)
    it.skipIf(withoutNats)('over NATS', async () => {
      const server = await natsServer();
      await lastsThroughAll(overNats(server.url), folderOf()).finally(() => server.stop());
    });
});

async function lastsThroughAll(way: Way, folder: string): Promise<void> {
  const configuration: ConfigurationInput = {
    dataset: sentences.name,
    participants: [...names],
    partition: { name: 'iid', participants: 4 },
    model: { name: 'custom' },
    optimizer: { name: 'sgd', learningRate: 0.3 },
    batchSize: 4,
    local: { epochs: 2 },
    rounds: 4,
    evaluateEvery: 4,
    share: ['words.*'],
    codec: { update: 'half', model: 'half' },
    // Round 1 does not wait for who is late, and the last rounds wait for the three others.
    ...{ quorum: 3, deadlineSeconds: 3 },
  };
  const extensions = { network: reader };
  const outcomes = new Map<string, Promise<TakePartOutcome | Error>>();
  let run: ServedRun | undefined;
  const moving = new AbortController();
  const take = (name: Name, options: Partial<JoinOptions> = { extensions }) => {
    const choice = shareChoice(`iid:${names.indexOf(name) + 1}/4`);
    const taking = (run as ServedRun).join(name, { data: sentences, choice, ...options });
    outcomes.set(name, taking);
    return taking;
  };
  const begun: number[] = [];
  const acts: unknown[] = [];
  const onEvent = ({ type, round }: RoundEvent) => {
    if (type !== 'merged') return;
    if (round === 1 && acts.length === 0) acts.push(take('late'));
    if (round === 2) acts.push(acts.length === 1 ? run?.operator.rollback(1) : run?.operator.drop('late'));
    if (round === 3) moving.abort();
  };
  const { result, out } = await servedOver(
    way,
    folder,
    configuration,
    { extensions, test: withoutExamples(sentences), observer: { onEvent } },
    (opened) => {
      run = opened;
      void take('has-it');
      void take('accepts', { acceptForeignPlan: true });
      void take('moves', { extensions, signal: moving.signal }).then(() =>
        take('moves', {
          ...{ extensions, folder: join(folder, 'another machine') },
          observer: {
            onEvent(event) {
              if (event.type === 'own-tensors-begin') begun.push(event.round);
            },
          },
        }),
      );
    },
  );
  for (const name of names) {
    const outcome = await outcomes.get(name);
    if (name === 'late') expect(outcome).toMatchObject({ message: expect.stringMatching(/"late".*dropped/) });
    else expect(outcome).toMatchObject({ type: 'finished', reason: 'max-rounds' });
  }
  const taken = result.rounds.map(({ participants }) => participants.map(({ name }) => name));
  expect(taken.slice(0, 2)).toEqual([['has-it', 'accepts', 'moves'], [...names]]);
  expect(taken.slice(2)).toEqual([taken[0], taken[0]]);

  // A run on one machine gives the same, except in round 4: "moves" has lost its own tensors.
  const replayed = join(folder, 'replayed');
  const data = { train: sentences, test: withoutExamples(sentences) };
  const { differences } = await replayRun(out, { workers: 1, data, extensions, out: replayed });
  expect(differences[0]).toMatchObject({ round: 4, of: 'update', participant: 'moves' });
  expect(differences.filter(({ of }) => of === 'update')).toHaveLength(1);
  const modelIn = async (...path: string[]) =>
    decodeSafetensors(await readFile(join(folder, ...path)), path.join('/')).state;
  const shared = await modelIn('served', 'model.safetensors');
  expect(shared.layout.map(({ name }) => name)).toEqual(['words.weight']);
  for (const name of ['has-it', 'accepts'] as const) {
    const theirs = await modelIn(name, FINAL_MODEL);
    const expected = await modelIn('replayed', 'personal', `${name}.safetensors`);
    for (const tensor of ['fc.weight', 'fc.bias'])
      expect(tensorView(theirs, tensor)).toEqual(tensorView(expected, tensor));
    expect(tensorView(theirs, 'words.weight')).toEqual(tensorView(shared, 'words.weight'));
  }
  // They began anew, as those of a late participant do, and it was told.
  expect(begun).toEqual([4]);
  const moved = await modelIn('another machine', FINAL_MODEL);
  const before = await modelIn('replayed', 'personal', 'moves.safetensors');
  expect(tensorView(moved, 'fc.weight')).not.toEqual(tensorView(before, 'fc.weight'));
}
