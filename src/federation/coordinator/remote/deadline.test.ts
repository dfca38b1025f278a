import { describe, expect, it } from 'vitest';
import {
  blobsOfEachTest,
  bytesOf,
  coordinator,
  fakeClock,
  finalText,
  rules,
  takePart,
  until,
  work,
} from '../../../../test/text-federation.js';
import { sha256Of } from '../../../base/node/sha256-of.js';
import type { Receipt } from '../../../protocol/announcement.js';
import { inProcess } from '../../../transport/in-process.js';
import { memoryStore } from '../../record/memory-store.js';

blobsOfEachTest();

describe('rounds with remote participants and deadlines', () => {
  it('go on with a quorum once the deadline has passed, whatever the wall clock does', async () => {
    const time = fakeClock();
    const { rounds, transport, end } = coordinator(undefined, {
      rules: { ...rules, quorum: 1, deadlineSeconds: 60 },
      clock: time.clock,
    });
    const done = rounds.conduct(end, 1);
    const receipts: Receipt[] = [];
    const late = transport.openParticipant('site-b');
    await late.announce({ type: 'joined', examples: 10, validationExamples: 2, runtime: 'none' });
    const a = transport.openParticipant('site-a');
    const first = takePart(a, 'site-a', { receipts });
    await until(() => receipts.length === 1);
    expect(rounds.status()).toMatchObject({
      phase: 'training',
      waitingFor: ['site-b'],
      deadline: '2030-01-01T00:01:00.000Z',
      quorum: 1,
    });
    time.setWall(3600);
    time.pass(59);
    expect(rounds.state().rounds).toHaveLength(1);
    time.pass(2);
    await until(() => rounds.state().rounds.length === 2);
    const update = {
      state: await late.upload(bytesOf('late')),
      examples: 10,
      steps: 1,
      examplesSeen: 10,
      loss: 1,
      seconds: 0,
    };
    expect(await late.announce({ type: 'update', round: 1, update })).toMatchObject({ reason: 'late' });
    await until(() => time.waiting() > 0 && receipts.length === 2);
    time.pass(61);
    await until(() => rounds.status().phase === 'evaluating' && time.waiting() > 0);
    time.pass(61);
    await Promise.all([done, first]);
    expect(await finalText(rounds.state().rounds[1]?.merged?.sha256)).toBe('site-a2(site-a1())');
  });

  it('have no deadline in a round that is void because an operator went back at that moment', async () => {
    let back: Promise<void> | undefined;
    const { rounds, transport, end, store } = coordinator(undefined, {
      rules: { ...rules, quorum: 1, deadlineSeconds: 60 },
      observer: {
        onEvent({ type, round }) {
          // Round 2 is about to begin, and to get a deadline.
          if (type === 'merged' && round === 1) back ??= rounds.rollback(0);
        },
      },
    });
    const stop = new AbortController();
    const done = rounds.conduct(end, 1, stop.signal);
    for (const name of rules.participants) void takePart(transport.openParticipant(name), name);
    const events = () => store.events.map(({ type, round }) => `${type} ${round}`);
    const since = () => events().slice(events().indexOf('rolled-back 2'));
    await until(() => since().length > 1 && since()[0] === 'rolled-back 2');
    await back;
    expect(since()[1]).toBe('deadline-set 1');
    stop.abort();
    await expect(done).rejects.toThrow('interrupted');
  });

  it('merge those who were in at the deadline, also when the coordinator is killed before it has merged', async () => {
    const finalTexts: string[] = [];
    for (const killed of [false, true]) {
      const time = fakeClock();
      const transport = inProcess();
      const store = memoryStore(sha256Of);
      const changes = { store, rules: { ...rules, quorum: 1, deadlineSeconds: 60 }, clock: time.clock };
      const stop = new AbortController();
      const dying = coordinator(transport, {
        ...changes,
        observer: { onEvent: ({ type }) => killed && type === 'deadline-passed' && stop.abort() },
      });
      const first = dying.rounds.conduct(dying.end, 1, stop.signal);
      const a = transport.openParticipant('site-a');
      const late = transport.openParticipant('site-b');
      await late.announce({ type: 'joined', examples: 10, validationExamples: 2, runtime: 'none' });
      const taking = takePart(a, 'site-a');
      await until(() => store.events.some(({ type }) => type === 'update-received') && time.waiting() > 0);
      time.pass(61);
      let current = dying;
      let done = first;
      if (killed) {
        await expect(first).rejects.toThrow('interrupted');
        expect(store.events.some(({ type }) => type === 'merged')).toBe(false);
        await dying.end.close();
        current = coordinator(transport, changes);
        done = current.rounds.conduct(current.end, 2);
      }
      // It comes before the merge is recorded, or after: it is too late in any case.
      const update = { state: await late.upload(bytesOf('late')), ...work };
      expect(await late.announce({ type: 'update', round: 1, update })).toMatchObject({ reason: 'late' });
      for (const phase of ['training', 'evaluating'] as const) {
        await until(
          () =>
            current.rounds.state().rounds.length === 2 &&
            current.rounds.status().phase === phase &&
            (phase === 'evaluating' || current.rounds.state().rounds[1]!.updates.size === 1) &&
            time.waiting() > 0,
        );
        time.pass(61);
      }
      await Promise.all([done, taking]);
      finalTexts.push(await finalText(current.rounds.state().rounds[1]?.merged?.sha256));
    }
    expect(finalTexts).toEqual(['site-a2(site-a1())', 'site-a2(site-a1())']);
  });

  it('wait no longer than the whole deadline after a restart with a clock that was set back', async () => {
    const time = fakeClock();
    const store = memoryStore(sha256Of);
    const changes = { store, rules: { ...rules, quorum: 1, deadlineSeconds: 60 }, clock: time.clock };
    const first = coordinator(undefined, changes);
    const stop = new AbortController();
    const interrupted = first.rounds.conduct(first.end, 1, stop.signal);
    await new Promise((resolve) => setImmediate(resolve));
    // Nobody has joined: there is nothing to be late for.
    expect(time.waiting()).toBe(0);
    const joined = { type: 'joined', examples: 10, validationExamples: 2, runtime: 'none' } as const;
    await first.transport.openParticipant('site-a').announce(joined);
    await until(() => time.waiting() === 1);
    stop.abort();
    await expect(interrupted).rejects.toThrow('interrupted');
    time.setWall(-86_400);
    const second = coordinator(undefined, changes);
    const again = new AbortController();
    const waiting = second.rounds.conduct(second.end, 2, again.signal);
    await until(() => time.waiting() === 1);
    time.pass(60);
    await until(() => store.events.some(({ type }) => type === 'deadline-passed'));
    again.abort();
    await expect(waiting).rejects.toThrow('interrupted');
  });
});
