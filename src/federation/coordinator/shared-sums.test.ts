/**
 * Federations across machines whose participants share the sums behind their figures: they come to
 * the figures and the cut-off of a run on one machine, over real channels.
 */
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { natsServer, withoutNats } from '../../../test/nats-server.js';
import { overHub, overNats, servedOver, type Way } from '../../../test/served-over.js';
import { smallTable } from '../../../test/small-table.js';
import { decodeModel } from '../../engine/nn/model-file.js';
import { replayRun } from '../../experiments/replay.js';
import type { ConfigurationInput } from '../../protocol/configuration/configuration.js';
import type { JoinOptions } from '../participant/node/join-federation.js';
import type { TakePartOutcome } from '../participant/take-part.js';
import { shareChoice } from '../plan/share-choice.js';
import { readRun } from '../record/read-run.js';
import { runFederation } from './run-federation.js';
import { eachInFolder } from './serve-federation.contract.js';

const data = { train: smallTable(900), test: smallTable(60, 2) };
const configuration = {
  dataset: 'small-table',
  partition: { name: 'iid', participants: 3 },
  model: { name: 'mlp', hidden: [8] },
  optimizer: { name: 'adam', learningRate: 0.02 },
  local: { epochs: 1 },
  batchSize: 20,
  rounds: 2,
  metrics: ['auroc', 'accuracy', 'calibration-error'],
  decision: 'youden',
} as const satisfies ConfigurationInput;
const names = [1, 2, 3].map((k) => `environment-${k}`);

describe('participants that share the sums behind their figures', () => {
  const folderOf = eachInFolder();

  async function federation(way: Way, folder: string, sharing: readonly (number | undefined)[]) {
    const taking: Promise<TakePartOutcome | Error>[] = [];
    const { result, out } = await servedOver(way, folder, configuration, { test: data.test }, (served) => {
      for (const [k, name] of names.entries()) {
        const smallestCount = sharing[k];
        const options: JoinOptions = {
          data: data.train,
          choice: shareChoice(`iid:${k + 1}/3`),
          ...(smallestCount !== undefined && { shareSums: { smallestCount } }),
        };
        taking.push(served.join(name, options));
      }
    });
    for (const outcome of await Promise.all(taking)) expect(outcome).toMatchObject({ type: 'finished' });
    return { result, out };
  }

  const onOneMachine = (folder: string) =>
    runFederation({ ...configuration, shareSums: true }, { data, out: join(folder, 'run'), workers: 1 });

  async function comesToTheSame(way: Way, folder: string): Promise<void> {
    const { result, out } = await federation(way, folder, [1, 1, 1]);
    const { result: expected } = await onOneMachine(folder);
    const { participants, ...decision } = result.decision ?? {};
    expect(decision).toEqual(expected.decision);
    expect([participants, result.sharing]).toEqual([3, names]);
    expect(result.rounds.map(({ together }) => together)).toEqual(
      expected.rounds.map(({ together }) => together),
    );
    expect(result.rounds[1]?.together?.auroc).toMatchObject({ participants: 3 });
    const file = await readFile(join(out, 'model.safetensors'));
    expect(decodeModel(file, 'model').description?.cutOff).toBe(expected.decision?.cutOff);
    for (const name of names) {
      expect((await readFile(join(folder, name, 'model.safetensors'))).equals(file)).toBe(true);
    }
    expect((await readRun(out)).result).toMatchObject({ rounds: result.rounds, sharing: names });
  }

  it('come to the figures, the cut-off and the model file of a run, over a hub', async () => {
    const folder = folderOf();
    await comesToTheSame(await overHub(folder), folder);
  });

  it.skipIf(withoutNats)('… and over NATS', async () => {
    const server = await natsServer();
    await comesToTheSame(overNats(server.url), folderOf()).finally(() => server.stop());
  });

  it('are those who count for the cut-off, each without its small counts', async () => {
    const folder = folderOf();
    const { result, out } = await federation(await overHub(folder), folder, [5, undefined, 5]);
    expect(result.sharing).toEqual([names[0], names[2]]);
    expect(result.decision).toMatchObject({ participants: 2 });
    const journal = await readFile(join(out, 'journal.jsonl'), 'utf8');
    const counts = [
      ...journal.matchAll(/"(?:scores|confusion)":\{"size":\d+,"places":\[[\d,]*\],"values":\[([\d,]*)\]/g),
    ];
    expect((await replayRun(out, { data, workers: 1 })).differences).toEqual([]);
    expect(counts.length).toBeGreaterThan(0);
    for (const [, values = ''] of counts)
      expect(Math.min(...values.split(',').map(Number))).toBeGreaterThanOrEqual(5);
  });

  it('are nobody: then no cut-off is chosen', async () => {
    const folder = folderOf();
    const { result } = await federation(await overHub(folder), folder, []);
    expect([result.decision, result.sharing]).toEqual([undefined, []]);
    expect(result.rounds[0]?.together).toBeUndefined();
  });
});
