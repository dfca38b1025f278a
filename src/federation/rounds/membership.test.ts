import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { classificationMetrics } from '../../metrics/classification.js';
import type { Announcement } from '../../protocol/announcement.js';
import { admit } from './admit-announcement.js';
import { assign } from './assign.js';
import { baseOf, type RoundRules, type RunState } from './round.js';
import { type RoundEvent, roundEventSchema } from './round-events.js';
import { applyEvent, dueCommands, startRun } from './rounds.js';

const names = ['a', 'b', 'c', 'd'];
const rules: RoundRules = {
  participants: names,
  rounds: 3,
  metrics: classificationMetrics,
  reference: undefined,
  pooled: false,
  quorum: 2,
};
const hash = (text: string) => text.padEnd(64, '0').replace(/[^0-9a-f]/g, '1');
const model = (round: number) => hash(`abc${round}`);

/** The update that a participant makes in a round: the same, however often. */
function updateOf(participant: string, round: number, base: string | undefined): Announcement {
  const state = { sha256: hash(`e${participant}${round}`), bytes: 100 };
  const facts = { examples: 10, epochs: 1, examplesSeen: 10, loss: 1, seconds: 0 };
  return { type: 'update', round, ...(base && { base }), update: { state, ...facts } };
}
const join: Announcement = { type: 'joined', examples: 10, validationExamples: 2, runtime: 'none' };
const accuracyOf = (round: number): Announcement => ({
  type: 'evaluated',
  round,
  model: model(round),
  validation: { accuracy: 0.5 },
  examples: 2,
});

/** A run whose facts come one by one. */
function run(of: RoundRules = rules) {
  let state: RunState = startRun(of);
  const journal: RoundEvent[] = [];
  const add = (event: RoundEvent) => {
    journal.push(roundEventSchema.parse(event));
    state = applyEvent(state, event);
  };
  return {
    journal,
    state: () => state,
    add,
    say(participant: string, announcement: Announcement) {
      const { event, receipt } = admit(state, participant, announcement);
      if (event !== undefined) add(event);
      return receipt;
    },
    /** Merges where that is due. */
    merge() {
      for (const command of dueCommands(state)) {
        if (command.type !== 'phase' || command.phase !== 'merge') continue;
        const { round } = command;
        add({ type: 'merged', round, sha256: model(round), merged: {}, own: {}, seconds: 0 });
      }
    },
    update(participant: string, round = state.rounds.length) {
      return this.say(participant, updateOf(participant, round, baseOf(state, round)));
    },
    current: () => state.rounds.at(-1)!,
  };
}

function joinedRun(of?: RoundRules) {
  const one = run(of);
  for (const name of names) one.say(name, join);
  return one;
}

describe('membership', () => {
  it('has the fact that data changed in the journal, though their number did not', () => {
    const { add, state } = run();
    const first = admit(state(), 'a', join).event;
    add(first as RoundEvent);
    expect(admit(state(), 'a', join)).toEqual({ receipt: { accepted: true } });
    expect(admit(state(), 'a', { ...join, dataChanged: true } as Announcement).event).toEqual({
      ...{ type: 'joined', round: 1, participant: 'a' },
      ...{ examples: 10, validationExamples: 2, dataChanged: true },
    });
  });

  it('waits for everybody as long as the deadline has not passed', () => {
    const one = joinedRun();
    for (const name of ['a', 'b', 'c']) one.update(name);
    expect(one.current().closed.train?.counted).toBeUndefined();
    one.update('d');
    expect(one.current().closed.train?.counted).toEqual(names);
  });

  it('closes with those who are in, in the order of the participants, once the deadline has passed', () => {
    const one = joinedRun();
    one.update('c');
    one.add({ type: 'deadline-passed', round: 1, phase: 'train' });
    // One is no quorum: the round waits on.
    expect(one.current().closed.train?.counted).toBeUndefined();
    one.update('b');
    expect(one.current().closed.train?.counted).toEqual(['b', 'c']);
  });

  it('refuses a late update with a reason, and changes nothing', () => {
    const one = joinedRun();
    one.update('a');
    one.update('b');
    one.add({ type: 'deadline-passed', round: 1, phase: 'train' });
    const before = one.journal.length;
    expect(one.update('c')).toMatchObject({ reason: 'late', message: 'round 1 was closed without "c"' });
    one.merge();
    expect(one.update('c', 1)).toMatchObject({ reason: 'late' });
    expect(one.journal.length).toBe(before + 1);
  });

  it('does not wait for those who left, where the others are enough', () => {
    const one = joinedRun();
    one.update('a');
    one.say('c', { type: 'left', reason: 'holidays' });
    one.update('b');
    expect(one.current().closed.train?.counted).toBeUndefined();
    one.say('d', { type: 'left' });
    expect(one.current().closed.train?.counted).toEqual(['a', 'b']);
  });

  it('counts whoever was counted and left', () => {
    const one = joinedRun();
    one.update('a');
    one.say('a', { type: 'left' });
    one.update('b');
    one.add({ type: 'deadline-passed', round: 1, phase: 'train' });
    expect(one.current().closed.train?.counted).toEqual(['a', 'b']);
  });

  it('waits again for those who come back before the round is closed', () => {
    const one = joinedRun();
    one.say('c', { type: 'left' });
    one.say('c', join);
    one.say('d', { type: 'left' });
    one.update('a');
    one.update('b');
    expect(one.current().closed.train?.counted).toBeUndefined();
    one.update('c');
    expect(one.current().closed.train?.counted).toEqual(['a', 'b', 'c']);
  });

  it('waits for ever for who left, where all are required', () => {
    const one = joinedRun({ ...rules, quorum: undefined });
    for (const name of ['a', 'b', 'c']) one.update(name);
    one.say('d', { type: 'left' });
    one.add({ type: 'deadline-passed', round: 1, phase: 'train' });
    expect(one.current().closed.train?.counted).toBeUndefined();
  });

  it('does not wait again for who has not joined by the first deadline', () => {
    const one = run();
    for (const name of ['a', 'b', 'c']) one.say(name, join);
    for (const name of ['a', 'b', 'c']) one.update(name);
    expect(one.current().closed.train?.counted).toBeUndefined();
    one.add({ type: 'deadline-passed', round: 1, phase: 'train' });
    one.merge();
    for (const name of ['a', 'b', 'c']) one.say(name, accuracyOf(1));
    expect(one.current().round).toBe(2);
    for (const name of ['a', 'b', 'c']) one.update(name);
    expect(one.current().closed.train?.counted).toEqual(['a', 'b', 'c']);
    one.merge();
    // From then on it is one of them.
    one.say('d', join);
    for (const name of ['a', 'b', 'c']) one.say(name, accuracyOf(2));
    expect(one.current().round).toBe(2);
    one.say('d', accuracyOf(2));
    expect(one.current().round).toBe(3);
  });

  it('hears nothing of who has left, or has not joined', () => {
    const one = run();
    expect(one.update('a')).toMatchObject({ reason: 'not-expected', message: '"a" has not joined' });
    one.say('a', join);
    one.say('a', { type: 'left' });
    expect(one.update('a')).toMatchObject({ reason: 'not-expected' });
    expect(one.say('stranger', join)).toMatchObject({ reason: 'not-expected' });
  });

  it('has few lines in the journal of whoever comes and goes for sport', () => {
    const it = run();
    // Nobody leaves who was not there.
    expect(it.say('d', { type: 'left' })).toEqual({ accepted: true });
    expect(it.journal).toEqual([]);
    for (let i = 0; i < 1000; i++) {
      it.say('a', { ...join, examples: 1 + (i % 2) } as Announcement);
      it.say('a', { type: 'left' });
    }
    expect(it.journal).toHaveLength(100);
    expect(it.say('a', join)).toMatchObject({
      accepted: false,
      message: expect.stringContaining('too often'),
    });
    expect(it.say('b', join)).toEqual({ accepted: true });
  });

  it('believes nobody who says that it has more examples than anybody has', () => {
    const one = run({ ...rules, mostExamples: 1000 });
    for (const field of ['examples', 'validationExamples'] as const) {
      expect(one.say('a', { ...join, [field]: 2 ** 53 - 1 } as Announcement)).toEqual({
        ...{ accepted: false, reason: 'not-expected' },
        message: '"a" says that it has 9007199254740991 examples, expected at most 1000 ("mostExamples")',
      });
    }
    expect(one.journal).toEqual([]);
  });

  it('takes nothing of whom an operator has dropped, and does not wait for it', () => {
    const one = joinedRun();
    one.update('a');
    one.add({ type: 'dropped', round: 1, participant: 'a' });
    expect(one.current().updates.size).toBe(0);
    for (const said of [join, updateOf('a', 1, undefined), accuracyOf(1)]) {
      expect(one.say('a', said)).toEqual({
        ...{ accepted: false, reason: 'not-expected' },
        message: '"a" was dropped from this run by its operator',
      });
    }
    expect(one.say('a', { type: 'left' })).toEqual({ accepted: true });
    for (const name of ['b', 'c', 'd']) one.update(name);
    expect(one.current().closed.train?.counted).toEqual(['b', 'c', 'd']);
  });

  it('takes a failure for leaving, with its reason', () => {
    const one = joinedRun();
    one.say('a', { type: 'failed', round: 1, message: 'training diverges' });
    expect(one.state().members.get('a')?.left).toEqual({ reason: 'its work failed: training diverges' });
  });

  it('refuses an update for another round, base or number of examples, and a second, different one', () => {
    const one = joinedRun();
    expect(one.say('a', updateOf('a', 2, model(1)))).toMatchObject({ reason: 'other-round' });
    expect(one.say('a', updateOf('a', 1, model(7)))).toMatchObject({ reason: 'other-base' });
    const inflated = updateOf('a', 1, undefined) as Extract<Announcement, { type: 'update' }>;
    const more = { ...inflated, update: { ...inflated.update, examples: 1000 } };
    expect(one.say('a', more)).toMatchObject({ reason: 'bad-update' });
    expect(one.update('a')).toEqual({ accepted: true });
    const other = { ...inflated, update: { ...inflated.update, state: { sha256: hash('d'), bytes: 1 } } };
    expect(one.say('a', other)).toMatchObject({ reason: 'other-update' });
  });

  it('asks again for an update whose file was damaged', () => {
    const one = joinedRun();
    for (const name of names) one.update(name);
    expect(dueCommands(one.state())).toEqual([{ type: 'phase', phase: 'merge', round: 1 }]);
    one.add({ type: 'work-lost', round: 1, phase: 'train', participant: 'b' });
    expect(dueCommands(one.state())).toEqual([{ type: 'phase', phase: 'train', round: 1, participant: 'b' }]);
    expect(one.update('b')).toEqual({ accepted: true });
    expect(one.current().closed.train?.counted).toEqual(names);
  });

  it('closes the copies like the updates', () => {
    const one = joinedRun();
    for (const name of names) one.update(name);
    one.merge();
    one.say('a', accuracyOf(1));
    one.add({ type: 'deadline-passed', round: 1, phase: 'evaluate' });
    expect(one.state().rounds).toHaveLength(1);
    one.say('b', accuracyOf(1));
    expect(one.state().rounds).toHaveLength(2);
    expect(one.say('c', accuracyOf(1))).toMatchObject({ reason: 'late' });
  });

  it('takes sums of features for the model that is refitted, once, and what is asked for only', () => {
    const one = joinedRun({ ...rules, refit: 'every' });
    for (const name of names) one.update(name);
    const file = { sha256: hash('f'), bytes: 9 };
    const sums: Announcement = { type: 'contributed', round: 1, phase: 'features', model: model(1), file };
    expect(one.say('a', sums)).toMatchObject({ reason: 'other-round' });
    one.merge();
    expect(one.say('a', { ...sums, model: model(7) })).toMatchObject({ reason: 'other-base' });
    expect(one.say('a', { ...sums, file: undefined })).toMatchObject({ reason: 'bad-update' });
    expect(one.say('a', { ...sums, phase: 'scales' })).toMatchObject({ reason: 'other-round' });
    expect(one.say('a', { ...sums, attempt: 2 })).toMatchObject({ reason: 'other-round' });
    const before = one.journal.length;
    for (let times = 0; times < 2; times++) expect(one.say('a', sums)).toEqual({ accepted: true });
    expect(one.journal.length).toBe(before + 1);
    one.say('b', sums);
    one.add({ type: 'deadline-passed', round: 1, phase: 'features' });
    expect(one.current().closed.features?.counted).toEqual(['a', 'b']);
    expect(one.say('c', sums)).toMatchObject({ reason: 'late' });
  });

  it('ends when an operator stops it, and says so', async () => {
    const one = joinedRun();
    one.add({ type: 'stopped', round: 1 });
    expect(dueCommands(one.state())).toEqual([]);
    expect(one.update('a')).toMatchObject({ reason: 'over' });
    const facts = {
      initial: undefined,
      final: undefined,
      blobOf: async (sha256: string) => ({ sha256, bytes: 1 }),
    };
    expect(await assign(one.state(), facts)).toEqual({ type: 'finished', reason: 'stopped' });
  });

  const whoArbitrary = fc.constantFrom(...names);
  const actionArbitrary = fc.oneof(
    { weight: 2, arbitrary: fc.record({ do: fc.constant('join' as const), who: whoArbitrary }) },
    { weight: 2, arbitrary: fc.record({ do: fc.constant('leave' as const), who: whoArbitrary }) },
    {
      weight: 8,
      arbitrary: fc.record({ do: fc.constant('update' as const), who: whoArbitrary, back: fc.nat(1) }),
    },
    { weight: 4, arbitrary: fc.record({ do: fc.constant('evaluate' as const), who: whoArbitrary }) },
    { weight: 2, arbitrary: fc.record({ do: fc.constant('deadline' as const) }) },
    { weight: 3, arbitrary: fc.record({ do: fc.constant('merge' as const) }) },
  );

  it('never closes a round with fewer than the quorum, nor changes what is closed, whatever happens', () => {
    fc.assert(
      fc.property(
        fc.array(actionArbitrary, { maxLength: 80 }),
        fc.option(fc.integer({ min: 1, max: 4 }), { nil: undefined }),
        (actions, quorum) => {
          const one = joinedRun({ ...rules, quorum });
          for (const action of actions) {
            const before = one.state();
            const { round } = one.current();
            if (action.do === 'join') one.say(action.who, join);
            if (action.do === 'leave') one.say(action.who, { type: 'left' });
            if (action.do === 'update') one.update(action.who, Math.max(1, round - action.back));
            if (action.do === 'evaluate') one.say(action.who, accuracyOf(round));
            if (action.do === 'merge') one.merge();
            if (action.do === 'deadline') {
              const phase = one.current().merged === undefined ? 'train' : 'evaluate';
              one.add({ type: 'deadline-passed', round, phase });
            }
            for (const record of one.state().rounds) {
              const was = before.rounds[record.round - 1]?.closed;
              expect(record.closed).toMatchObject(was ?? {});
              for (const [name, { counted }] of Object.entries(record.closed)) {
                expect(counted.length).toBeGreaterThanOrEqual(quorum ?? names.length);
                const done = name === 'train' ? record.updates : record.copied;
                expect(counted.every((name) => done.has(name))).toBe(true);
              }
            }
          }
          // The journal alone restores it.
          expect(one.journal.reduce(applyEvent, startRun({ ...rules, quorum }))).toEqual(one.state());
          // Whatever was accepted is accepted again, without a new fact.
          const facts = one.journal.length;
          for (const record of one.state().rounds) {
            for (const name of record.updates.keys()) {
              const again = updateOf(name, record.round, baseOf(one.state(), record.round));
              expect(one.say(name, again)).toEqual({ accepted: true });
            }
          }
          expect(one.journal).toHaveLength(facts);
        },
      ),
      { numRuns: 300, seed: 1 },
    );
  });
});
