import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { classificationMetrics } from '../../metrics/classification.js';
import { currentPhase, handingIn } from './open-phase.js';
import { mergePhase, phasesOf, train } from './phases.js';
import { recordedRounds } from './recorded-rounds.js';
import type { Command, ParticipantsPhase, Phase, RoundRules, RunState } from './round.js';
import type { RoundEvent } from './round-events.js';
import { applyEvent, dueCommands, isFinished, startRun } from './rounds.js';
import { constantsOf } from './survey-phases.js';

const participants = ['a', 'b', 'c'];
const sha256 = 'a'.repeat(64);
const rules: RoundRules = {
  ...{ participants, rounds: 2, reference: undefined, pooled: false },
  metrics: classificationMetrics,
};

/** A phase that the machine does not know: its facts are the general ones. */
const contributing = (name: string, isPartOf: Phase['isPartOf'] = () => true): ParticipantsPhase => ({
  ...{ by: 'participants', name, activity: name, isPartOf, deadlineSeconds: () => undefined },
  due: ({ dropped }) => participants.filter((participant) => !dropped.has(participant)),
  done: ({ contributed }) => contributed[name] ?? new Map(),
  without: (record, participant) => {
    const others = [...(record.contributed[name] ?? [])].filter(([one]) => one !== participant);
    return { ...record, contributed: { ...record.contributed, [name]: new Map(others) } };
  },
  ask: () => Promise.reject(new Error('nobody is asked here')),
});
/** Statistics of everybody's data before round 1, and keys for masks in every round. */
const phases: readonly Phase[] = [
  contributing('survey', (_, { round }) => round === 1),
  contributing('keys'),
  train,
  mergePhase,
];

const joined = (participant: string): RoundEvent => ({
  ...{ type: 'joined', round: 1, participant, examples: 10, validationExamples: 2 },
});
const given = (phase: string, participant: string, round = 1, attempt?: number): RoundEvent => ({
  ...{ type: 'contributed', round, phase, participant, sha256 },
  ...(attempt !== undefined && { attempt }),
});
const trained = (participant: string, round = 1): RoundEvent => ({
  ...{ type: 'update-received', round },
  update: { participant, sha256, examples: 10, epochs: 1, examplesSeen: 10, loss: 1, seconds: 0 },
});
const merged = (round: number): RoundEvent => ({
  ...{ type: 'merged', round, sha256, merged: {}, own: {}, seconds: 0 },
});

function factOf(command: Command): RoundEvent {
  const {
    phase = '',
    participant = '',
    round,
  } = { phase: '', ...command } as Extract<Command, { type: 'phase' }>;
  if (phase === 'merge') return merged(round);
  if (phase === 'train') return trained(participant, round);
  if (phase === 'evaluate')
    return { type: 'copy-evaluated', round, participant, validation: { accuracy: 0.5 } };
  return given(phase, participant, round);
}

const begin = (changes: Partial<RoundRules> = {}) => startRun({ ...rules, ...changes }, phases);
const after = (state: RunState, ...events: RoundEvent[]) => events.reduce(applyEvent, state);
const isIn = (state: RunState) => `${currentPhase(state)?.name} ${state.rounds.length}`;

describe('a list of phases', () => {
  it('is gone through in its order, round by round, the survey before the first alone', () => {
    let state = begin();
    const asked: string[] = [];
    while (!isFinished(state)) {
      const [command] = dueCommands(state);
      asked.push(isIn(state));
      state = applyEvent(state, factOf(command!));
    }
    expect([...new Set(asked)]).toEqual([
      ...['survey 1', 'keys 1', 'train 1', 'merge 1'],
      ...['keys 2', 'train 2', 'merge 2'],
    ]);
    expect(state.stopped).toBe('max-rounds');
    expect(Object.keys(state.rounds[1]!.closed)).toEqual(['keys', 'train']);
  });

  it('has a quorum and a deadline for each, and counts in each who was in', () => {
    let state = after(begin({ quorum: 2 }), ...participants.map(joined));
    state = after(state, given('survey', 'a'), given('survey', 'b'));
    expect(isIn(state)).toBe('survey 1');
    state = after(state, { type: 'deadline-passed', round: 1, phase: 'survey' });
    expect(isIn(state)).toBe('keys 1');
    state = after(state, given('keys', 'c'), given('keys', 'a'), {
      type: 'left',
      round: 1,
      participant: 'b',
    });
    expect(isIn(state)).toBe('train 1');
    const { survey, keys } = state.rounds[0]!.closed;
    expect(survey!.counted).toEqual(['a', 'b']);
    expect(keys!.counted).toEqual(['a', 'c']);
    expect(() => applyEvent(state, given('keys', 'b'))).toThrow('came after "keys" of round 1 was closed');
  });

  it('takes back what a dropped participant handed in for the open phase, and not what is built on', () => {
    let state = after(begin(), ...participants.map((name) => given('survey', name)));
    state = after(state, given('keys', 'a'), given('keys', 'b'));
    state = after(state, { type: 'dropped', round: 1, participant: 'b' });
    expect(state.rounds[0]!.closed.survey!.counted).toEqual(participants);
    expect([...state.rounds[0]!.contributed.keys!.keys()]).toEqual(['a']);
    state = after(state, given('keys', 'c'));
    expect(isIn(state)).toBe('train 1');
    expect(state.rounds[0]!.closed.keys!.counted).toEqual(['a', 'c']);
  });

  it('asks again for a file that was lost while the coordinator was to use it', () => {
    let state = after(begin(), ...participants.map((name) => given('survey', name)));
    state = after(
      state,
      ...participants.map((name) => given('keys', name)),
      ...participants.map((p) => trained(p)),
    );
    expect(isIn(state)).toBe('merge 1');
    expect(handingIn(state)).toBe(train);
    const built = after(state, { type: 'work-lost', round: 1, phase: 'keys', participant: 'a' });
    expect(built).toBe(state);
    state = after(state, { type: 'work-lost', round: 1, phase: 'train', participant: 'a' });
    expect(dueCommands(state)).toEqual([{ type: 'phase', phase: 'train', round: 1, participant: 'a' }]);
  });

  it('is begun anew with the next attempt when an operator goes back, and takes nothing of the one before', () => {
    let state = after(begin(), ...participants.map((name) => given('survey', name)));
    expect(state.rounds[0]!.attempt).toBe(1);
    state = after(state, { type: 'rolled-back', round: 1, to: 0 });
    expect(isIn(state)).toBe('survey 1');
    expect(state.rounds[0]!.attempt).toBe(2);
    expect(() => applyEvent(state, given('survey', 'a'))).toThrow(
      'attempt 1 at round 1, which is in attempt 2',
    );
    for (const phase of ['survey', 'keys']) {
      state = after(state, ...participants.map((name) => given(phase, name, 1, 2)));
    }
    expect(isIn(state)).toBe('train 1');
  });
});

describe('a survey before round 1', () => {
  const survey: RoundRules = { ...rules, survey: true, quorum: 2, sampling: { perRound: 2, seed: 3 } };
  const constants: RoundEvent = { type: 'computed', round: 1, phase: 'constants', sha256 };
  const surveyed = after(
    startRun(survey),
    ...participants.map(joined),
    ...participants.map((p) => given('survey', p)),
    constants,
  );
  const drop = (participant: string): RoundEvent => ({ type: 'dropped', round: 1, participant });

  it('asks everybody, whoever trains, and is over when the constants are made', () => {
    expect(dueCommands(startRun(survey)).map((command) => 'phase' in command && command.phase)).toEqual(
      Array(3).fill('survey'),
    );
    expect(isIn(surveyed)).toBe('train 1');
    expect(constantsOf(surveyed.rounds)).toBe(sha256);
    expect(constantsOf(after(surveyed, { type: 'rolled-back', round: 1, to: 0 }).rounds)).toBeUndefined();
  });

  it('leaves it open that another participant is drawn in the place of one that is dropped', () => {
    const [first = '', second = ''] = surveyed.rounds[0]!.participants;
    const third = participants.find((name) => name !== first && name !== second)!;
    const state = after(surveyed, drop(first));
    expect(state.rounds[0]!.participants).toEqual(participants.filter((name) => name !== first));
    const done = after(state, trained(second), trained(third), merged(1));
    const [record] = recordedRounds({ ...done, rounds: done.rounds.slice(0, 1) });
    // A repetition has the same participants.
    let again = startRun({ ...survey, recorded: [record!] });
    for (let command = dueCommands(again)[0]!; again.rounds.length === 1; command = dueCommands(again)[0]!) {
      const made = command.type === 'phase' && command.phase === 'constants';
      again = applyEvent(
        again,
        command.type === 'record' ? command.event : made ? constants : factOf(command),
      );
      if (isFinished(again)) break;
    }
    expect(again.rounds[0]!.closed.train!.counted).toEqual(done.rounds[0]!.closed.train!.counted);
  });
});

describe('the loop that the header of rounds.ts shows', () => {
  const text = readFileSync(new URL('rounds.ts', import.meta.url), 'utf8');
  const header = text.slice(0, text.indexOf('*/'));
  const loop = [...header.matchAll(/^ \* {5}(.*)$/gm)].map(([, line]) => line);

  it.each<[string, Partial<RoundRules>, readonly Phase[] | undefined]>([
    ['of a run as it is', {}, undefined],
    ['of a run that refits', { refit: 'every' }, undefined],
    ['of a run that begins with a survey', { survey: true }, undefined],
    ['of phases of one’s own', {}, phases],
  ])('leads the rounds %s to their end, over facts in memory', async (_, changes, own) => {
    const events: RoundEvent[] = [];
    const store = { events, append: async (event: RoundEvent) => void events.push(event) };
    const all: RoundRules = { ...rules, ...changes };
    const begun = (given: RoundRules) => startRun(given, own ?? phasesOf(given));
    const carryOut = async (command: Command): Promise<RoundEvent> =>
      command.type === 'phase' && ['constants', 'solve'].includes(command.phase)
        ? { type: 'computed', round: command.round, phase: command.phase, sha256 }
        : command.type === 'phase' && command.phase === 'refit'
          ? { type: 'refitted', round: command.round, sha256, scale: 1, alpha: 1, test: { accuracy: 0.5 } }
          : factOf(command);
    const parts = { store, rules: all, carryOut, applyEvent, dueCommands, isFinished, startRun: begun };
    const AsyncFunction = (async () => {}).constructor as FunctionConstructor;
    const run = new AsyncFunction(...Object.keys(parts), loop.join('\n'));
    const state: RunState = await run(...Object.values(parts));
    expect(state.stopped).toBe('max-rounds');
    expect(state.rounds).toHaveLength(2);
    // Where its process was killed after each of its facts, the rest is done.
    for (let at = 0; at < events.length; at += 3) {
      const again = { ...store, events: events.slice(0, at) };
      again.append = async (event) => void again.events.push(event);
      const resumed = await run(...Object.values({ ...parts, store: again }));
      expect(resumed).toEqual(state);
    }
  });
});
