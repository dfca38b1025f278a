/**
 * Statements of a coordinator, signed by its Ed25519 key, so that nobody on the way can speak for
 * it: a captured hub, a proxy, a NATS server, another site. The signature is over the exact text
 * that travels, so it does not matter that a value can be written in several ways. The text names
 * its kind and its job. An assignment also has a number (`assignment.ts`), so that a replayed one
 * is recognized as old.
 */
import { z } from 'zod';
import { publicKeyOf, type SecretKey, sign, verify } from '../crypto/signing.js';
import { sha256Schema } from './blob-name.js';
import { type Description, descriptionSchema, jobSchema } from './description.js';
import { descriptionHash } from './description-hash.js';
import { parseFrame } from './parse-frame.js';

export const publicKeySchema = z
  .string()
  .regex(/^[0-9a-f]{64}$/)
  .meta({ form: '64 lower-case hexadecimal digits' });

export const signedSchema = z
  .strictObject({
    statement: z.string().describe('The text that is signed: JSON of `{kind, job, value}`.'),
    key: publicKeySchema.describe('The coordinator’s public key (Ed25519).'),
    signature: z
      .string()
      .regex(/^[0-9a-f]{128}$/)
      .meta({ form: '128 lower-case hexadecimal digits' })
      .describe('The signature of the statement by this key.'),
  })
  .meta({ title: 'Signed statement', description: 'What the coordinator says, signed: see “Signatures”.' });
export type Signed = z.output<typeof signedSchema>;

/** The fields that are signed with a description. */
export const describedFields = {
  epoch: z.int().nonnegative().describe('The number of the coordinator’s start, as in its assignments.'),
  sha256: sha256Schema.describe('The hash of the description: see “The hash of the description”.'),
  description: descriptionSchema,
};

/**
 * Whether the hash is right: otherwise an owner would agree to something else than the coordinator
 * signs.
 */
export const hasItsHash = ({ sha256, description }: { sha256: string; description: Description }) =>
  sha256 === descriptionHash(description);
export const WRONG_HASH = { path: ['sha256'], message: 'expected the SHA-256 of the description' };

/** The signed form of a description. */
export const describedSchema = z
  .strictObject(describedFields)
  .refine(hasItsHash, WRONG_HASH)
  .meta({ title: 'Value of the statement `description`' });

/** The signed form of a description, by a coordinator of this epoch. */
export const described = (epoch: number, description: Description) => ({
  ...{ epoch, sha256: descriptionHash(description), description },
});

/** Signs statements of a coordinator, for one job. */
export interface Signer {
  readonly job: string;
  /** The public key. */
  readonly key: string;
  sign(kind: StatementKind, value: unknown): Signed;
}

/** The kind of a statement; one kind is never accepted as another. */
export type StatementKind = 'description' | 'assignment' | 'nats-description' | 'nats-state';

/**
 * The first line of every signed text, so that a signature for another purpose is never valid here.
 */
export const PURPOSE = 'commonweight: a statement of the coordinator\n';
const encoder = new TextEncoder();
const decoder = new TextDecoder();

export function signer(secret: SecretKey, job: string): Signer {
  const key = publicKeyOf(secret);
  return {
    job,
    key,
    sign(kind, value) {
      const statement = JSON.stringify({ kind, job, value });
      return { statement, key, signature: sign(secret, encoder.encode(PURPOSE + statement)) };
    },
  };
}

export interface Expected<Value> {
  readonly kind: StatementKind;
  readonly schema: z.ZodType<Value>;
  /** Any key is accepted if it is not known yet. */
  readonly key?: string | undefined;
  readonly job?: string | undefined;
}

export type Read<Value> =
  | { readonly value: Value; readonly job: string }
  /** The problem in words, to follow "it". */
  | { readonly problem: string };

/** Reads a value that must be signed as a statement of this kind, by this key, for this job. */
export function readSigned<Value>(
  { statement, key, signature }: Signed,
  { kind, schema, key: expectedKey = key, job: expectedJob }: Expected<Value>,
): Read<Value> {
  if (key !== expectedKey) return { problem: `is signed by the key ${key}, expected ${expectedKey}` };
  const signed = encoder.encode(PURPOSE + statement);
  if (!verify(key, signed, signature)) return { problem: 'is not signed by the key that it names' };
  const text = decoder.decode(signed).slice(PURPOSE.length);
  const parsed = parseFrame(
    z.strictObject({
      kind: z.literal(kind),
      job: expectedJob === undefined ? jobSchema : z.literal(expectedJob),
      value: schema,
    }),
    text,
  );
  return 'problem' in parsed ? parsed : { value: parsed.frame.value, job: parsed.frame.job };
}
