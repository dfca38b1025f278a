import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { some } from '../../../test/every-case.js';
import { sample } from '../../../test/run-command.js';
import type { TrainTestSplit } from '../../data/dataset.js';
import { loadDataset } from '../../data/images/node/load-dataset.js';
import type { ConfigurationInput } from '../../protocol/configuration/configuration.js';
import { runFederation } from '../coordinator/run-federation.js';
import { parseJournal } from '../record/journal.js';

const folder = mkdtempSync(join(tmpdir(), 'attackers-'));
afterAll(() => rmSync(folder, { recursive: true }));
let data: TrainTestSplit;
beforeAll(async () => {
  data = await loadDataset(sample);
});

const settings: ConfigurationInput = {
  dataset: sample,
  partition: { name: 'v', participants: 4 },
  model: { name: 'mlp', hidden: [16] },
  optimizer: { name: 'sgd', learningRate: 0.05, momentum: 0.9 },
  local: { epochs: 2 },
  rounds: 2,
};
const attacks = [
  { name: 'sign-flip', scale: 2 },
  { name: 'noise', sigma: 0.5 },
  { name: 'label-flip' },
  { name: 'scaled', scale: 5 },
  { name: 'alie', z: 1.5 },
] as const;

const run = (attack: ConfigurationInput['attack'], out: string, signal?: AbortController) =>
  runFederation(
    { ...settings, attack },
    {
      data,
      workers: 1,
      out: join(folder, out),
      ...(signal && {
        signal: signal.signal,
        observer: {
          onEvent: (event) => {
            if (event.type === 'update-received' && event.round === 2) signal.abort();
          },
        },
      }),
    },
  );
/** Its facts, without what tells of time and of the process that wrote them. */
const journal = (out: string) =>
  parseJournal(readFileSync(join(folder, out, 'journal.jsonl'), 'utf8'), out)
    .map((event) => JSON.stringify(event).replace(/"seconds":[\d.]+/, ''))
    .join('\n');

describe('a run with an attacker', () => {
  it.each(attacks)('comes to its end under $name', async (attack) => {
    const { result } = await run(attack, attack.name);
    expect(result.stopped).toEqual({ reason: 'max-rounds', round: 2 });
    expect(result.attackers).toEqual(['environment-4']);
    expect(result.participants).toContain('environment-4');
    for (const { participants, copied } of result.rounds) {
      expect(participants).toHaveLength(4);
      expect(copied.map(({ name }) => name)).toEqual(['environment-1', 'environment-2', 'environment-3']);
    }
  });

  // One looks at all updates, one draws, one has other data; the others compute with their own.
  const [, noise, labelFlip, , alie] = attacks;
  it.each(some([alie, noise, labelFlip]))(
    'comes to the same bytes under $name when it was interrupted',
    async (attack) => {
      const { result } = await run(attack, attack.name);
      const cut = `${attack.name} interrupted`;
      const first = await run(attack, cut, new AbortController());
      expect(first.result.stopped).toEqual({ reason: 'interrupted', round: 2 });
      const { result: again } = await run(attack, cut);
      expect(again.model!.sha256).toBe(result.model!.sha256);
      const lines = (out: string) => journal(out).split('\n').sort();
      expect(lines(cut)).toEqual(lines(attack.name));
    },
  );

  it.each(some(['geometric-median', 'multi-krum']))(
    'stays healthy with %s where an update is 1e24 times as large',
    async (strategy) => {
      const honest = { ...settings, strategy, partition: { name: 'v', participants: 5 } } as const;
      const accuracies: number[] = [];
      for (const attack of [undefined, { name: 'scaled', scale: 1e24 } as const]) {
        const { result } = await runFederation({ ...honest, attack }, { data, workers: 1 });
        expect(result.rounds).toHaveLength(2);
        accuracies.push(result.rounds.at(-1)!.merged[strategy]!.test.accuracy!);
      }
      expect(accuracies[1]!).toBeGreaterThan(accuracies[0]! - 0.15);
    },
  );

  it('differs from the run without one, by each attack in its own way', async () => {
    const { result } = await run(undefined, 'honest');
    expect(result.attackers).toBeUndefined();
    const models = [result.model!.sha256];
    for (const attack of attacks) models.push((await run(attack, attack.name)).result.model!.sha256);
    expect(new Set(models).size).toBe(attacks.length + 1);
  });

  it('is refused where nobody would be honest', async () => {
    await expect(
      runFederation({ ...settings, attack: { name: 'noise', attackers: 4 } }, { data }),
    ).rejects.toThrow('options: "attack.attackers" is 4, expected fewer than the 4 participants');
  });
});
