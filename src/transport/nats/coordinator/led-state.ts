/**
 * The key of a job's state under one lead. Every write is a compare-and-set, one after the other. A
 * value of another client is overwritten, unless it has a later epoch, which fences this lead. Node
 * only.
 */
import { setTimeout as delay } from 'node:timers/promises';
import type { KvEntry } from '@nats-io/kv';
import type { Assignment } from '../../../protocol/assignment.js';
import type { Signer } from '../../../protocol/signed.js';
import type { Nats } from '../connection.js';
import { follow } from '../follow.js';
import { REPAIR_PAUSE_MS } from '../guard-key.js';
import type { Buckets } from '../layout.js';
import type { State } from '../messages.js';
import { stateKey } from '../names.js';
import { type Revised, readState, stateOf, writeState } from '../state.js';
import type { Fence } from './fence.js';

export interface LedState {
  /** @throws FencedError when another has taken the lead */
  publish(assignment: Assignment): Promise<void>;
}

export interface LedStateParts {
  readonly nats: Nats;
  readonly signer: Signer;
  readonly buckets: Buckets;
  readonly fence: Fence;
  /** Aborted when the lead ends. */
  readonly signal: AbortSignal;
  /** Reports in words what another client has overwritten. */
  spoiled(what: string): void;
}

/** The state with which the lead was taken. */
export interface WonState {
  readonly revision: number;
  readonly state: State;
}

export function ledState(parts: LedStateParts, won: WonState): LedState {
  const { nats, signer, buckets, fence, signal, spoiled } = parts;
  const { job } = signer;
  const { epoch } = won.state;
  const owner = { job, key: signer.key };
  const key = stateKey(job);
  const inTurn = oneAfterTheOther();
  const signedWith = (assignment: Assignment | undefined) => signer.sign('nats-state', { epoch, assignment });
  let revision = won.revision;
  let latest = won.state.assignment;
  /** The signed state that is there, or is being written. */
  let current = signedWith(latest);

  /** Reads the present value. @throws FencedError when it has a later epoch */
  async function look(): Promise<Revised> {
    const now = await readState(buckets.state, owner);
    if (now.state !== undefined && now.state.epoch > epoch) throw fence.raise(now.state.epoch);
    revision = now.revision;
    return now;
  }

  /** A write that was not confirmed is found by reading: the epoch says whose value it is. */
  async function write(assignment: Assignment | undefined): Promise<void> {
    current = signedWith(assignment);
    const written = await writeState(buckets.state, job, current, revision);
    if (written !== undefined) revision = written;
    else if ((await look()).signature !== current.signature) await write(assignment);
  }

  /** Writes the state again, if the present value is not the last one that was written. */
  async function repair(): Promise<void> {
    if (signal.aborted || (await look()).signature === current.signature) return;
    await write(latest);
    await delay(REPAIR_PAUSE_MS, undefined, { signal });
  }

  function see(entry: KvEntry): void {
    if (signal.aborted) return;
    const read = stateOf(entry, owner);
    if (!('value' in read)) spoiled(`somebody has overwritten the key ${key}, which ${read.problem}`);
    else if (read.value.epoch > epoch) fence.raise(read.value.epoch);
    else if (read.signature === current.signature) return;
    if (fence.error() === undefined) void inTurn(repair).catch(() => undefined);
  }

  void follow(nats, buckets.state, key, see, signal).catch(() => undefined);
  return {
    publish: (assignment) =>
      inTurn(async () => {
        const fenced = fence.error();
        if (fenced !== undefined) throw fenced;
        if (same(latest, assignment)) return;
        await nats.outages
          .untilDone('the assignment', () => write(assignment), signal)
          .catch((error: unknown) => {
            throw fence.error() ?? error;
          });
        latest = assignment;
      }),
  };
}

function oneAfterTheOther() {
  let last: Promise<unknown> = Promise.resolve();
  return (act: () => Promise<void>): Promise<void> => {
    const done = last.then(act);
    last = done.catch(() => undefined);
    return done;
  };
}

const same = (a: unknown, b: unknown) => JSON.stringify(a) === JSON.stringify(b);
