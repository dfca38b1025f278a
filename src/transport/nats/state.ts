/**
 * The key of a job's state: the leader's epoch and the assignment. It is written only by
 * compare-and-set, and signed. A value that the coordinator's key has not signed is ignored.
 */
import { JetStreamApiCodes, JetStreamApiError } from '@nats-io/jetstream';
import type { KV, KvEntry } from '@nats-io/kv';
import { readSigned, type Signed, signedSchema } from '../../protocol/signed.js';
import { OtherKeyError } from '../coordinator-voice.js';
import { messageOf } from './explain.js';
import { decode, encode, type State, stateSchema } from './messages.js';
import { stateKey } from './names.js';

/** The job and key whose state it is. */
export interface StateOwner {
  readonly job: string;
  readonly key: string;
}

export interface Revised {
  /** The server's revision, which the next compare-and-set names; 0 if there is no state yet. */
  readonly revision: number;
  /** Undefined if there is none, or it is not the coordinator's. */
  readonly state: State | undefined;
  /** The signature; equal for equal states. */
  readonly signature?: string | undefined;
  /** The key of another coordinator, if it signed the state. */
  readonly otherKey?: string | undefined;
}

export async function readState(bucket: KV, owner: StateOwner): Promise<Revised> {
  const entry = await bucket.get(stateKey(owner.job));
  if (entry === null) return { revision: 0, state: undefined };
  const read = stateOf(entry, owner);
  const { revision } = entry;
  if ('value' in read) return { revision, state: read.value, signature: read.signature };
  return { revision, state: undefined, ...('otherKey' in read && { otherKey: read.otherKey }) };
}

/** @returns the new revision; undefined if another value was written since `revision` */
export async function writeState(
  bucket: KV,
  job: string,
  state: Signed,
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

type ReadState =
  | { readonly value: State; readonly signature: string }
  | { readonly problem: string }
  /** Correctly signed, by another key. */
  | { readonly problem: string; readonly otherKey: string };

export function stateOf(entry: KvEntry, { job, key }: StateOwner): ReadState {
  let signed: Signed;
  try {
    signed = signedOf(entry);
  } catch (error) {
    return { problem: messageOf(error) };
  }
  const expected = { kind: 'nats-state', schema: stateSchema, job } as const;
  const read = readSigned(signed, { ...expected, key });
  if ('value' in read) return { value: read.value, signature: signed.signature };
  if ('problem' in readSigned(signed, expected)) return read;
  return { ...read, otherKey: signed.key };
}

/** @throws TransportError when the entry does not have this version's form */
export const signedOf = (entry: KvEntry): Signed =>
  decode(signedSchema, entry.value, Number.POSITIVE_INFINITY);

export const otherCoordinator = ({ job, key }: StateOwner, other: string) =>
  new OtherKeyError(`nats: the job ${job} is led with the key ${other}, this coordinator's is ${key}`, {
    hint: 'a coordinator that stands by needs the same coordinator.key in its run folder',
  });
