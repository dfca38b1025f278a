/**
 * Takes the lead of a job: by a compare-and-set of the key of its state, with an epoch that is
 * larger than every one before. A standby waits for the leader's beat to stop. The length of that
 * wait is not critical: a leader that was wrongly taken for dead is fenced. Node only.
 */
import type { Signer } from '../../../protocol/signed.js';
import type { Patience } from '../../patience.js';
import type { NatsAccess } from '../access.js';
import { type Nats, openNats } from '../connection.js';
import { explain } from '../explain.js';
import { type Buckets, createLayout } from '../layout.js';
import type { State } from '../messages.js';
import { otherCoordinator, type Revised, readState, type StateOwner, writeState } from '../state.js';
import { replaceConsumer } from './consumer.js';
import { holdLead, type NatsLead } from './lead.js';
import type { WonState } from './led-state.js';
import { leaderGone } from './standby.js';

export interface LeadOptions extends Patience {
  /**
   * The largest epoch that the job has had elsewhere: before its server lost its files, or with
   * another transport.
   */
  readonly lastEpoch?: (() => Promise<number>) | undefined;
  /**
   * Told that another client has written a coordinator's key, which is written again. Called more
   * and more rarely.
   */
  readonly onSpoiled?: ((what: string) => void) | undefined;
  readonly access?: NatsAccess;
  /**
   * Whether to wait until the leader's beat has stopped. Otherwise the present leader is fenced at
   * once, as a restart needs it.
   */
  readonly standby?: boolean;
  /** The interval of the leader's beat. After five missed beats a standby takes over. */
  readonly leaderBeatMs?: number;
  /**
   * The interval of a participant's beat. After three missed beats it counts as gone. It must be
   * the same at all ends.
   */
  readonly beatMs?: number;
}

const LEADER_BEATS_MISSED = 5;

/**
 * Call it before the journal is read: then the journal has everything that was acknowledged under
 * the lead before, and nothing is added to it later.
 * @param signer signs for the job, with the same key at every coordinator of it
 * @throws TransportError when the server cannot be used, or `signal` was aborted; OtherKeyError
 *   when a coordinator with another key leads
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
): Promise<NatsLead> {
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
    const goneMs = leaderBeatMs * LEADER_BEATS_MISSED;
    const won = await winEpoch({
      ...{ nats, buckets, signer, lastEpoch, signal: ending.signal },
      standbyMs: standby ? goneMs : undefined,
    });
    await nats.outages.untilDone(
      'the consumer',
      () => replaceConsumer(nats, ownerOf(signer), won.state.epoch, buckets),
      ending.signal,
    );
    signal?.removeEventListener('abort', end);
    return holdLead({ nats, signer, buckets, beatMs, leaderBeatMs, onSpoiled }, won);
  } catch (error) {
    await nats.close();
    throw explain(error, `the lead of ${job} cannot be taken`);
  }
}

interface Contest {
  readonly nats: Nats;
  readonly buckets: Buckets;
  readonly signer: Signer;
  readonly lastEpoch: LeadOptions['lastEpoch'];
  readonly signal: AbortSignal;
  /** How long the leader's beat must be missing; undefined to take the lead at once. */
  readonly standbyMs: number | undefined;
}

async function winEpoch(contest: Contest): Promise<WonState> {
  const { nats, buckets, signer, signal, standbyMs } = contest;
  for (;;) {
    const before = await nats.outages.untilDone('the lead', () => readOwn(contest), signal);
    if (standbyMs !== undefined && before.revision > 0) {
      await leaderGone(nats, buckets, signer.job, before.state?.epoch, standbyMs, signal);
    }
    const won = await nats.outages.untilDone('the lead', () => tryEpoch(contest, before), signal);
    if (won !== undefined) return won;
  }
}

/** One compare-and-set; undefined if another coordinator took the lead meanwhile. */
async function tryEpoch(contest: Contest, before: Revised): Promise<WonState | undefined> {
  const { buckets, signer, lastEpoch } = contest;
  const now = await readOwn(contest);
  if (now.state?.epoch !== before.state?.epoch) return undefined;
  // If the state was overwritten, its revision is used: no epoch was ever larger than a revision.
  const last = Math.max(now.state?.epoch ?? now.revision, (await lastEpoch?.()) ?? 0);
  const state: State = { ...now.state, epoch: last + 1 };
  const signed = signer.sign('nats-state', state);
  const revision = await writeState(buckets.state, signer.job, signed, now.revision);
  return revision === undefined ? undefined : { revision, state };
}

/** @throws OtherKeyError when the state belongs to a coordinator with another key */
async function readOwn({ buckets, signer }: Contest): Promise<Revised> {
  const owner = ownerOf(signer);
  const now = await readState(buckets.state, owner);
  if (now.otherKey !== undefined) throw otherCoordinator(owner, now.otherKey);
  return now;
}

const ownerOf = ({ job, key }: Signer): StateOwner => ({ job, key });
