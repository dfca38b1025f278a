/**
 * The two keys by which participants find a federation: the current job of this account, and its
 * description. The coordinator writes them, and writes them again if another client overwrites
 * them. Node only.
 */
import type { z } from 'zod';
import { described, readSigned, signedSchema } from '../../../protocol/signed.js';
import { PROTOCOL_VERSION } from '../../../protocol/version.js';
import type { SigningHandlers } from '../../transport.js';
import { guardKey } from '../guard-key.js';
import {
  type BlobChannel,
  type Current,
  currentSchema,
  decode,
  encode,
  natsDescribedSchema,
} from '../messages.js';
import { CURRENT_KEY, descriptionKey } from '../names.js';
import type { NatsLead } from './lead.js';

/** Writes both keys, and guards them until the lead ends. */
export async function publishDescription(
  { description, epoch, signer }: SigningHandlers,
  lead: NatsLead,
  blobs: BlobChannel,
): Promise<void> {
  const { nats, buckets, job, signal } = lead;
  const signed = encode(signer.sign('nats-description', { ...described(epoch, description), blobs }));
  const current = encode({ protocol: PROTOCOL_VERSION, job, blobs } satisfies Current);
  await nats.outages.untilDone(
    'the description',
    async () => {
      await buckets.state.put(descriptionKey(job), signed);
      await buckets.state.put(CURRENT_KEY, current);
    },
    signal,
  );
  await guard(lead, descriptionKey(job), signed, (other) => epochOf(other, lead) > lead.epoch);
  await guard(lead, CURRENT_KEY, current, (other) => jobOf(other, job) !== job);
}

function guard(lead: NatsLead, key: string, value: Uint8Array, mayStay: (other: Uint8Array) => boolean) {
  const onSpoiled = () => lead.spoiled(`somebody has overwritten the key ${key}`);
  const guarded = { bucket: lead.buckets.state, key, value, mayStay, onSpoiled };
  return guardKey(lead.nats, guarded, lead.signal);
}

/** The epoch of a description; 0 if this job's key has not signed it. */
function epochOf(value: Uint8Array, { signer: { key, job } }: NatsLead): number {
  const signed = readAs(signedSchema, value);
  if (signed === undefined) return 0;
  const read = readSigned(signed, { kind: 'nats-description', schema: natsDescribedSchema, key, job });
  return 'value' in read ? read.value.epoch : 0;
}

/**
 * The job in a value: that of the next federation in this account. Our own if it cannot be read.
 */
function jobOf(value: Uint8Array, own: string): string {
  return readAs(currentSchema, value)?.job ?? own;
}

function readAs<Value>(schema: z.ZodType<Value>, value: Uint8Array): Value | undefined {
  try {
    return decode(schema, value, Number.POSITIVE_INFINITY);
  } catch {
    return undefined;
  }
}
