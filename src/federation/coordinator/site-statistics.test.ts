/**
 * Federations in which each site prepares its numbers by statistics of its own rows: on one machine,
 * over real channels, interrupted, replayed, and with somebody who joins late.
 */
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { everyCase, itAtLength } from '../../../test/every-case.js';
import { natsServer, withoutNats } from '../../../test/nats-server.js';
import { overHub, overNats, servedOver, type Way } from '../../../test/served-over.js';
import { smallTable } from '../../../test/small-table.js';
import { readModelFile } from '../../cli/flags/open-model.js';
import { preprocessingSchema } from '../../data/survey/settings.js';
import { replayRun } from '../../experiments/replay.js';
import type { ConfigurationInput } from '../../protocol/configuration/configuration.js';
import { decodeSafetensors } from '../../tensor/safetensors.js';
import { tensorView } from '../../tensor/state-dict.js';
import { preprocessingPlanOf } from '../methods/preprocessing.js';
import { siteStatistics, surveyHere } from '../methods/site-statistics.js';
import type { JoinOptions } from '../participant/node/join-federation.js';
import type { TakePartOutcome } from '../participant/take-part.js';
import { shareChoice } from '../plan/share-choice.js';
import type { RoundEvent } from '../rounds/round-events.js';
import { runFederation } from './run-federation.js';
import { eachInFolder } from './serve-federation.contract.js';

const data = { train: smallTable(300), test: smallTable(60, 2) };
const configuration = {
  dataset: 'small-table',
  partition: { name: 'dirichlet', alpha: 0.5, participants: 3 },
  model: { name: 'mlp', hidden: [8] },
  optimizer: { name: 'adam', learningRate: 0.02 },
  local: { epochs: 1 },
  batchSize: 20,
  rounds: 2,
  preprocessing: { statistics: 'site' },
} as const satisfies ConfigurationInput;
const names = [1, 2, 3].map((k) => `environment-${k}`);
const share = (k: number): JoinOptions => ({
  data: data.train,
  choice: shareChoice(`dirichlet:alpha=0.5:${k}/3`),
});
const run = (
  out: string,
  more: Partial<ConfigurationInput> = {},
  signal?: AbortSignal,
  onEvent?: () => void,
) =>
  runFederation(
    { ...configuration, ...more },
    { data, out, workers: 1, signal, ...(onEvent && { observer: { onEvent } }) },
  );
const stateIn = async (...path: string[]) => decodeSafetensors(await readFile(join(...path)), 'it').state;
const namesIn = async (...path: string[]) => (await stateIn(...path)).layout.map(({ name }) => name);
const isConstant = (name: string) => name.startsWith('preprocess.constants.');
const meanIn = async (file: string) => tensorView(await stateIn(file), 'preprocess.constants.mean')[0];

describe('a federation in which each site prepares numbers by statistics of its own', () => {
  const folderOf = eachInFolder();

  it('gives each a model with its own, merges the rest, and asks for no survey', async () => {
    const out = folderOf();
    const { result } = await run(out, { participantsPerRound: 2, pooled: true, compare: ['median'] });
    expect((await namesIn(out, 'model.safetensors')).some(isConstant)).toBe(false);
    expect(await readdir(out)).not.toContain('model.onnx');
    expect(await readdir(out)).not.toContain('survey');
    const taken = new Set(result.rounds.flatMap(({ participants }) => participants.map(({ name }) => name)));
    const preprocessing = preprocessingSchema.parse(configuration.preprocessing);
    const plan = preprocessingPlanOf({ preprocessing }, data.train, 'test');
    const means = new Set<number | undefined>();
    for (const { name, file } of result.personal ?? []) {
      expect((await namesIn(file)).filter(isConstant)).toHaveLength(5);
      means.add(await meanIn(file));
      const kept = (await readdir(join(out, 'methods'))).filter((one) => one.endsWith(`${name}.safetensors`));
      expect(kept).toHaveLength(taken.has(name) ? 1 : 0);
    }
    expect(means.size).toBe(3);
    expect(means).not.toContain(
      tensorView(
        await siteStatistics(plan, undefined)!.of(
          Uint32Array.from({ length: 300 }, (_, row) => row),
          surveyHere(data.train),
        ),
        'preprocess.constants.mean',
      )[0],
    );
    // Together, on rows that none of them has seen.
    expect(result.rounds.at(-1)?.merged.median?.test?.accuracy).toBeGreaterThan(0.5);
    expect(result.pooled?.test.accuracy).toBeGreaterThan(0.5);
    await expect(readModelFile(join(out, 'model.safetensors'))).rejects.toThrow(
      /lacks the statistics that prepare the numbers.*expected a whole model/,
    );
    expect((await readModelFile(result.personal![0]!.file)).state.layout.length).toBeGreaterThan(5);
    expect((await replayRun(out, { data, workers: 1 })).differences).toEqual([]);
  });

  itAtLength(
    'comes to the same files where it is interrupted after any fact and taken up again',
    async () => {
      const [atOnce, again] = [join(folderOf(), 'at once'), join(folderOf(), 'again')];
      const { result } = await run(atOnce);
      for (let left = true, facts = 1; left; facts++) {
        const stop = new AbortController();
        const outcome = await run(again, {}, stop.signal, () => stop.abort());
        left = outcome.result.stopped.reason === 'interrupted';
        expect(facts).toBeLessThan(50);
      }
      for (const { name, file } of result.personal ?? []) {
        const theirs = await readFile(join(again, 'personal', `${name}.safetensors`));
        expect(theirs.equals(await readFile(file))).toBe(true);
      }
    },
  );

  async function comesToTheBytes(way: Way, folder: string, more: Partial<ConfigurationInput> = {}) {
    const taking: Promise<TakePartOutcome | Error>[] = [];
    const settings = { ...configuration, ...more };
    const { result, out } = await servedOver(way, folder, settings, { test: data.test }, (served) => {
      for (const [i, name] of names.entries()) taking.push(served.join(name, share(i + 1)));
    });
    for (const outcome of await Promise.all(taking)) expect(outcome).toMatchObject({ type: 'finished' });
    const { result: expected } = await run(join(folder, 'run'), more);
    expect(result.model?.sha256).toBe(expected.model?.sha256);
    expect(result.rounds.map(({ copied }) => copied)).toEqual(expected.rounds.map(({ copied }) => copied));
    // The coordinator has test rows, and no statistics to prepare them by.
    expect(result.rounds.map(({ merged }) => merged)).toEqual(result.rounds.map(() => ({})));
    for (const { name, file } of expected.personal ?? []) {
      const theirs = await readFile(join(folder, name, 'model.safetensors'));
      expect(theirs.equals(await readFile(file))).toBe(true);
    }
    for (const blob of await readdir(join(out, 'blobs'))) {
      expect((await namesIn(out, 'blobs', blob)).some(isConstant)).toBe(false);
    }
    expect((await readdir(join(out, 'methods')).catch(() => [])).join()).not.toContain('own-');
    return out;
  }

  it('comes to the bytes of a run over a hub, also with a last layer of one’s own, and is replayed', async () => {
    const folder = folderOf();
    const out = await comesToTheBytes(await overHub(folder), folder, { share: ['fc1.*'] });
    expect((await replayRun(out, { data, workers: 1 })).differences).toEqual([]);
  });

  if (everyCase)
    it.skipIf(withoutNats)('comes to the bytes of a run over NATS', async () => {
      const server = await natsServer();
      await comesToTheBytes(overNats(server.url), folderOf()).finally(() => server.stop());
    });

  it('puts its own in the place of those of a model to start from', async () => {
    const [out, again] = [join(folderOf(), 'first'), join(folderOf(), 'again')];
    const { result } = await run(out, { rounds: 1 });
    const init = result.personal![2]!.file;
    const { result: next } = await runFederation({ ...configuration, rounds: 1 }, { data, init, out: again });
    for (const [at, { file }] of next.personal!.entries())
      expect(await meanIn(file)).toBe(await meanIn(result.personal![at]!.file));
  });

  itAtLength(
    'takes somebody in who joins late, and goes on in another folder with the same statistics',
    async () => {
      const folder = folderOf();
      const settings = { ...configuration, quorum: 2, deadlineSeconds: 1, rounds: 3 };
      const taking: Promise<TakePartOutcome | Error>[] = [];
      const moving = new AbortController();
      let late = () => {};
      const onEvent = ({ type, round }: RoundEvent) => {
        if (type !== 'merged') return;
        if (round === 1) late();
        if (round === 2) moving.abort();
      };
      await servedOver(
        await overHub(folder),
        folder,
        settings,
        { test: data.test, observer: { onEvent } },
        ({ join: take }) => {
          late = () => taking.push(take(names[2]!, share(3)));
          taking.push(take(names[0]!, share(1)));
          const moved = { ...share(2), folder: join(folder, 'elsewhere') };
          taking.push(
            take(names[1]!, { ...share(2), signal: moving.signal }).then(() => take(names[1]!, moved)),
          );
        },
      );
      for (const outcome of await Promise.all(taking)) expect(outcome).toMatchObject({ type: 'finished' });
      const { result } = await run(join(folder, 'run'));
      for (const [at, place] of [names[0]!, 'elsewhere', names[2]!].entries()) {
        const theirs = await meanIn(join(folder, place, 'model.safetensors'));
        expect(theirs).toBe(await meanIn(result.personal![at]!.file));
      }
    },
  );
});
