/**
 * Who leads a job: the coordinator whose epoch is in the key of the state. Taking the lead, and everything that is published
 * under it, is a compare-and-set of that one key, so that whoever was fenced writes nothing any more, however late it wakes.
 * What has been announced is fenced as well: each epoch hears by a consumer of its own and removes that of the epoch before,
 * whose acknowledgements the server then does not know; what was not acknowledged is heard by the new one.
 *
 * A standby waits for the leader's beat to stop. Whether it waits long enough is a question of convenience only: a leader
 * that was taken for dead is fenced.
 */
import { setMaxListeners } from 'node:events';
import { setTimeout as delay } from 'node:timers/promises';
import { AckPolicy } from '@nats-io/jetstream';
import type { KvEntry } from '@nats-io/kv';
import { nanos } from '@nats-io/transport-node';
import type { Assignment } from '../../../protocol/assignment.js';
import type { Signer } from '../../../protocol/signed.js';
import { FencedError } from '../../error.js';
import type { Patience } from '../../patience.js';
import { rarely } from '../../rarely.js';
import type { NatsAccess } from '../access.js';
import { type Nats, openNats } from '../connection.js';
import { explain } from '../explain.js';
import { follow } from '../follow.js';
import { REPAIR_PAUSE_MS } from '../guard-key.js';
import { type Buckets, createLayout } from '../layout.js';
import { encode, type State } from '../messages.js';
import { ANNOUNCEMENTS, announcementSubject, leaderKey, stateKey } from '../names.js';
import { otherCoordinator, type Revised, readState, type StateOwner, stateOf, writeState } from '../state.js';
import { leaderGone } from './standby.js';

export interface LeadOptions extends Patience {
  /** The largest epoch that the job has had elsewhere: before its server lost its files, or with another transport. */
  readonly lastEpoch?: (() => Promise<number>) | undefined;
  /** Somebody else has written a key that only a coordinator writes; it is written again. Told of more and more rarely. */
  readonly onSpoiled?: ((what: string) => void) | undefined;
  readonly access?: NatsAccess;
  /** Waits until the leader's beat is gone; without it, whoever leads is fenced at once, as a restart wants it. */
  readonly standby?: boolean;
  /** How often the leader says that it is there; after five that are missed, a standby takes over. */
  readonly leaderBeatMs?: number;
  /** How often a participant does; after three that are missed, it counts as gone. The same at all ends. */
  readonly beatMs?: number;
}

/** Everything that a coordinator does on the server, it does by its lead. */
export interface Lead {
  readonly job: string;
  readonly signer: Signer;
  /** From 1, larger with every lead that is taken of the job. */
  readonly epoch: number;
  readonly nats: Nats;
  readonly buckets: Buckets;
  readonly beatMs: number;
  /** Of the announcements that are heard under this lead. */
  readonly consumer: string;
  /** Ends with the lead, fenced or closed. */
  readonly signal: AbortSignal;
  /** Calls back once, at once if it has happened already. */
  onFenced(act: (error: FencedError) => void): void;
  /** @throws FencedError when another has taken the lead */
  publish(assignment: Assignment): Promise<void>;
  /** What somebody else has written, in words. */
  spoiled(what: string): void;
  close(): Promise<void>;
}

const LEADER_BEATS_MISSED = 5;
/** After which an announcement that was heard, but not answered, is heard again under the same lead. */
export const HEARD_AGAIN_MS = 5000;

/**
 * Call it before the journal is read: what was acknowledged under the lead before is in there, and nothing is added by it.
 * @param signer of the job that is led, with the same key at every coordinator of it
 * @throws TransportError when the server cannot be used, or `signal` was aborted; OtherKeyError when a coordinator with another key leads
 */
export async function takeLead(
  url: string,
  signer: Signer,
  {
    access = {},
    standby = false,
    leaderBeatMs = 1000,
    beatMs = 10_000,
    lastEpoch,
    onSpoiled,
    ...patience
  }: LeadOptions = {},
): Promise<Lead> {
  const { job } = signer;
  const who = { name: `commonweight coordinator of ${job}`, inbox: '_INBOX' };
  const nats = await openNats(url, access, who, patience);
  const { signal } = patience;
  const ending = new AbortController();
  const end = () => ending.abort();
  signal?.addEventListener('abort', end, { once: true });
  if (signal?.aborted) end();
  try {
    const buckets = await nats.outages.untilDone(
      'the streams',
      () => createLayout(nats, beatMs),
      ending.signal,
    );
    const owner = { job, key: signer.key };
    const read = async () => {
      const now = await readState(buckets.state, owner);
      if (now.otherKey !== undefined) throw otherCoordinator(owner, now.otherKey);
      return now;
    };
    const goneMs = leaderBeatMs * LEADER_BEATS_MISSED;
    const { revision, state } = await winEpoch();
    const { epoch } = state;
    await nats.outages.untilDone(
      'the consumer',
      () => replaceConsumer(nats, owner, epoch, buckets),
      ending.signal,
    );
    signal?.removeEventListener('abort', end);
    return holdLead({ nats, job, signer, revision, state, buckets, beatMs, leaderBeatMs, onSpoiled });

    async function winEpoch() {
      for (;;) {
        const before = await nats.outages.untilDone('the lead', read, ending.signal);
        if (standby && before.revision > 0) {
          await leaderGone(nats, buckets, job, before.state?.epoch, goneMs, ending.signal);
        }
        const won = await nats.outages.untilDone('the lead', () => tryEpoch(before), ending.signal);
        if (won !== undefined) return won;
      }
    }

    /** One compare-and-set; nothing where somebody else took the lead since the look at it. */
    async function tryEpoch(before: Revised) {
      const now = await read();
      if (now.state?.epoch !== before.state?.epoch) return undefined;
      // Where somebody has overwritten the state: every epoch was a revision, so none was larger than this one's.
      const last = Math.max(now.state?.epoch ?? now.revision, (await lastEpoch?.()) ?? 0);
      const state: State = { ...now.state, epoch: last + 1 };
      const revision = await writeState(buckets.state, job, signer.sign('nats-state', state), now.revision);
      return revision === undefined ? undefined : { revision, state };
    }
  } catch (error) {
    await nats.connection.close();
    throw explain(error, `the lead of ${job} cannot be taken`);
  }
}

/** Every epoch has a consumer of its own; the one before goes first, since two may not hear the same. */
async function replaceConsumer({ manager }: Nats, owner: StateOwner, epoch: number, { state }: Buckets) {
  const { job } = owner;
  for await (const { name } of manager.consumers.list(ANNOUNCEMENTS)) {
    const [of, theirs] = name.split('-');
    if (of === job && Number(theirs) < epoch)
      await manager.consumers.delete(ANNOUNCEMENTS, name).catch(() => false);
  }
  try {
    await manager.consumers.add(ANNOUNCEMENTS, {
      durable_name: consumerName(job, epoch),
      filter_subject: announcementSubject(job, '*', '*', '*'),
      ack_policy: AckPolicy.Explicit,
      ack_wait: nanos(HEARD_AGAIN_MS),
      max_ack_pending: 256,
    });
  } catch (error) {
    const now = await readState(state, owner);
    if (now.state !== undefined && now.state.epoch > epoch) throw fencedBy(job, now.state.epoch);
    // One of the epoch before came into being after the look at the list, or the server was away: once more.
    throw new Error('the consumer was not made', { cause: error });
  }
}

const consumerName = (job: string, epoch: number) => `${job}-${epoch}`;

interface Taken {
  readonly nats: Nats;
  readonly job: string;
  readonly signer: Signer;
  readonly revision: number;
  readonly state: State;
  readonly buckets: Buckets;
  readonly beatMs: number;
  readonly leaderBeatMs: number;
  readonly onSpoiled: ((what: string) => void) | undefined;
}

function holdLead({
  nats,
  job,
  signer,
  revision: first,
  state,
  buckets,
  beatMs,
  leaderBeatMs,
  onSpoiled,
}: Taken): Lead {
  const { epoch } = state;
  const owner = { job, key: signer.key };
  const spoiled = rarely(onSpoiled);
  const ending = new AbortController();
  // As many as there are keys to watch, and questions under way: more than ten, and no leak.
  setMaxListeners(50, ending.signal);
  const key = stateKey(job);
  let revision = first;
  let latest = state.assignment;
  const signedWith = (assignment: Assignment | undefined) => signer.sign('nats-state', { epoch, assignment });
  /** What is there, or is being written. */
  let current = signedWith(latest);
  let fenced: FencedError | undefined;
  const listeners: ((error: FencedError) => void)[] = [];
  const fence = (by: number) => {
    if (fenced !== undefined) return fenced;
    fenced = fencedBy(job, by);
    ending.abort();
    for (const listener of listeners) listener(fenced);
    return fenced;
  };
  let publishing: Promise<unknown> = Promise.resolve();
  /** One after the other. */
  const inTurn = (act: () => Promise<void>): Promise<void> => {
    const done = publishing.then(act);
    publishing = done.catch(() => undefined);
    return done;
  };
  const see = (entry: KvEntry) => {
    if (ending.signal.aborted) return;
    const read = stateOf(entry, owner);
    if ('value' in read && read.value.epoch > epoch) fence(read.value.epoch);
    else if (!('value' in read)) spoiled(`somebody has overwritten the key ${key}, which ${read.problem}`);
    else if (read.signature === current.signature) return;
    if (fenced === undefined) void inTurn(repair).catch(() => undefined);
  };
  void follow(nats, buckets.state, key, see, ending.signal).catch(() => undefined);
  const say = (left: boolean) => buckets.presence.put(leaderKey(job), encode({ epoch, left }));
  const beat = () => void say(false).catch(() => undefined);
  beat();
  const beating = setInterval(beat, leaderBeatMs);
  ending.signal.addEventListener('abort', () => clearInterval(beating));

  /** What was written, but not confirmed, is found by looking: the epoch says whose it is. */
  async function write(assignment: Assignment | undefined): Promise<void> {
    current = signedWith(assignment);
    const written = await writeState(buckets.state, job, current, revision);
    if (written !== undefined) {
      revision = written;
      return;
    }
    const now = await readState(buckets.state, owner);
    if (now.state !== undefined && now.state.epoch > epoch) throw fence(now.state.epoch);
    revision = now.revision;
    if (now.signature !== current.signature) await write(assignment);
  }

  /** Writes the state once more, where something else lies there than was written last. */
  async function repair(): Promise<void> {
    if (fenced !== undefined || ending.signal.aborted) return;
    const now = await readState(buckets.state, owner);
    if (now.state !== undefined && now.state.epoch > epoch) throw fence(now.state.epoch);
    revision = now.revision;
    if (now.signature === current.signature) return;
    await write(latest);
    await delay(REPAIR_PAUSE_MS, undefined, { signal: ending.signal });
  }

  return {
    job,
    signer,
    spoiled,
    epoch,
    nats,
    buckets,
    beatMs,
    consumer: consumerName(job, epoch),
    signal: ending.signal,
    onFenced(act) {
      listeners.push(act);
      if (fenced !== undefined) act(fenced);
    },
    publish(assignment) {
      return inTurn(async () => {
        if (fenced !== undefined) throw fenced;
        if (same(latest, assignment)) return;
        await nats.outages
          .untilDone('the assignment', () => write(assignment), ending.signal)
          .catch((error: unknown) => {
            throw fenced ?? error;
          });
        latest = assignment;
      });
    },
    async close() {
      const closed = ending.signal.aborted;
      ending.abort();
      if (!closed && !nats.connection.isClosed()) {
        // Both only spare the next one some waiting: not worth an error, or a long wait for a server that is away.
        const leaving = Promise.allSettled([
          say(true),
          nats.manager.consumers.delete(ANNOUNCEMENTS, consumerName(job, epoch)),
        ]);
        await Promise.race([leaving, delay(1000, undefined, { ref: false })]);
      }
      await nats.connection.close();
    },
  };
}

const fencedBy = (job: string, epoch: number) =>
  new FencedError(`nats: another coordinator leads ${job} since epoch ${epoch}`, {
    hint: 'stop this one; what it has not published does not count',
  });

const same = (a: unknown, b: unknown) => JSON.stringify(a) === JSON.stringify(b);
