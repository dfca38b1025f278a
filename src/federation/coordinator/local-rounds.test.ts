import { describe, expect, it } from 'vitest';
import { classified } from '../../../test/classified.js';
import { smallPlan } from '../../../test/small-plan.js';
import { alie } from '../../attack/alie.js';
import type { Attack } from '../../attack/attack.js';
import { signFlip } from '../../attack/sign-flip.js';
import { InterruptedError } from '../../base/interrupted.js';
import { absmax } from '../../merge/strategies/absmax.js';
import { classificationMetrics } from '../../metrics/classification.js';
import { type StateDict, stateLayout } from '../../tensor/state-dict.js';
import { DivergedError } from '../../training/error.js';
import type { LocalResult } from '../../training/local-training.js';
import type { TaskRunner, TrainTask } from '../../training/tasks.js';
import { plain } from '../../transforms/codec/plain.js';
import type { FederationPlan } from '../plan/plan-parts.js';
import { transformsOf } from '../plan/transforms.js';
import { memoryStore } from '../record/memory-store.js';
import { isFinished } from '../rounds/rounds.js';
import type { StateRole } from '../rounds/run-store.js';
import { runLocalRounds } from './local-rounds.js';

const layout = stateLayout([['w', [2]]]);
const digest = () => 'a'.repeat(64);
const participants = ['a', 'b', 'c'];

const plan = smallPlan(
  { participants, rounds: 2, pooled: true },
  {
    layout,
    shares: participants.map((name, i) => ({
      name,
      train: Uint32Array.of(3 * i, 3 * i + 1),
      validation: Uint32Array.of(3 * i + 2),
    })),
    testExamples: 4,
    initialState: () => ({ layout, data: Float32Array.of(0, 0) }),
    pooledWork: (round, seen, slots) => ({
      participant: 'pooled',
      round,
      seed: 1,
      epochs: Infinity,
      maxSteps: seen,
      learningRates: Float32Array.of(1),
      slots,
    }),
    compared: [absmax()],
  },
);

/** Tasks whose training adds to every weight what `step` says. */
function tasksThat(step: (task: TrainTask) => number | Error) {
  const trained: TrainTask[] = [];
  let stopped = false;
  const tasks: TaskRunner = {
    async train(task) {
      trained.push(task);
      const added = step(task);
      if (added instanceof Error) throw added;
      // The others answer later than the one that fails.
      await new Promise((resolve) => setImmediate(resolve));
      if (stopped) throw new InterruptedError('interrupted');
      const state = task.base.map((value) => value + added);
      const examplesSeen = task.train.length;
      const slots = new Float32Array(2).fill(trained.length);
      return {
        state,
        slots,
        epochs: 1,
        steps: 1,
        examplesSeen,
        loss: 1,
        validation: { accuracy: 0.5 },
      } satisfies LocalResult;
    },
    async evaluate({ examples }) {
      const { length } = examples.indices;
      return classified({ examples: length, correct: length });
    },
    stop() {
      stopped = true;
    },
  };
  return { tasks, trained };
}

describe('the coordinator', () => {
  it('trains, merges, copies and goes on from the merged model', async () => {
    const { tasks, trained } = tasksThat(({ work }) => ({ a: 1, b: 2, c: 6 })[work.participant] ?? 10);
    const store = memoryStore(digest);
    const state = await runLocalRounds(plan, tasks, store);
    expect(isFinished(state)).toBe(true);
    const second = trained.filter(({ work }) => work.round === 2 && work.participant !== 'pooled');
    expect(second.map(({ base }) => [...base])).toEqual([
      [3, 3],
      [3, 3],
      [3, 3],
    ]);
    const final = await store.get({ type: 'merged', round: 2 }, digest());
    expect([...final.data]).toEqual([6, 6]);
    expect(state.rounds[0]!.merged!.merged).toEqual({
      mean: { accuracy: 1, loss: 0 },
      absmax: { accuracy: 1, loss: 0 },
    });
    await expect(store.get({ type: 'merged', round: 1 }, digest())).rejects.toThrow('is gone');
  });

  it('merges what alignment makes of the updates, on updates with the base that they started from', async () => {
    const { tasks } = tasksThat(({ work }) => ({ a: 1, b: 2, c: 6 })[work.participant] ?? 10);
    const bases: (readonly number[] | undefined)[] = [];
    const align: FederationPlan['align'] = (updates, base) => {
      bases.push(base && [...base.data]);
      return updates.map((update) => ({ ...update, state: { layout, data: Float32Array.of(8, 9) } }));
    };
    const store = memoryStore(digest);
    await runLocalRounds({ ...plan, align }, tasks, store);
    expect([...(await store.get({ type: 'merged', round: 2 }, digest())).data]).toEqual([8, 9]);
    await runLocalRounds({ ...plan, align, mergeOn: 'updates' }, tasks, memoryStore(digest));
    expect(bases).toEqual([undefined, undefined, [0, 0], [8, 9]]);
  });

  it('lets the pooled training see all the data, and go on with its own slots', async () => {
    const { tasks, trained } = tasksThat(() => 1);
    await runLocalRounds(plan, tasks, memoryStore(digest));
    const [first, second] = trained.filter(({ work }) => work.participant === 'pooled');
    expect([...first!.train]).toEqual([0, 1, 3, 4, 6, 7]);
    expect(first!.work.maxSteps).toBe(6);
    expect(first!.work.slots).toBeUndefined();
    expect([...second!.base]).toEqual([1, 1]);
    expect(second!.work.slots).toHaveLength(2);
  });

  it('merges the updates of those who are drawn', async () => {
    const drawn: FederationPlan = {
      ...plan,
      rules: {
        participants,
        rounds: 6,
        metrics: classificationMetrics,
        reference: undefined,
        pooled: false,
        sampling: { perRound: 2, seed: 1 },
      },
    };
    const { tasks } = tasksThat(({ work }) => ({ a: 1, b: 2, c: 6 })[work.participant]!);
    const store = memoryStore(digest);
    const state = await runLocalRounds(drawn, tasks, store);
    const gains = state.rounds.map(({ participants }) => {
      const added = participants.map((name) => ({ a: 1, b: 2, c: 6 })[name]!);
      return added.reduce((x, y) => x + y) / 2;
    });
    const final = await store.get({ type: 'merged', round: 6 }, digest());
    expect(final.data[0]).toBe(gains.reduce((x, y) => x + y));
  });

  it('evaluates nothing between the rounds that are evaluated, and comes to the same model', async () => {
    const run = async (evaluateEvery: number | undefined) => {
      const { tasks, trained } = tasksThat(({ work }) => ({ a: 1, b: 2, c: 6 })[work.participant] ?? 10);
      let evaluations = 0;
      const counted: TaskRunner = {
        ...tasks,
        train: tasks.train,
        evaluate: (task) => {
          evaluations++;
          return tasks.evaluate(task);
        },
      };
      const store = memoryStore(digest);
      const rules = { ...plan.rules, rounds: 3, evaluateEvery };
      const state = await runLocalRounds({ ...plan, rules }, counted, store);
      const model = [...(await store.get({ type: 'merged', round: 3 }, digest())).data];
      const validated = trained.filter(({ validation }) => validation.length > 0);
      return { model, evaluations, validated: validated.length, state };
    };
    const [every, third] = [await run(undefined), await run(3)];
    expect(third.model).toEqual(every.model);
    expect(third.evaluations).toBe(every.evaluations / 3);
    expect(third.validated).toBe(every.validated / 3);
    expect(third.state.rounds.map(({ merged }) => Object.keys(merged!.merged))).toEqual([
      [],
      [],
      ['mean', 'absmax'],
    ]);
    expect(third.state.rounds.map(({ pooled }) => pooled!.test?.accuracy)).toEqual([undefined, undefined, 1]);
  });

  it('merges what the participants changed, where that is the setting', async () => {
    const { tasks } = tasksThat(({ work }) => (work.participant === 'a' ? -6 : 1));
    const store = memoryStore(digest);
    const updates = { ...plan, strategy: absmax(), mergeOn: 'updates' as const, compared: [] };
    await runLocalRounds(updates, tasks, store);
    const final = await store.get({ type: 'merged', round: 2 }, digest());
    expect([...final.data]).toEqual([-12, -12]);
  });

  it('names the participant whose update holds no number', async () => {
    const { tasks } = tasksThat(({ work }) => (work.participant === 'b' ? Number.NaN : 1));
    await expect(runLocalRounds(plan, tasks, memoryStore(digest))).rejects.toThrow(
      /merge: "w" is NaN at index 0 in .*"b".*, expected a finite number/,
    );
  });

  it('merges what attackers make of their own update or of the honest ones', async () => {
    const attacked = async (attack: Attack) => {
      const { tasks } = tasksThat(({ work }) => ({ a: 1, b: 3 })[work.participant] ?? 8);
      const store = memoryStore(digest);
      const rules = {
        ...plan.rules,
        rounds: 1,
        attackers: ['c'],
        attackersWait: attack.from === 'honest-updates',
      };
      const attackers = { attack, names: ['c'] };
      const transforms = transformsOf({ clipUpdate: undefined, seed: 0 }, plain, attackers);
      const state = await runLocalRounds({ ...plan, rules, attackers, transforms }, tasks, store);
      const { data } = await store.get({ type: 'merged', round: 1 }, digest());
      return { weight: data[0], said: state.rounds[0]!.updates.get('c') };
    };
    expect(await attacked(signFlip({ scale: 1.25 }))).toMatchObject({ weight: (1 + 3 - 10) / 3 });
    // 1 and 3 have the mean 2 and the deviation 1.
    const { weight, said } = await attacked(alie({ z: 3 }));
    expect(weight).toBe((1 + 3 - 1) / 3);
    expect(said).toMatchObject({ participant: 'c', epochs: 1, examplesSeen: 2, loss: 1 });
  });

  it('carries out no more at once than it is told, and all begin with one array of the merged model', async () => {
    const { tasks, trained } = tasksThat(() => 1);
    let [training, most] = [0, 0];
    const counted: TaskRunner = {
      ...tasks,
      async train(...of) {
        most = Math.max(most, ++training);
        return tasks.train(...of).finally(() => training--);
      },
    };
    const memory = memoryStore(digest);
    // As a folder does, it reads a copy each time.
    const store: typeof memory = {
      ...memory,
      get: async (role, sha256) => {
        const { layout, data } = await memory.get(role, sha256);
        return { layout, data: data.slice() };
      },
    };
    const hashes = {
      ...store,
      put: async (role: StateRole, state: StateDict) => {
        await store.put(role, state);
        return `${role.type} ${role.round}`;
      },
    };
    await runLocalRounds(plan, counted, hashes, { atOnce: 2 });
    expect(most).toBe(2);
    const second = trained.filter(({ work }) => work.round === 2 && work.participant !== 'pooled');
    expect(second).toHaveLength(3);
    expect(new Set(second.map(({ base }) => base)).size).toBe(1);
  });

  it('stops the others when one diverges, and says that and not that they were stopped', async () => {
    const { tasks } = tasksThat(({ work }) =>
      work.participant === 'c' ? new DivergedError('c diverges') : 1,
    );
    const store = memoryStore(digest);
    await expect(runLocalRounds(plan, tasks, store)).rejects.toThrow('c diverges');
    expect(store.events).toEqual([]);
  });

  it('takes a run up where an earlier start left it', async () => {
    const store = memoryStore(digest);
    const first = tasksThat(({ work }) =>
      work.round === 2 && work.participant === 'b' ? new InterruptedError('interrupted') : 1,
    );
    await expect(runLocalRounds(plan, first.tasks, store)).rejects.toThrow(InterruptedError);
    const again = tasksThat(() => 1);
    const state = await runLocalRounds(plan, again.tasks, store);
    expect(isFinished(state)).toBe(true);
    expect(again.trained.filter(({ work }) => work.round === 1 && work.participant !== 'pooled')).toEqual([]);
    const final = await store.get({ type: 'merged', round: 2 }, digest());
    expect([...final.data]).toEqual([2, 2]);
  });
});
