import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { classificationMetrics } from '../../metrics/classification.js';
import { currentPhase, missingIn } from './open-phase.js';
import { evaluatePhase, train } from './phases.js';
import { recordedRounds } from './recorded-rounds.js';
import type { Command, PhaseCommand, RoundRecord, RoundRules, RunState } from './round.js';
import { type RoundEvent, roundEventSchema } from './round-events.js';
import { applyEvent, dueCommands, isFinished, startRun } from './rounds.js';

const participants = ['a', 'b', 'c', 'd'];
const sha256 = 'a'.repeat(64);
const rulesOf = (changes: Partial<RoundRules>): RoundRules => ({
  ...{
    participants,
    rounds: 4,
    metrics: classificationMetrics,
    reference: undefined,
    pooled: false,
    quorum: 2,
  },
  ...changes,
});

function factOf(command: Command): RoundEvent {
  const { round } = command;
  if (command.type === 'record') return command.event;
  const { phase, participant = '' } = command as PhaseCommand;
  if (phase === 'merge') return { type: 'merged', round, sha256, merged: {}, own: {}, seconds: 0 };
  return phase === 'train'
    ? { type: 'update-received', round, update: updateOf(participant) }
    : { type: 'copy-evaluated', round, participant, validation: { accuracy: 0.9 } };
}
const updateOf = (participant: string) => ({
  ...{ participant, sha256, epochs: 1, examplesSeen: 10, loss: 1, seconds: 0 },
  examples: 10 + participants.indexOf(participant),
});

/**
 * What a run came to that is run again, where one command after the other is carried out, drawn by
 * `choose`.
 */
function replayed(rules: RoundRules, then: RunState, choose: (commands: number) => number): RunState {
  const recorded = recordedRounds(then);
  const journal: RoundEvent[] = [];
  let state = startRun({ ...rules, recorded });
  for (let step = 0; ; step++) {
    expect(step).toBeLessThan(200);
    const due = dueCommands(state);
    if (due.length === 0) break;
    const event = factOf(due[choose(due.length)] as Command);
    journal.push(roundEventSchema.parse(event));
    state = applyEvent(state, event);
  }
  expect(isFinished(state)).toBe(true);
  // Whoever reads the journal of the replay needs no record beside it.
  expect({ ...journal.reduce(applyEvent, startRun(rules)), rules: state.rules }).toEqual(state);
  return state;
}

const whoWas = ({ rounds }: RunState) =>
  rounds
    .filter(({ merged }) => merged !== undefined)
    .map(({ round, participants: drawn, closed, copied }) => ({
      ...{ round, drawn, counted: closed.train?.counted, copied: [...copied.keys()].sort() },
      joined: [...(closed.train?.members ?? [])].map(([name, { examples }]) => [name, examples]).sort(),
    }));

type Action = 'join' | 'leave' | 'train' | 'deadline' | 'merge' | 'stop';
const actions = fc.array(
  fc.tuple(
    fc.oneof(
      { weight: 120, arbitrary: fc.constant<Action>('train') },
      { weight: 30, arbitrary: fc.constantFrom<Action>('join', 'merge') },
      { weight: 12, arbitrary: fc.constantFrom<Action>('leave', 'deadline') },
      { weight: 1, arbitrary: fc.constant<Action>('stop') },
    ),
    fc.constantFrom(...participants),
  ),
  { minLength: 40, maxLength: 120 },
);

/** A run across machines whose participants do these things, as far as they can be done. */
function ran(rules: RoundRules, doings: readonly (readonly [Action, string])[]): RunState {
  let state = startRun(rules);
  for (const [action, participant] of doings) {
    const current = state.rounds.at(-1)!;
    const { round, closed, merged } = current;
    const phase = closed.train === undefined ? 'train' : 'evaluate';
    const isDue: Record<Action, boolean> = {
      join: true,
      leave: state.members.has(participant),
      train:
        state.members.get(participant)?.left === undefined &&
        state.members.has(participant) &&
        missingIn(phase === 'train' ? train : evaluatePhase, state, current).includes(participant),
      deadline: true,
      merge: currentPhase(state)?.name === 'merge',
      stop: true,
    };
    if (state.stopped !== undefined || !isDue[action]) continue;
    const facts: Record<Action, RoundEvent | undefined> = {
      join: {
        type: 'joined',
        round,
        participant,
        examples: updateOf(participant).examples,
        validationExamples: 2,
      },
      leave: { type: 'left', round, participant },
      train:
        phase === 'train' || merged !== undefined
          ? factOf({ type: 'phase', phase, round, participant })
          : undefined,
      deadline: { type: 'deadline-passed', round, phase },
      merge: factOf({ type: 'phase', phase: 'merge', round }),
      stop: { type: 'stopped', round },
    };
    const event = facts[action];
    if (event !== undefined) state = applyEvent(state, event);
  }
  return state;
}

describe('a run that is run again', () => {
  it('has the same rounds of the same participants, whatever happened and in whatever order it is done', () => {
    const seen = { partial: 0, stopped: 0 };
    fc.assert(
      fc.property(
        actions,
        fc.record({
          quorum: fc.integer({ min: 1, max: 3 }),
          evaluateEvery: fc.constantFrom(undefined, 2),
          sampling: fc.constantFrom(undefined, { perRound: 3, seed: 5 }),
          reference: fc.constantFrom(undefined, { metric: classificationMetrics[0], value: 0.8 }),
        }),
        fc.infiniteStream(fc.nat(1000)),
        (doings, changes, choices) => {
          const rules = rulesOf(changes);
          const then = ran(rules, doings);
          const now = replayed(rules, then, (among) => choices.next().value % among);
          expect(whoWas(now)).toEqual(whoWas(then));
          if (then.stopped === 'every-participant-passed' || then.stopped === 'max-rounds') {
            expect(now.stopped).toBe(then.stopped);
          } else expect(now.stopped).toBe('stopped');
          const isPartial = ({ closed: { train }, participants }: RoundRecord) =>
            train !== undefined && train.counted.length < participants.length;
          if (then.rounds.some(isPartial)) {
            seen.partial++;
          }
          if (then.stopped === 'stopped') seen.stopped++;
        },
      ),
      { numRuns: 300, seed: 3 },
    );
    expect(Math.min(...Object.values(seen))).toBeGreaterThan(20);
  });

  it('of one machine is no other run', () => {
    const rules = rulesOf({ quorum: undefined });
    let then = startRun(rules);
    while (!isFinished(then)) then = applyEvent(then, factOf(dueCommands(then)[0]!));
    const now = replayed(rules, then, (among) => among - 1);
    expect(whoWas(now)).toEqual(whoWas(then));
    expect(now.stopped).toBe('max-rounds');
    expect(now.members.size).toBe(0);
  });
});
