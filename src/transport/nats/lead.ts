/**
 * Who leads a job: the coordinator whose epoch is in the key of the state. Taking the lead, and everything that is published
 * under it, is a compare-and-set of that one key, so that whoever was fenced writes nothing any more, however late it wakes.
 * What has been announced is fenced as well: each epoch hears by a consumer of its own and removes that of the epoch before,
 * whose acknowledgements the server then does not know; what was not acknowledged is heard by the new one.
 *
 * A standby waits for the leader's beat to stop. Whether it waits long enough is a question of convenience only: a leader
 * that was taken for dead is fenced.
 */
import { setTimeout as delay } from 'node:timers/promises';
import { AckPolicy } from '@nats-io/jetstream';
import type { KvEntry } from '@nats-io/kv';
import { nanos } from '@nats-io/transport-node';
import type { Assignment } from '../../protocol/assignment.js';
import { FencedError } from '../error.js';
import type { Patience } from '../patience.js';
import type { NatsAccess } from './access.js';
import { type Nats, openNats } from './connection.js';
import { explain } from './explain.js';
import { follow } from './follow.js';
import { type Buckets, createLayout } from './layout.js';
import { encode, type State } from './messages.js';
import { ANNOUNCEMENTS, announcementSubject, leaderKey, stateKey } from './names.js';
import { leaderGone } from './standby.js';
import { readState, stateOf, writeState } from './state.js';

export interface LeadOptions extends Patience {
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
  close(): Promise<void>;
}

const LEADER_BEATS_MISSED = 5;
/** After which an announcement that was heard, but not answered, is heard again under the same lead. */
export const HEARD_AGAIN_MS = 5000;

/**
 * Call it before the journal is read: what was acknowledged under the lead before is in there, and nothing is added by it.
 * @throws TransportError when the server cannot be used, or `signal` was aborted
 */
export async function takeLead(
  url: string,
  job: string,
  { access = {}, standby = false, leaderBeatMs = 1000, beatMs = 10_000, ...patience }: LeadOptions = {},
): Promise<Lead> {
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
    const read = () => readState(buckets.state, job);
    const goneMs = leaderBeatMs * LEADER_BEATS_MISSED;
    const { epoch, revision, state } = await winEpoch();
    await nats.outages.untilDone(
      'the consumer',
      () => replaceConsumer(nats, job, epoch, buckets),
      ending.signal,
    );
    signal?.removeEventListener('abort', end);
    return holdLead({ nats, job, epoch, revision, state, buckets, beatMs, leaderBeatMs });

    async function winEpoch() {
      for (;;) {
        const { state: before } = await nats.outages.untilDone('the lead', read, ending.signal);
        if (standby && before !== undefined) {
          await leaderGone(nats, buckets, job, before.epoch, goneMs, ending.signal);
        }
        const won = await nats.outages.untilDone('the lead', () => tryEpoch(before?.epoch), ending.signal);
        if (won !== undefined) return won;
      }
    }

    /** One compare-and-set; nothing where somebody else took the lead since the look at it. */
    async function tryEpoch(before: number | undefined) {
      const now = await read();
      if (now.state?.epoch !== before) return undefined;
      const state: State = { ...now.state, epoch: (before ?? 0) + 1 };
      const revision = await writeState(buckets.state, job, state, now.revision);
      return revision === undefined ? undefined : { epoch: state.epoch, revision, state };
    }
  } catch (error) {
    await nats.connection.close();
    throw explain(error, `the lead of ${job} cannot be taken`);
  }
}

/** Every epoch has a consumer of its own; the one before goes first, since two may not hear the same. */
async function replaceConsumer({ manager }: Nats, job: string, epoch: number, { state }: Buckets) {
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
    const now = await readState(state, job);
    if (now.state !== undefined && now.state.epoch > epoch) throw fencedBy(job, now.state.epoch);
    // One of the epoch before came into being after the look at the list, or the server was away: once more.
    throw new Error('the consumer was not made', { cause: error });
  }
}

const consumerName = (job: string, epoch: number) => `${job}-${epoch}`;

interface Taken {
  readonly nats: Nats;
  readonly job: string;
  readonly epoch: number;
  readonly revision: number;
  readonly state: State;
  readonly buckets: Buckets;
  readonly beatMs: number;
  readonly leaderBeatMs: number;
}

function holdLead({ nats, job, epoch, revision: first, state, buckets, beatMs, leaderBeatMs }: Taken): Lead {
  const ending = new AbortController();
  const key = stateKey(job);
  let revision = first;
  let latest = state.assignment;
  let fenced: FencedError | undefined;
  const listeners: ((error: FencedError) => void)[] = [];
  const fence = (by: number) => {
    if (fenced !== undefined) return fenced;
    fenced = fencedBy(job, by);
    ending.abort();
    for (const listener of listeners) listener(fenced);
    return fenced;
  };
  const see = (entry: KvEntry) => {
    try {
      const seen = stateOf(entry).epoch;
      if (seen > epoch && !ending.signal.aborted) fence(seen);
    } catch {
      // Another version took the key: the next publish says so.
    }
  };
  void follow(nats, buckets.state, key, see, ending.signal).catch(() => undefined);
  const say = (left: boolean) => buckets.presence.put(leaderKey(job), encode({ epoch, left }));
  const beat = () => void say(false).catch(() => undefined);
  beat();
  const beating = setInterval(beat, leaderBeatMs);
  ending.signal.addEventListener('abort', () => clearInterval(beating));

  /** What was written, but not confirmed, is found by looking: the epoch says whose it is. */
  async function write(assignment: Assignment): Promise<void> {
    const written = await writeState(buckets.state, job, { epoch, assignment }, revision);
    if (written !== undefined) {
      revision = written;
      return;
    }
    const now = await readState(buckets.state, job);
    if (now.state !== undefined && now.state.epoch > epoch) throw fence(now.state.epoch);
    revision = now.revision;
    if (now.state?.epoch !== epoch || !same(now.state.assignment, assignment)) await write(assignment);
  }

  let publishing: Promise<unknown> = Promise.resolve();
  return {
    job,
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
      const published = publishing.then(async () => {
        if (fenced !== undefined) throw fenced;
        if (same(latest, assignment)) return;
        await nats.outages
          .untilDone('the assignment', () => write(assignment), ending.signal)
          .catch((error: unknown) => {
            throw fenced ?? error;
          });
        latest = assignment;
      });
      publishing = published.catch(() => undefined);
      return published;
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
