import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { classificationMetrics } from '../../metrics/classification.js';
import type { Announcement, Receipt } from '../../protocol/announcement.js';
import type { Assignment } from '../../protocol/assignment.js';
import type { Blob } from '../../protocol/blob-name.js';
import { blobFolder, sha256Of } from '../../transport/blob-folder.js';
import { inProcess } from '../../transport/in-process.js';
import { exampleDescription } from '../../transport/transport.contract.js';
import type { BlobFolder, ParticipantEnd } from '../../transport/transport.js';
import { DamagedUpdateError, FederationError } from '../error.js';
import { memoryStore } from '../record/memory-store.js';
import type { Clock } from '../rounds/clock.js';
import type { RunStore } from '../rounds/run-store.js';
import { type RemoteRoundsOptions, remoteRounds } from './remote-rounds.js';

let folder: string;
let blobs: BlobFolder;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'commonweight-'));
  blobs = await blobFolder(join(folder, 'blobs'));
});
afterEach(() => rm(folder, { recursive: true }));

/** Time that passes when a test says so. */
function fakeClock(start = Date.parse('2030-01-01T00:00:00Z')) {
  let wallMs = start;
  let steadyMs = 0;
  let timers: { atMs: number; callback: () => void }[] = [];
  const clock: Clock = {
    now: () => new Date(wallMs).toISOString(),
    later: (seconds) => new Date(wallMs + 1000 * seconds).toISOString(),
    secondsUntil: (at) => (Date.parse(at) - wallMs) / 1000,
    after(seconds, callback) {
      const timer = { atMs: steadyMs + 1000 * seconds, callback };
      timers.push(timer);
      return () => {
        timers = timers.filter((one) => one !== timer);
      };
    },
  };
  return {
    clock,
    /** Somebody sets the wall clock. */
    setWall(seconds: number) {
      wallMs += 1000 * seconds;
    },
    pass(seconds: number) {
      wallMs += 1000 * seconds;
      steadyMs += 1000 * seconds;
      const due = timers.filter(({ atMs }) => atMs <= steadyMs);
      timers = timers.filter(({ atMs }) => atMs > steadyMs);
      for (const { callback } of due) callback();
    },
    waiting: () => timers.length,
  };
}

const participants = ['site-a', 'site-b'];
const rules = {
  participants,
  rounds: 2,
  metrics: classificationMetrics,
  reference: undefined,
  pooled: false,
  evaluateEvery: 2,
};
/** What an update says of itself besides. */
const work = { examples: 10, steps: 1, images: 10, loss: 1, seconds: 0 };
const bytesOf = (text: string) => new TextEncoder().encode(text);

/** A coordinator whose merge joins the texts of the updates. */
function coordinator(transport = inProcess(), changes: Partial<RemoteRoundsOptions> = {}) {
  const store = changes.store ?? memoryStore(sha256Of);
  const rounds = remoteRounds({
    rules,
    description: exampleDescription,
    store,
    blobs,
    clock: fakeClock().clock,
    check: async () => ({}),
    async conclude(_, round, state) {
      const record = state.rounds[round - 1]!;
      const texts = record.closed.train!.counted.map(async (name) => {
        const { sha256 } = record.updates.get(name)!;
        if (!(await blobs.isSound(sha256))) {
          await blobs.discard(sha256);
          throw new DamagedUpdateError(name, `the update of "${name}" is damaged`);
        }
        return new TextDecoder().decode(await blobs.get(sha256));
      });
      const { sha256 } = await blobs.put(bytesOf((await Promise.all(texts)).join('+')));
      return { type: 'merged', round, sha256, merged: {}, own: {}, seconds: 0 };
    },
    ...changes,
  });
  const end = transport.openCoordinator(rounds.reception, blobs);
  return { rounds, store, transport, end };
}

/** Trains, if that is the word, until the run is over: its update says its name, the round, and what it began with. */
async function takePart(
  end: ParticipantEnd,
  name: string,
  { until = () => false, receipts = [] }: { until?: (of: Assignment) => boolean; receipts?: Receipt[] } = {},
) {
  await end.announce({ type: 'joined', examples: 10, validationExamples: 2, runtime: 'none' });
  for await (const assignment of end.assignments()) {
    if (assignment.type === 'finished' || until(assignment)) break;
    if (assignment.type === 'train' && assignment.waitingFor.includes(name)) {
      const { round, base } = assignment;
      const text = base === undefined ? '' : new TextDecoder().decode(await end.download(base));
      const state = await end.upload(bytesOf(`${name}${round}(${text})`));
      const update = { state, examples: 10, steps: 1, images: 10, loss: 1, seconds: 0 };
      receipts.push(
        await end.announce({ type: 'update', round, ...(base && { base: base.sha256 }), update }),
      );
    }
    if (assignment.type === 'evaluate' && assignment.waitingFor.includes(name)) {
      const { round, model } = assignment;
      const accuracy = { validationAccuracy: 0.5, examples: 2 };
      await end.announce({ type: 'evaluated', round, model: model.sha256, ...accuracy });
    }
  }
}

const finalText = async (sha256: string | undefined) => new TextDecoder().decode(await blobs.get(sha256!));
const expected = ((one) => `site-a2(${one})+site-b2(${one})`)('site-a1()+site-b1()');

describe('rounds with remote participants', () => {
  it('lead from the initial weights to the last model', async () => {
    const { rounds, transport, end } = coordinator();
    const [a, b] = participants.map((name) => transport.openParticipant(name));
    const done = rounds.conduct(end, 1);
    await Promise.all([takePart(a!, 'site-a'), takePart(b!, 'site-b'), done]);
    const { stopped, rounds: records } = await done;
    expect(stopped).toBe('max-rounds');
    expect(await finalText(records[1]?.merged?.sha256)).toBe(expected);
    expect(records[1]?.copied).toEqual(new Map(participants.map((name) => [name, 0.5])));
  });

  it('come to the same bytes with a coordinator that is started again after every fact', async () => {
    const transport = inProcess();
    const store = memoryStore(sha256Of);
    let stop = new AbortController();
    const start = () => coordinator(transport, { store, observer: { onEvent: () => stop.abort() } });
    let current = start();
    const ends = participants.map((name) => transport.openParticipant(name));
    const taking = ends.map((end, k) => takePart(end, participants[k]!));
    let starts = 1;
    for (; ; starts++) {
      const outcome = await current.rounds
        .conduct(current.end, starts, stop.signal)
        .then(() => 'over')
        .catch((error: Error) => error.name);
      if (outcome === 'over') break;
      expect(outcome).toBe('InterruptedError');
      await current.end.close();
      stop = new AbortController();
      current = start();
    }
    await Promise.all(taking);
    expect(starts).toBeGreaterThan(3);
    expect(await finalText(current.rounds.state().rounds[1]?.merged?.sha256)).toBe(expected);
  });

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
      images: 10,
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

  it('ask again for an update that was damaged on the disk', async () => {
    const damaged: string[] = [];
    const { rounds, transport, end } = coordinator(undefined, {
      async discardAfter(event) {
        if (event.type !== 'update-received' || damaged.length > 0) return;
        damaged.push(event.update.participant);
        await rm(blobs.pathOf(event.update.sha256));
      },
    });
    const done = rounds.conduct(end, 1);
    await Promise.all([...participants.map((name) => takePart(transport.openParticipant(name), name)), done]);
    expect(damaged).toHaveLength(1);
    expect(await finalText(rounds.state().rounds[1]?.merged?.sha256)).toBe(expected);
  });

  it('refuse what the check refuses, and tell both sides why', async () => {
    const refused: string[] = [];
    const { rounds, transport, end } = coordinator(undefined, {
      check: async (_, { type }) => (type === 'update' ? { problem: '"fc.weight" holds NaN' } : {}),
      observer: {
        onRefused: (who, { type }, receipt) =>
          refused.push(`${who} ${type} ${!receipt.accepted && receipt.reason}`),
      },
    });
    const stop = new AbortController();
    const done = rounds.conduct(end, 1, stop.signal);
    const receipts: Receipt[] = [];
    const a = transport.openParticipant('site-a');
    const taking = takePart(a, 'site-a', { receipts });
    await until(() => receipts.length === 1);
    expect(receipts).toEqual([{ accepted: false, reason: 'bad-update', message: '"fc.weight" holds NaN' }]);
    expect(refused).toEqual(['site-a update bad-update']);
    stop.abort();
    await expect(done).rejects.toThrow('interrupted');
    await a.close();
    await taking;
  });

  it('ask for the file of an update that is not there, and not for one that counts already', async () => {
    const { rounds, transport, end } = coordinator();
    const stop = new AbortController();
    const done = rounds.conduct(end, 1, stop.signal);
    const [a, b] = participants.map((name) => transport.openParticipant(name));
    for (const one of [a, b]) {
      await one!.announce({ type: 'joined', examples: 10, validationExamples: 2, runtime: 'none' });
    }
    const announcement = (state: Blob): Announcement => {
      const update = { state, examples: 10, steps: 1, images: 10, loss: 1, seconds: 0 };
      return { type: 'update', round: 1, update };
    };
    const state = { sha256: sha256Of(bytesOf('a')), bytes: 1 };
    expect(await a!.announce(announcement(state))).toEqual({
      ...{ accepted: false, reason: 'no-blob' },
      message: `the blob ${state.sha256.slice(0, 12)}… did not come from "site-a": it is uploaded before it is announced`,
    });
    await a!.upload(bytesOf('a'));
    // To know what another has sent is not to have it.
    expect(await b!.announce(announcement(state))).toMatchObject({ accepted: false, reason: 'no-blob' });
    expect(await a!.announce(announcement({ ...state, bytes: 2 }))).toMatchObject({
      message: expect.stringContaining('has 1 bytes, expected 2'),
    });
    expect(await a!.announce(announcement(state))).toEqual({ accepted: true });
    await b!.announce(announcement(await b!.upload(bytesOf('b'))));
    await until(() => rounds.state().rounds.length === 2);
    // Its receipt was lost, and the round has been merged meanwhile.
    await blobs.discard(state.sha256);
    expect(await a!.announce(announcement(state))).toEqual({ accepted: true });
    stop.abort();
    await expect(done).rejects.toThrow('interrupted');
  });

  it('take label counts for as many classes as there are, and as many examples, and write no others down', async () => {
    const { rounds, transport, end } = coordinator();
    const stop = new AbortController();
    const done = rounds.conduct(end, 1, stop.signal);
    const a = transport.openParticipant('site-a');
    const classes = exampleDescription.classNames.length;
    const joined = { type: 'joined', examples: 10, validationExamples: 2, runtime: 'none' } as const;
    const counts = (first: number, length = classes) =>
      Array.from({ length }, (_, label) => (label === 0 ? first : 0));
    for (const labelCounts of [counts(12, 10_000), counts(2 ** 53 - 1), counts(0), []]) {
      expect(await a.announce({ ...joined, labelCounts })).toMatchObject({
        accepted: false,
        message: expect.stringContaining(`expected 12 in ${classes}`),
      });
    }
    expect(rounds.state().members.size).toBe(0);
    expect(await a.announce({ ...joined, labelCounts: counts(12) })).toEqual({ accepted: true });
    stop.abort();
    await expect(done).rejects.toThrow('interrupted');
  });

  it('end with the reason when nothing can be recorded any more, and promise nothing that is not', async () => {
    const memory = memoryStore(sha256Of);
    const full = new FederationError('"journal.jsonl" cannot be written: no space left on device');
    const store: RunStore = {
      ...memory,
      append: (event) => (event.type === 'joined' ? memory.append(event) : Promise.reject(full)),
    };
    const { rounds, transport, end } = coordinator(undefined, { store });
    const done = rounds.conduct(end, 1);
    done.catch(() => undefined);
    const a = transport.openParticipant('site-a');
    await expect(takePart(a, 'site-a')).rejects.toThrow('no space left');
    await expect(done).rejects.toThrow('no space left');
    expect(memory.events.map(({ type }) => type)).toEqual(['joined']);
  });

  it('say who is waited for and what each is doing', async () => {
    const { rounds, transport, end } = coordinator();
    const stop = new AbortController();
    const done = rounds.conduct(end, 1, stop.signal);
    const a = transport.openParticipant('site-a');
    await a.announce({ type: 'joined', examples: 10, validationExamples: 2, runtime: 'none' });
    a.tell({ round: 1, activity: 'training', step: 3, steps: 7 });
    expect(rounds.status()).toMatchObject({
      phase: 'training',
      round: 1,
      rounds: 2,
      waitingFor: participants,
      participants: [
        { name: 'site-a', presence: 'here', examples: 10, progress: { step: 3 } },
        { name: 'site-b', presence: 'not joined' },
      ],
    });
    await a.close();
    expect(rounds.status().participants[0]).toMatchObject({ presence: 'gone' });
    stop.abort();
    await expect(done).rejects.toThrow('interrupted');
  });
});

/** Looks after every turn of the event loop. */
async function until(condition: () => boolean): Promise<void> {
  while (!condition()) await new Promise((resolve) => setImmediate(resolve));
}
