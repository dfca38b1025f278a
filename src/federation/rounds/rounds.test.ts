import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { classificationMetrics } from '../../metrics/classification.js';
import { targetOf } from '../../metrics/target.js';
import type { Command, PhaseCommand, RoundRules, RunState } from './round.js';
import { type RoundEvent, roundEventSchema } from './round-events.js';
import { applyEvent, dueCommands, isFinished, startRun } from './rounds.js';

const sha256 = 'a'.repeat(64);

const rulesOf = (
  participants: number,
  rounds: number,
  reference: number | undefined,
  pooled: boolean,
  refit?: RoundRules['refit'],
) => ({
  participants: Array.from({ length: participants }, (_, i) => `p${i}`),
  rounds,
  metrics: classificationMetrics,
  reference: reference === undefined ? undefined : targetOf(reference, classificationMetrics),
  pooled,
  refit,
});

/**
 * A fact that answers the command; the accuracies follow from the command, as a task's result does.
 */
function answer(command: Command, accuracyOf: (command: Command) => number): RoundEvent {
  const { round } = command;
  switch (command.type) {
    case 'phase':
      return answerOf(command, accuracyOf(command));
    case 'train-pooled':
      return { type: 'pooled-trained', round, sha256, examplesSeen: 10, test: { accuracy: 0.5 } };
    case 'record':
      return command.event;
  }
}

function answerOf({ round, phase, participant = '' }: PhaseCommand, accuracy: number): RoundEvent {
  switch (phase) {
    case 'train': {
      const counts = { examples: 10, epochs: 1, examplesSeen: 10, loss: 1, seconds: 0 };
      return { type: 'update-received', round, update: { participant, sha256, ...counts } };
    }
    case 'merge':
      return { type: 'merged', round, sha256, merged: { mean: { accuracy: 0.5 } }, own: {}, seconds: 0 };
    case 'evaluate':
      return { type: 'copy-evaluated', round, participant, validation: { accuracy } };
    case 'refit':
      return { type: 'refitted', round, sha256, scale: 4, alpha: 0.5, test: { accuracy: 0.5 } };
    case 'solve':
      return { type: 'computed', round, phase, sha256 };
    case 'features':
      return { type: 'contributed', round, phase, participant, sha256 };
    default:
      return { type: 'contributed', round, phase, participant, sums: [3, 1, 2, 2, 2, 2, 2] };
  }
}

const part = (phase: string, round: number, participant: string) =>
  ({ type: 'phase', phase, round, participant }) as const;

const refitting = ['features', 'solve', 'scales', 'alphas', 'refit'];
const keyOf = (command: Command) => JSON.stringify(command);
const phaseOf = (command: Command) => (command.type === 'phase' ? command.phase : undefined);

/** Copies pass the reference (0.8) from a round on that depends on the participant. */
const accuracyOf = (command: Command) =>
  command.type === 'phase' && command.round >= 1 + (Number(command.participant?.slice(1)) % 3) ? 0.9 : 0.7;

/** Runs to the end, always taking up the due command that `choose` says. */
function play(rules: RoundRules, choose: (due: readonly Command[]) => Command) {
  let state = startRun(rules);
  const journal: RoundEvent[] = [];
  const asked: string[] = [];
  for (let due = dueCommands(state); due.length > 0; due = dueCommands(state)) {
    const command = choose(due);
    asked.push(keyOf(command));
    const event = answer(command, accuracyOf);
    journal.push(event);
    state = applyEvent(state, event);
  }
  return { state, journal, asked };
}

const rulesArbitrary = fc
  .record({
    participants: fc.integer({ min: 1, max: 5 }),
    rounds: fc.integer({ min: 1, max: 4 }),
    reference: fc.option(fc.constant(0.8), { nil: undefined }),
    pooled: fc.boolean(),
    refit: fc.constantFrom('every', 'last', undefined),
    perRound: fc.option(fc.integer({ min: 1, max: 5 }), { nil: undefined }),
  })
  .map(
    ({ participants, rounds, reference, pooled, refit, perRound }): RoundRules => ({
      ...rulesOf(participants, rounds, reference, pooled, refit),
      ...(perRound !== undefined && { sampling: { perRound: Math.min(perRound, participants), seed: 7 } }),
    }),
  );

/** Whatever order facts came in, the maps hold the same. */
const normal = (state: RunState) =>
  state.rounds.map(({ updates, copied, contributed, ...rest }) => ({
    ...rest,
    contributed: Object.entries(contributed).map(([phase, work]) => [
      phase,
      [...work].sort(([a], [b]) => a.localeCompare(b)),
    ]),
    updates: [...updates].sort(([a], [b]) => a.localeCompare(b)),
    copied: [...copied].sort(([a], [b]) => a.localeCompare(b)),
  }));

describe('the round', () => {
  it('comes to the same state in whatever order its facts arrive, and to an end', () => {
    fc.assert(
      fc.property(rulesArbitrary, fc.infiniteStream(fc.nat()), (rules, chances) => {
        const first = play(rules, (due) => due[0]!);
        const other = play(rules, (due) => due[(chances.next().value as number) % due.length]!);
        expect(normal(other.state)).toEqual(normal(first.state));
        expect(other.state.stopped).toBe(first.state.stopped);
        expect(isFinished(other.state)).toBe(true);
      }),
      { seed: 1, numRuns: 200 },
    );
  });

  it('asks for nothing twice', () => {
    fc.assert(
      fc.property(rulesArbitrary, (rules) => {
        const { asked } = play(rules, (due) => due.at(-1)!);
        expect(new Set(asked).size).toBe(asked.length);
      }),
      { seed: 2, numRuns: 100 },
    );
  });

  it('is where it was when its journal is replayed, from whatever part of it', () => {
    fc.assert(
      fc.property(rulesArbitrary, fc.nat(), (rules, cut) => {
        const { state, journal } = play(rules, (due) => due[0]!);
        const lines = journal.map((event) => JSON.stringify(event));
        const replayed = lines
          .map((line) => roundEventSchema.parse(JSON.parse(line)))
          .reduce(applyEvent, startRun(rules));
        expect(replayed).toEqual(state);
        const part = journal.slice(0, cut % (journal.length + 1));
        const rest = journal.slice(part.length);
        expect(rest.reduce(applyEvent, part.reduce(applyEvent, startRun(rules)))).toEqual(state);
      }),
      { seed: 3, numRuns: 100 },
    );
  });

  it('does not change by a fact that it knows', () => {
    fc.assert(
      fc.property(rulesArbitrary, (rules) => {
        const { state, journal } = play(rules, (due) => due[0]!);
        expect(normal(journal.reduce(applyEvent, state))).toEqual(normal(state));
      }),
      { seed: 4, numRuns: 50 },
    );
  });

  it('ends when every copy passes the reference, and goes on when one does not', () => {
    const { state } = play(rulesOf(3, 5, 0.8, false), (due) => due[0]!);
    expect(state.stopped).toBe('every-participant-passed');
    expect(state.rounds).toHaveLength(3);
  });

  it('asks about copies, and ends, in the rounds that are evaluated alone', () => {
    const about = (reference: number | undefined) => {
      const { state, asked } = play(
        { ...rulesOf(3, 7, reference, false), evaluateEvery: 2 },
        (due) => due[0]!,
      );
      const copies = asked
        .map((key) => JSON.parse(key) as Command)
        .filter((command) => phaseOf(command) === 'evaluate');
      return { state, rounds: [...new Set(copies.map(({ round }) => round))] };
    };
    expect(about(undefined).rounds).toEqual([2, 4, 6, 7]);
    expect(about(undefined).state.stopped).toBe('max-rounds');
    // Everybody passes from round 3 on.
    expect(about(0.8).rounds).toEqual([2, 4]);
    expect(about(0.8).state.stopped).toBe('every-participant-passed');
  });

  it('asks those who are drawn to train, and everybody about the copy', () => {
    const sampling = { perRound: 2, seed: 1 };
    const { state, asked } = play({ ...rulesOf(5, 6, 0.8, true), sampling }, (due) => due[0]!);
    expect(state.stopped).toBe('every-participant-passed');
    const commands = asked.map((key) => JSON.parse(key) as Command);
    const names = (round: number, phase: string) =>
      commands.flatMap((command) =>
        command.type === 'phase' && command.round === round && command.phase === phase
          ? [command.participant]
          : [],
      );
    for (const { round, participants, updates } of state.rounds) {
      expect(names(round, 'train')).toEqual(participants);
      expect(participants).toHaveLength(2);
      expect([...updates.keys()]).toEqual(participants);
      expect(names(round, 'evaluate')).toEqual(state.rules.participants);
    }
    const trained = new Set(state.rounds.map(({ participants }) => participants.join()));
    expect(trained.size).toBeGreaterThan(1);
  });

  it('refuses the update of somebody who is not drawn', () => {
    const rules = { ...rulesOf(5, 2, undefined, false), sampling: { perRound: 2, seed: 1 } };
    const state = startRun(rules);
    const other = rules.participants.find((name) => !state.rounds[0]!.participants.includes(name))!;
    expect(() => applyEvent(state, answer(part('train', 1, other), accuracyOf))).toThrow(
      `internal: "${other}" takes no part in round 1`,
    );
  });

  it('does every round where there is no reference', () => {
    const { state } = play(rulesOf(2, 4, undefined, false), (due) => due[0]!);
    expect(state.stopped).toBe('max-rounds');
    expect(state.rounds).toHaveLength(4);
  });

  it('is not finished while the pooled training of its last round is due', () => {
    const notPooled = (due: readonly Command[]) => due.find(({ type }) => type !== 'train-pooled') ?? due[0]!;
    const rules = rulesOf(2, 1, undefined, true);
    let state = startRun(rules);
    while (state.stopped === undefined)
      state = applyEvent(state, answer(notPooled(dueCommands(state)), accuracyOf));
    expect(isFinished(state)).toBe(false);
    expect(dueCommands(state)).toEqual([{ type: 'train-pooled', round: 1 }]);
  });

  it.each([
    ['every', ['train', 'merge', ...refitting, 'evaluate', 'train']],
    ['last', ['train', 'merge', 'evaluate', 'train', 'merge', 'evaluate', ...refitting]],
  ] as const)('refits the last layer in its place: %s', (refit, order) => {
    const { state, asked } = play(rulesOf(1, 2, undefined, false, refit), (due) => due[0]!);
    expect(asked.slice(0, order.length).map((key) => phaseOf(JSON.parse(key)))).toEqual(order);
    expect(state.rounds.map(({ refitted }) => refitted !== undefined)).toEqual([refit === 'every', true]);
    expect(isFinished(state)).toBe(true);
  });

  it('refits the model of the round in which every copy passed', () => {
    const { state } = play(rulesOf(3, 5, 0.8, false, 'last'), (due) => due[0]!);
    expect(state.rounds).toHaveLength(3);
    expect(state.rounds[2]!.refitted).toBeDefined();
  });

  it('asks only honest participants whether the copy is good enough', () => {
    const rules = { ...rulesOf(3, 5, 0.8, false), attackers: ['p2'] };
    const { state, asked } = play(rules, (due) => due[0]!);
    // p2 alone would have asked for a third round.
    expect(state.stopped).toBe('every-participant-passed');
    expect(state.rounds).toHaveLength(2);
    expect(asked).not.toContain(keyOf(part('evaluate', 1, 'p2')));
    expect(state.rounds[0]!.updates.has('p2')).toBe(true);
  });

  it('lets attackers that must know the other updates wait for them', () => {
    const rules = { ...rulesOf(3, 2, undefined, false), attackers: ['p1'], attackersWait: true };
    fc.assert(
      fc.property(fc.infiniteStream(fc.nat()), (chances) => {
        const { state, asked } = play(rules, (due) => due[(chances.next().value as number) % due.length]!);
        expect(state.stopped).toBe('max-rounds');
        const place = (participant: string) => asked.indexOf(keyOf(part('train', 1, participant)));
        expect(place('p1')).toBeGreaterThan(Math.max(place('p0'), place('p2')));
      }),
      { seed: 5, numRuns: 50 },
    );
  });

  it('lets attackers wait for those honest ones only who take part in the round', () => {
    const sampling = { perRound: 2, seed: 1 };
    const rules = { ...rulesOf(4, 12, undefined, false), sampling, attackers: ['p3'], attackersWait: true };
    const { state, asked } = play(rules, (due) => due.at(-1)!);
    expect(state.stopped).toBe('max-rounds');
    const mixed = state.rounds.filter(({ participants }) => participants.includes('p3'));
    expect(mixed.length).toBeGreaterThan(0);
    for (const { round, participants } of mixed) {
      const places = participants.map((participant) =>
        asked.indexOf(keyOf(part('train', round, participant))),
      );
      expect(places.indexOf(Math.max(...places))).toBe(participants.indexOf('p3'));
    }
  });

  it('refuses facts that cannot be', () => {
    const state = startRun(rulesOf(2, 2, undefined, false));
    const event = (round: number, participant: string) =>
      answer(part('train', round, participant), accuracyOf);
    expect(() => applyEvent(state, event(2, 'p0'))).toThrow(
      'internal: update-received of round 2, which has not begun',
    );
    expect(() => applyEvent(state, event(1, 'p9'))).toThrow('internal: "p9" takes no part in this run');
    expect(() => applyEvent(state, answer({ type: 'phase', phase: 'merge', round: 1 }, accuracyOf))).toThrow(
      'internal: round 1 is merged before it is closed',
    );
  });
});
