/**
 * The schemas of keys and messages on NATS, around what the protocol says. Each is parsed by its
 * schema.
 */
import { z } from 'zod';
import { messageJson } from '../../base/message-json.js';
import { announcementSchema, receiptSchema } from '../../protocol/announcement.js';
import { assignmentSchema } from '../../protocol/assignment.js';
import { jobSchema } from '../../protocol/description.js';
import { describedFields, hasItsHash, WRONG_HASH } from '../../protocol/signed.js';
import { TransportError } from '../error.js';
import { messageOf } from './explain.js';

/** Where blobs are moved: the object store, or a hub that speaks HTTP. */
const blobPlaceSchema = z.union([z.literal('object-store'), z.strictObject({ url: z.url() })]);
export type BlobChannel = z.output<typeof blobPlaceSchema>;

/**
 * Where participants look first. Loose: a later protocol may have more to say, and its number must
 * still be read.
 */
export const currentSchema = z.object({ protocol: z.int().positive(), job: jobSchema });
/** With what a participant of protocol 1 looks for, before it looks at the number. */
export type Current = z.output<typeof currentSchema> & { readonly blobs: BlobChannel };

/** What is signed as the description: a hub that somebody else names would be shown the token. */
export const natsDescribedSchema = z
  .strictObject({ ...describedFields, blobs: blobPlaceSchema })
  .refine(hasItsHash, WRONG_HASH);

/**
 * What is signed as the state: who leads, and what is asked for. A coordinator that takes over
 * leaves the assignment as it finds it.
 */
export const stateSchema = z.strictObject({
  epoch: z.int().positive(),
  assignment: assignmentSchema.optional(),
});
export type State = z.output<typeof stateSchema>;

/** What the leader of `epoch` says with every beat, and when it leaves. */
export const leaderSchema = z.strictObject({ epoch: z.int().positive(), left: z.boolean() });

/** Of one call of `announce`, however often it is sent: the receipt names it. */
const idSchema = z.string().regex(/^[\w-]{1,64}$/);

export const announcingSchema = z.strictObject({ id: idSchema, announcement: announcementSchema });
/** Enough of it to be answered. */
export const identifiedSchema = z.object({ id: idSchema });
export const answerSchema = z.strictObject({ id: idSchema, receipt: receiptSchema });

/** Is a blob here that was put into the object store? If not, it is to be put there once more. */
export const blobReplySchema = z.strictObject({
  here: z.boolean(),
  refused: z.string().max(1000).optional(),
});

const encoder = new TextEncoder();
const decoder = new TextDecoder('utf-8', { fatal: true });

export const encode = (value: unknown) => encoder.encode(JSON.stringify(value));

/** @throws TransportError that says what is wrong with it */
export function decode<Value>(schema: z.ZodType<Value>, data: Uint8Array, maximumBytes: number): Value {
  if (data.length > maximumBytes) {
    throw new TransportError(`is ${data.length} bytes, expected at most ${maximumBytes}`);
  }
  let json: unknown;
  try {
    json = messageJson(decoder.decode(data));
  } catch (cause) {
    throw new TransportError(`is not JSON: ${messageOf(cause)}`, { cause });
  }
  const result = schema.safeParse(json);
  if (result.success) return result.data;
  const [issue] = result.error.issues;
  throw new TransportError(`is not of the schema: ${issue?.path.join('.') || 'it'}: ${issue?.message}`);
}
