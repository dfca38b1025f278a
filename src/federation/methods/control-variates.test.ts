import { describe, expect, it } from 'vitest';
import { classified } from '../../../test/classified.js';
import { smallPlan } from '../../../test/small-plan.js';
import { InterruptedError } from '../../base/interrupted.js';
import { stateLayout } from '../../tensor/state-dict.js';
import type { TaskRunner, TrainTask } from '../../training/tasks.js';
import { runLocalRounds } from '../coordinator/local-rounds.js';
import { memoryStore } from '../record/memory-store.js';
import type { RunState } from '../rounds/round.js';
import type { StateRole } from '../rounds/run-store.js';
import { controlChange, controlVariates } from './control-variates.js';

const layout = stateLayout([['w', [2]]]);
const digest = () => 'a'.repeat(64);
const RATE = 0.5;
/** Examples of each, and the gradient that it always has. */
const gradients = { a: [2, -1], b: [-4, 3], c: [1, 1] } as const;
const examples = { a: 1, b: 2, c: 5 } as const;
type Name = keyof typeof gradients;
const names = Object.keys(gradients) as Name[];

const planFor = (rounds: number, perRound: number, steps: number) =>
  smallPlan(
    { participants: names, rounds, sampling: { perRound, seed: 2 } },
    {
      layout,
      shares: names.map((name) => ({
        name,
        train: new Uint32Array(examples[name]),
        validation: Uint32Array.of(0),
      })),
      initialState: () => ({ layout, data: Float32Array.of(0, 0) }),
      work: (participant, round) => ({
        ...{ participant, round, seed: 1, epochs: 1, maxSteps: steps },
        learningRates: Float32Array.of(RATE),
      }),
      methods: [controlVariates((round) => round < 4)],
    },
  );

/** Gradient descent by corrected gradients of linear losses. */
function descent(steps: number, fails: (task: TrainTask) => boolean = () => false) {
  const drifts: [round: number, name: string, drift: number[] | undefined][] = [];
  const tasks: TaskRunner = {
    async train(task) {
      if (fails(task)) throw new InterruptedError('interrupted');
      const { participant, round, controlDrift } = task.work;
      drifts.push([round, participant, controlDrift && [...controlDrift]]);
      const slope = gradients[participant as Name];
      const state = task.base.map((w, at) => w - steps * RATE * (slope[at]! + (controlDrift?.[at] ?? 0)));
      const counts = { epochs: 1, steps, examplesSeen: steps, loss: 1, validation: { accuracy: 1 } };
      return { state, slots: new Float32Array(0), ...counts };
    },
    async evaluate() {
      return classified({ examples: 1, correct: 1 });
    },
    stop() {},
  };
  return { tasks, drifts };
}

/** c − c_k as a table by hand says it: c_k the gradient once it took part, c = Σ p_k·c_k. */
function expectedDrifts(state: RunState) {
  const known = new Map<string, readonly number[]>();
  return state.rounds.flatMap(({ round, participants }) => {
    const at = (name: string, place: number) => known.get(name)?.[place] ?? 0;
    const common = (place: number) =>
      names.reduce((sum, name) => sum + (examples[name] / 8) * at(name, place), 0);
    const drifts = participants.map(
      (name) => [round, name, [0, 1].map((place) => common(place) - at(name, place))] as const,
    );
    for (const name of participants) known.set(name, gradients[name as Name]);
    return drifts;
  });
}

function expectDrifts(drifts: ReturnType<typeof descent>['drifts'], state: RunState) {
  const given = new Map(drifts.map(([round, name, drift]) => [`${round} ${name}`, drift]));
  const expected = expectedDrifts(state).filter(([round]) => round < 4);
  for (const [round, name, drift] of expected) {
    const controlled = given.get(`${round} ${name}`)!;
    for (const place of [0, 1]) expect(controlled[place]).toBeCloseTo(drift[place]!, 5);
  }
  expect(drifts.filter(([round]) => round < 4)).toHaveLength(expected.length);
}

describe('control variates', () => {
  it('are the mean gradients, whoever is drawn and however many steps a round has', async () => {
    for (const [perRound, steps] of [
      [3, 1],
      [2, 1],
      [2, 4],
    ] as const) {
      const { tasks, drifts } = descent(steps);
      const state = await runLocalRounds(planFor(4, perRound, steps), tasks, memoryStore(digest));
      expectDrifts(drifts, state);
      // Off from round 4 on.
      expect(drifts.filter(([round]) => round === 4).map(([, , drift]) => drift)).toEqual(
        Array(perRound).fill(undefined),
      );
    }
  });

  it('are taken up again where a run was interrupted, and nothing is left that is not needed', async () => {
    const plan = planFor(3, 2, 2);
    const store = memoryStore(digest);
    const held = new Set<string>();
    const key = (role: StateRole) => JSON.stringify(role);
    const watched: typeof store = {
      ...store,
      put: (role, state) => {
        held.add(key(role));
        return store.put(role, state);
      },
      discard: (role) => {
        held.delete(key(role));
        return store.discard(role);
      },
    };
    let tried = 0;
    const first = descent(2, ({ work }) => work.round === 3 && ++tried === 2);
    await expect(runLocalRounds(plan, first.tasks, watched)).rejects.toThrow(InterruptedError);
    const second = descent(2);
    const state = await runLocalRounds(plan, second.tasks, watched);
    expectDrifts([...first.drifts, ...second.drifts], state);
    const roles = [...held].map((role) => JSON.parse(role) as StateRole);
    expect(roles.filter(({ type }) => type === 'attachment')).toEqual([]);
    expect(roles.filter(({ type }) => type === 'common')).toEqual([
      { type: 'common', name: 'control', round: 3 },
    ]);
    const own = roles.flatMap((role) => (role.type === 'own' ? [role.participant] : []));
    expect(own.sort()).toEqual([...new Set(own)]);
  });

  it('change by the mean of a round whose learning rates are not all the same', () => {
    const [g, drift] = [3, 0.5];
    const rates = [0.5, 0.25, 0.125];
    const end = rates.reduce((w, rate) => w - rate * (g + drift), 1);
    const controls = { common: Float32Array.of(2), own: Float32Array.of(2 - drift) };
    const change = controlChange(
      controls,
      Float32Array.of(1),
      { state: Float32Array.of(end), steps: 3 },
      { learningRates: Float32Array.from(rates) },
    );
    expect(controls.own[0]! + change[0]!).toBeCloseTo(g, 5);
  });
});
