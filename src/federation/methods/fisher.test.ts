import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { classified } from '../../../test/classified.js';
import { some } from '../../../test/every-case.js';
import { smallPlan } from '../../../test/small-plan.js';
import { mean } from '../../merge/strategies/mean.js';
import { strategyByName } from '../../merge/strategies/strategies.js';
import type { Strategy } from '../../merge/strategy.js';
import { type ConfigurationInput, parseConfiguration } from '../../protocol/configuration/configuration.js';
import { stateLayout } from '../../tensor/state-dict.js';
import type { MeanTask, TaskRunner } from '../../training/tasks.js';
import { runLocalRounds } from '../coordinator/local-rounds.js';
import { runFederation } from '../coordinator/run-federation.js';
import type { FederationPlan } from '../plan/plan-parts.js';
import { parseJournal } from '../record/journal.js';
import { memoryStore } from '../record/memory-store.js';
import { type Resumable, resumptionContract, runInFolder } from '../record/resumption.contract.js';
import { fisherMethod } from './fisher.js';

const layout = stateLayout([
  ['fc.weight', [2]],
  ['fc.bias', [1]],
]);
const participants = ['a', 'b'];
const fisherMean = strategyByName('fisher-mean');

const planOf = (strategy: Strategy, compared: Strategy[] = [], evaluateEvery = 1) =>
  smallPlan(
    { participants, rounds: 3, evaluateEvery },
    {
      layout,
      shares: participants.map((name, k) => ({
        name,
        train: Uint32Array.from({ length: 6 }, (_, i) => 10 * k + i),
        validation: Uint32Array.of(9),
      })),
      initialState: () => ({ layout, data: Float32Array.of(1, 2, 3) }),
      strategy,
      compared,
      methods: [fisherMethod(4)],
    },
  );

/** Each moves by its own way; b knows nothing of the bias, and nobody of the second weight. */
function recorded(fisher = (of: string) => (of === 'a' ? [1, 0, 2] : [3, 0, 0])) {
  const asked: MeanTask[] = [];
  const tasks: TaskRunner = {
    async train({ work: { participant }, base }) {
      const state = base.map((w, i) => w + (participant === 'a' ? 1 : -2) * (i + 1));
      const counts = { epochs: 1, steps: 1, examplesSeen: 6, loss: 1, validation: undefined };
      return { state, slots: new Float32Array(0), ...counts };
    },
    async evaluate() {
      return classified({ examples: 1, correct: 1 });
    },
    async mean(task) {
      asked.push(task);
      return Float32Array.from(fisher(task.indices.every((index) => index < 10) ? 'a' : 'b'));
    },
    stop() {},
  };
  return { asked, tasks };
}

const digest = () => 'a'.repeat(64);
const configuration = parseConfiguration(
  {
    ...{ partition: { name: 'h' }, model: { name: 'mlp' }, optimizer: { name: 'adam' } },
    ...{ local: { epochs: 1 }, rounds: 3 },
  },
  'test',
);
const resumable: Resumable = { configuration, plan: planOf(fisherMean), tasks: recorded().tasks };

describe('the Fisher information in a federation', () => {
  it('weighs what everybody has learned, and the mean takes its place where nobody has any', async () => {
    const { valuesOf, state } = await runInFolder(resumable);
    // Each round adds (1·1 − 3·2)/4 to the first weight, the mean of 2 and −4 to the second, and
    // a's 3 to the bias.
    expect(valuesOf('round-3')).toEqual([1 - 3 * 1.25, 2 - 3 * 1, 3 + 3 * 3]);
    expect(state.rounds[0]!.updates.get('a')!.attachments!.fisher).toMatch(/^[0-9a-f]{64}$/);
  });

  it('is of examples that are drawn in every round from the participant’s own, and of the trained state', async () => {
    const { asked, tasks } = recorded();
    await runLocalRounds(planOf(fisherMean), tasks, memoryStore(digest));
    expect(asked).toHaveLength(6);
    expect([...asked[0]!.state]).toEqual([2, 4, 6]);
    for (const { indices, signs } of asked) {
      expect(new Set(indices).size).toBe(4);
      const from = 10 * participants.indexOf(signs[1] as string);
      expect(indices.every((index) => index >= from && index < from + 6)).toBe(true);
    }
    const ofA = asked.filter(({ signs }) => signs[1] === 'a');
    expect(new Set(ofA.map(({ indices }) => indices.join())).size).toBeGreaterThan(1);
    expect(new Set(asked.map(({ signs }) => signs.join())).size).toBe(6);
  });

  it('is computed in the rounds alone in which a strategy that wants it merges', async () => {
    const roundsWith = async (plan: FederationPlan) => {
      const { rounds } = await runLocalRounds(plan, recorded().tasks, memoryStore(digest));
      return rounds
        .filter(({ updates }) => updates.get('b')!.attachments?.fisher !== undefined)
        .map(({ round }) => round);
    };
    expect(await roundsWith(planOf(mean()))).toEqual([]);
    expect(await roundsWith(planOf(fisherMean, [], 2))).toEqual([1, 2, 3]);
    expect(await roundsWith(planOf(mean(), [fisherMean], 2))).toEqual([2, 3]);
  });

  it.each([-1, 1e9, Infinity, NaN])(
    'is refused where it is %d, with whose, where and when',
    async (value) => {
      const { tasks } = recorded((of) => (of === 'a' ? [1, 1, 1] : [1, value, 1]));
      await expect(runLocalRounds(planOf(fisherMean), tasks, memoryStore(digest))).rejects.toThrow(
        `federation: the Fisher information of "b" in round 1 is ${value} for "fc.weight" at index 1, expected a number from 0 to 100000000`,
      );
    },
  );
});

resumptionContract('the Fisher information', resumable);

describe('a federation by fisher-mean', () => {
  const folder = mkdtempSync(join(tmpdir(), 'commonweight-fisher-'));
  afterAll(() => rmSync(folder, { recursive: true }));

  const input: ConfigurationInput = {
    dataset: resolve(import.meta.dirname, '../../../test/fixtures/fashion-mnist-sample'),
    partition: { name: 'h' },
    model: { name: 'mlp', hidden: [16] },
    optimizer: { name: 'adam' },
    local: { epochs: 2 },
    rounds: 2,
    strategy: 'fisher-mean',
    compare: ['mean', 'fisher-mean(on=updates)'],
    fisherExamples: 100,
  };
  const journalOf = (out: string) => {
    const path = join(out, 'journal.jsonl');
    const events = parseJournal(readFileSync(path, 'utf8'), path);
    return events.flatMap((event) => (event.type === 'update-received' ? [event.update] : []));
  };
  const fishersOf = (out: string) =>
    journalOf(out)
      .map(({ participant, attachments }) => `${participant} ${attachments?.fisher}`)
      .sort();

  it('runs to its end in H; interrupted, and with other workers, it comes to the same bytes', async () => {
    const [out, again] = [join(folder, 'whole'), join(folder, 'interrupted')];
    const { result, model } = await runFederation(input, { out, workers: 2 });
    expect(result.stopped).toEqual({ reason: 'max-rounds', round: 2 });
    const { merged } = result.rounds[1]!;
    expect(merged['fisher-mean']).not.toEqual(merged.mean);
    expect(readdirSync(join(out, 'updates'))).toEqual([]);
    const controller = new AbortController();
    const observer = {
      onEvent: (event: { type: string; round: number }) => {
        if (event.type === 'update-received' && event.round === 2) controller.abort();
      },
    };
    const part = await runFederation(input, { out: again, workers: 1, signal: controller.signal, observer });
    expect(part.result.stopped).toEqual({ reason: 'interrupted', round: 2 });
    const resumed = await runFederation(input, { out: again, workers: 1 });
    expect(resumed.result.model!.sha256).toBe(result.model!.sha256);
    expect(resumed.model!.data).toEqual(model!.data);
    expect(fishersOf(again)).toEqual(fishersOf(out));
  });

  it('goes with independent initial weights that are aligned, and with a strategy of a program’s own', async () => {
    const { result } = await runFederation(
      {
        ...{ ...input, rounds: 1, compare: ['mean'] },
        ...{ initialWeights: 'independent', align: true, strategy: 'most-informed' },
      },
      { workers: 2, extensions: { strategies: [mostInformed] } },
    );
    expect(Object.keys(result.rounds[0]!.merged)).toEqual(['most-informed', 'mean']);
  });

  it.each(some(['alie', 'noise', 'label-flip'] as const))('runs under the attack %s', async (name) => {
    const attacked = {
      ...{ ...input, local: { epochs: 1 }, partition: { name: 'v', participants: 4 }, rounds: 1 },
      attack: { name, attackers: 1 },
    } as const;
    const { result } = await runFederation(attacked, { workers: 2 });
    expect(result.rounds[0]!.participants).toHaveLength(4);
    expect(result.rounds[0]!.merged['fisher-mean']).toBeDefined();
  });

  it('is refused where the loss is not that of a softmax, or something else is wanted with every update', async () => {
    const squares = { ...input, loss: { name: 'mean-squared-error' } } as const;
    await expect(runFederation(squares)).rejects.toThrow(
      'options: "strategy" is "fisher-mean", which needs the Fisher information of softmax probabilities, but "loss" is "mean-squared-error"',
    );
    const curious = { ...mostInformed, auxiliaries: ['fisher', 'labels'] };
    await expect(
      runFederation({ ...input, strategy: 'most-informed' }, { extensions: { strategies: [curious] } }),
    ).rejects.toThrow(
      '"most-informed", which needs the labels of every update, which participants do not compute',
    );
  });
});

/** In each place the weight of the participant that knows most of it. */
const mostInformed: Strategy = {
  name: 'most-informed',
  needs: 'columns',
  auxiliaries: ['fisher'],
  combine(out, columns, _, { auxiliaries: { fisher = [] } }) {
    for (let i = 0; i < out.length; i++) {
      const known = fisher.map((information) => information[i]!);
      out[i] = columns[known.indexOf(Math.max(...known))]![i]!;
    }
  },
};
