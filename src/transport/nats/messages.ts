/** The schemas of keys and messages on NATS, around the messages of the protocol. */
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
 * The key that participants read first. It is loose, since a later protocol may add fields, and its
 * number must still be readable.
 */
export const currentSchema = z.object({ protocol: z.int().positive(), job: jobSchema });
/** With the field that a participant of protocol 1 reads before it reads the number. */
export type Current = z.output<typeof currentSchema> & { readonly blobs: BlobChannel };

/** The signed description. It names the hub, so that nobody can name another hub to get tokens. */
export const natsDescribedSchema = z
  .strictObject({ ...describedFields, blobs: blobPlaceSchema })
  .refine(hasItsHash, WRONG_HASH);

/**
 * The signed state: the leader's epoch and the assignment. A coordinator that takes over leaves the
 * assignment as it is.
 */
export const stateSchema = z.strictObject({
  epoch: z.int().positive(),
  assignment: assignmentSchema.optional(),
});
export type State = z.output<typeof stateSchema>;

/** The beat of the leader of `epoch`, and its goodbye. */
export const leaderSchema = z.strictObject({ epoch: z.int().positive(), left: z.boolean() });

/** The ID of one call of `announce`, however often it is sent; the receipt names it. */
const idSchema = z.string().regex(/^[\w-]{1,64}$/);

export const announcingSchema = z.strictObject({ id: idSchema, announcement: announcementSchema });
/** The part of a message that is needed to answer it. */
export const identifiedSchema = z.object({ id: idSchema });
export const answerSchema = z.strictObject({ id: idSchema, receipt: receiptSchema });

/**
 * The answer to the question whether a blob has arrived. If it has not, it must be put into the
 * object store again.
 */
export const blobReplySchema = z.strictObject({
  here: z.boolean(),
  refused: z.string().max(1000).optional(),
});

const encoder = new TextEncoder();
const decoder = new TextDecoder('utf-8', { fatal: true });

export const encode = (value: unknown) => encoder.encode(JSON.stringify(value));

/** @throws TransportError when the data are too large or do not match the schema */
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
