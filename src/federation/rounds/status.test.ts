import { describe, expect, it } from 'vitest';
import { classificationMetrics } from '../../metrics/classification.js';
import { statusSchema } from '../../protocol/status.js';
import type { RoundRules, RunState } from './round.js';
import type { RoundEvent } from './round-events.js';
import { applyEvent, startRun } from './rounds.js';
import { type Live, statusOf } from './status.js';

const sha256 = 'a'.repeat(64);
const rules: RoundRules = {
  ...{
    participants: ['a', 'b', 'c'],
    rounds: 2,
    metrics: classificationMetrics,
    reference: undefined,
    pooled: false,
  },
  quorum: 2,
};
const at = '2030-01-01T04:00:00.000Z';
const joined = (participant: string): RoundEvent => ({
  ...{ type: 'joined', round: 1, participant, examples: 10, validationExamples: 2 },
});
const update = (participant: string): RoundEvent => ({
  ...{ type: 'update-received', round: 1 },
  update: { participant, sha256, examples: 20, epochs: 1, examplesSeen: 10, loss: 1, seconds: 0 },
});
const merged: RoundEvent = {
  type: 'merged',
  round: 1,
  sha256,
  merged: { mean: { accuracy: 0.5 } },
  own: {},
  seconds: 0,
};
const copy = (participant: string): RoundEvent => ({
  ...{ type: 'copy-evaluated', round: 1, participant, validation: { accuracy: 0.75 } },
});
const after = (...events: RoundEvent[]) => events.reduce(applyEvent, startRun(rules));
const presencesOf = (present: Record<string, boolean>): Live => ({
  presences: new Map(
    Object.entries(present).map(([name, present]) => [
      name,
      { present, since: at, progress: { round: 1, activity: 'training' } },
    ]),
  ),
});
/** What crosses the wire. */
const status = (state: RunState, live?: Live) =>
  statusSchema.parse(JSON.parse(JSON.stringify(statusOf(state, live))));
const presence = (state: RunState, live?: Live) =>
  status(state, live).participants.map((one) => one.presence);

describe('the status', () => {
  it('in training has who is in, who is not, and until when they are waited for', () => {
    const waiting = after(joined('b'), { type: 'deadline-set', round: 1, phase: 'train', at }, update('b'));
    expect(status(waiting)).toMatchObject({
      ...{ phase: 'training', round: 1, rounds: 2, quorum: 2, deadline: at },
      ...{ waitingFor: ['a', 'c'], received: ['b'], copied: {} },
    });
    expect(status(waiting).deadlinePassed).toBeUndefined();
    const late = applyEvent(waiting, { type: 'deadline-passed', round: 1, phase: 'train' });
    expect(status(late)).toMatchObject({ deadline: at, deadlinePassed: true, waitingFor: ['a', 'c'] });
  });

  it('says what the task counts, if it is not examples', () => {
    expect(status(startRun({ ...rules, unit: 'token' })).unit).toBe('token');
    expect(status(startRun(rules)).unit).toBeUndefined();
  });

  it('while a round is merged has whose updates those are, and waits for nobody', () => {
    const closed = after(...[update('c'), update('a')], {
      type: 'deadline-passed',
      round: 1,
      phase: 'train',
    });
    const { phase, waitingFor, received, deadline } = status(closed);
    expect({ phase, waitingFor, received, deadline }).toEqual({
      ...{ phase: 'merging', waitingFor: [], received: ['a', 'c'], deadline: undefined },
    });
  });

  it('while copies are evaluated has who has answered, and the deadline of that phase', () => {
    const state = after(
      ...['a', 'b', 'c'].map(update),
      ...[merged, { type: 'deadline-set', round: 1, phase: 'evaluate', at } as const, copy('c')],
    );
    expect(status(state)).toMatchObject({
      ...{ phase: 'evaluating', deadline: at, waitingFor: ['a', 'b'], received: ['c'] },
      ...{ copied: { c: { accuracy: 0.75 } }, test: { accuracy: 0.5 } },
    });
  });

  it('at the end has why, and of a coordinator that is still there who has not fetched the model, and until when', () => {
    const state = after(
      joined('a'),
      joined('b'),
      { type: 'left', round: 1, participant: 'b' },
      {
        ...{ type: 'stopped', round: 1 },
      },
    );
    expect(status(state)).toMatchObject({
      phase: 'finished',
      reason: 'stopped',
      waitingFor: [],
      received: [],
    });
    const live = { ...presencesOf({ a: true, b: false }), farewell: at };
    expect(status(state, live)).toMatchObject({ phase: 'finished', waitingFor: ['a'], deadline: at });
  });

  it('has who is here, gone, has left and has not joined; a folder alone does not say who is here', () => {
    const state = after(joined('a'), joined('b'), {
      type: 'left',
      round: 1,
      participant: 'b',
      reason: 'tired',
    });
    expect(presence(state, presencesOf({ a: true, b: false }))).toEqual(['here', 'left', 'not joined']);
    // As a coordinator knows it that was started again, before anybody has come back.
    expect(presence(state, presencesOf({}))).toEqual(['gone', 'left', 'not joined']);
    expect(presence(state)).toEqual(['unknown', 'left', 'not joined']);
    const [, b] = status(state, presencesOf({ a: true, b: false })).participants;
    expect(b).toEqual({ name: 'b', presence: 'left', since: at, reason: 'tired', examples: 10 });
  });

  it('of a run on one machine has nobody’s presence, and the examples of who has trained', () => {
    const state = after(update('a'));
    expect(status(state).participants).toEqual([
      { name: 'a', presence: 'unknown', examples: 20 },
      { name: 'b', presence: 'unknown' },
      { name: 'c', presence: 'unknown' },
    ]);
  });
});
