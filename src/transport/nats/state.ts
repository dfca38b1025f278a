/** The key of a job's state: who leads, and what is asked for. It is written by compare-and-set alone. */
import { JetStreamApiCodes, JetStreamApiError } from '@nats-io/jetstream';
import type { KV, KvEntry } from '@nats-io/kv';
import { TransportError } from '../error.js';
import { reasonOf } from './explain.js';
import { decode, encode, type State, stateSchema } from './messages.js';
import { stateKey } from './names.js';

export interface Revised {
  /** Of the server; what the next compare-and-set names. 0 where there is no state yet. */
  readonly revision: number;
  readonly state: State | undefined;
}

export async function readState(bucket: KV, job: string): Promise<Revised> {
  const entry = await bucket.get(stateKey(job));
  return { revision: entry?.revision ?? 0, state: entry === null ? undefined : stateOf(entry) };
}

/** @returns the new revision, or nothing where another was written since `revision` */
export async function writeState(
  bucket: KV,
  job: string,
  state: State,
  revision: number,
): Promise<number | undefined> {
  try {
    return await bucket.put(stateKey(job), encode(state), { previousSeq: revision });
  } catch (error) {
    if (error instanceof JetStreamApiError && OUTRUN.has(error.code)) return undefined;
    throw error;
  }
}

const OUTRUN = new Set<number>([
  JetStreamApiCodes.StreamWrongLastSequence,
  JetStreamApiCodes.StreamWrongLastSequenceUnknown,
]);

/** @throws TransportError when it is not what this version writes */
export function stateOf(entry: KvEntry): State {
  try {
    return decode(stateSchema, entry.value, Number.POSITIVE_INFINITY);
  } catch (cause) {
    throw new TransportError(`nats: the key ${entry.key} ${reasonOf(cause)}`, {
      hint: 'another version of commonweight wrote it: use one version, or an account of its own',
      cause,
    });
  }
}
