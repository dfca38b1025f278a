/** The identity of a client to a coordinator, which decides what it may do. */
import { z } from 'zod';
import { canonicalName } from '../base/names.js';
import { participantNameSchema } from '../base/text.js';

export const identitySchema = z
  .discriminatedUnion('role', [
    z
      .strictObject({
        role: z.literal('participant'),
        name: participantNameSchema.describe('The name in `participants` of the description.'),
      })
      .describe('Takes part under this name, and says nothing under another.'),
    z.strictObject({ role: z.literal('observer') }).describe('Reads what is going on.'),
    z.strictObject({ role: z.literal('operator') }).describe('Stops the run, and issues tokens.'),
  ])
  .meta({ title: 'Identity', description: 'Whose token it is, and so what it allows.' });

/** A request for a new token. */
export const tokenRequestSchema = z
  .strictObject({
    identity: identitySchema,
    days: z
      .int()
      .min(1)
      .max(3650)
      .optional()
      .meta({ unit: 'days', description: 'How long the token is valid; without end by default.' }),
    rotate: z
      .boolean()
      .optional()
      .describe('The participant’s earlier token stays valid until the new one is used.'),
  })
  .meta({ title: 'Token request', description: 'What the operator sends for a new token.' });

export type TokenRequest = z.output<typeof tokenRequestSchema>;
export type Identity = z.output<typeof identitySchema>;
export type TokenRole = Identity['role'];

export const sameIdentity = (a: Identity, b: Identity) =>
  a.role === b.role &&
  (a.role !== 'participant' || b.role !== 'participant' || canonicalName(a.name) === canonicalName(b.name));

/** `the participant "site-a"`, for logs and errors. */
export const describeIdentity = (identity: Identity) =>
  identity.role === 'participant' ? `the participant "${identity.name}"` : `an ${identity.role}`;
