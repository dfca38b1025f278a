/** Who somebody is to a coordinator, and so what they may do. */
import { z } from 'zod';
import { canonicalName } from '../base/names.js';
import { participantNameSchema } from '../base/text.js';

export const identitySchema = z.discriminatedUnion('role', [
  /** Takes part under this name, and says nothing under another. */
  z.strictObject({ role: z.literal('participant'), name: participantNameSchema }),
  /** Reads what is going on. */
  z.strictObject({ role: z.literal('observer') }),
  /** Stops the run, and issues tokens. */
  z.strictObject({ role: z.literal('operator') }),
]);

/** A new token is asked for. */
export const tokenRequestSchema = z.strictObject({
  identity: identitySchema,
  /** How long it is valid; without end by default. */
  days: z.int().min(1).max(3650).optional(),
  /** A participant's earlier token stands until the new one is used. */
  rotate: z.boolean().optional(),
});

export type TokenRequest = z.output<typeof tokenRequestSchema>;
export type Identity = z.output<typeof identitySchema>;
export type Role = Identity['role'];

export const sameIdentity = (a: Identity, b: Identity) =>
  a.role === b.role &&
  (a.role !== 'participant' || b.role !== 'participant' || canonicalName(a.name) === canonicalName(b.name));

/** `the participant "site-a"`, for logs and errors. */
export const describeIdentity = (identity: Identity) =>
  identity.role === 'participant' ? `the participant "${identity.name}"` : `an ${identity.role}`;
