/**
 * Receives the assignments of a federation: the newest that its coordinator has signed. Node only.
 */
import type { KvEntry } from '@nats-io/kv';
import type { Assignment } from '../../../protocol/assignment.js';
import { signedSchema } from '../../../protocol/signed.js';
import type { CoordinatorVoice } from '../../coordinator-voice.js';
import { type LatestValue, latestValue } from '../../latest-value.js';
import type { Nats } from '../connection.js';
import type { Buckets } from '../layout.js';
import { stateSchema } from '../messages.js';
import { STATE_BUCKET, stateKey } from '../names.js';
import { watchKey } from '../watch-key.js';
import { readKey } from './read-key.js';

/** Resolves once the state was read for the first time. */
export async function hearAssignments(
  nats: Nats,
  { state }: Buckets,
  job: string,
  voice: CoordinatorVoice,
  retryMs: number,
  signal: AbortSignal,
): Promise<LatestValue<Assignment>> {
  const assignments = latestValue<Assignment>();
  let [seen, said] = ['', ''];
  /** Values that are not the coordinator's are ignored; the coordinator overwrites them. */
  const see = (entry: KvEntry) => {
    const signed = readKey(signedSchema, entry, voice.leaveOut);
    if (signed === undefined || signed.signature === seen) return;
    seen = signed.signature;
    const assignment = voice.hear(signed, 'nats-state', stateSchema)?.assignment;
    if (assignment === undefined || !voice.isCurrent(assignment)) return;
    const text = JSON.stringify(assignment);
    if (text !== said) assignments.set(assignment);
    said = text;
  };
  await watchKey(nats, state, STATE_BUCKET, stateKey(job), see, retryMs, signal);
  return assignments;
}
