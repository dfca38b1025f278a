/**
 * Who may do what, by tokens of 256 random bits. A token is shown once, when it is issued; the file keeps its SHA-256, so
 * that nobody who reads the run folder can take part. (A plain hash is enough: there is nothing to guess in 256 random bits.)
 * Node only.
 */
import { createHash, randomBytes, timingSafeEqual } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { z } from 'zod';
import { reasonOf } from '../../files/reason.js';
import { writeFileWhole } from '../../files/whole-file.js';
import { sha256Schema } from '../../protocol/blob-name.js';
import { type Identity, identitySchema, sameIdentity } from '../../protocol/identity.js';
import { TransportError } from '../error.js';

const fileSchema = z.strictObject({
  version: z.literal(1),
  tokens: z.array(
    z.strictObject({ identity: identitySchema, sha256: sha256Schema, issued: z.iso.datetime() }),
  ),
});

export type TokenRecord = z.output<typeof fileSchema>['tokens'][number];

export interface Tokens {
  /**
   * A new token. A participant has one at a time: earlier ones are void from now on.
   * @param show called before the token is on the disk: one that was kept and never shown would be nobody's
   */
  issue(identity: Identity, show?: (token: string) => void): Promise<string>;
  /** Whose token it is, in a time that tells nothing about the tokens there are. */
  check(token: string): TokenRecord | undefined;
  /** That a token which was valid still is. */
  stands(record: TokenRecord): boolean;
  /** Voids all tokens of this identity. @returns how many */
  revoke(identity: Identity): Promise<number>;
  list(): readonly TokenRecord[];
}

/**
 * Opens the file, or begins with no token.
 * @throws TransportError when the file is not of ours
 */
export async function openTokens(path: string): Promise<Tokens> {
  let records = await read(path);
  let writing: Promise<unknown> = Promise.resolve();
  /** One after the other. What is in memory is what is on the disk. */
  const change = (next: (records: readonly TokenRecord[]) => TokenRecord[]) => {
    const done = writing.then(async () => {
      const changed = next(records);
      await write(path, changed);
      records = changed;
    });
    writing = done.catch(() => undefined);
    return done;
  };
  return {
    async issue(identity, show) {
      const token = newToken();
      const record = recordOf(token, identity);
      show?.(token);
      await change((all) => [
        ...all.filter((each) => identity.role !== 'participant' || !sameIdentity(each.identity, identity)),
        record,
      ]);
      return token;
    },
    check(token) {
      const hash = hashOf(token);
      let found: TokenRecord | undefined;
      // All of them, whichever it is.
      for (const record of records) {
        if (isOf(record, hash)) found = record;
      }
      return found;
    },
    stands: (record) => records.some(({ sha256 }) => sha256 === record.sha256),
    async revoke(identity) {
      let revoked = 0;
      await change((all) => {
        const kept = all.filter((each) => !sameIdentity(each.identity, identity));
        revoked = all.length - kept.length;
        return kept;
      });
      return revoked;
    },
    list: () => records,
  };
}

/** A token that is good as long as this process lives, and is written nowhere. */
export function passingToken(identity: Identity): {
  readonly token: string;
  readonly tokens: Pick<Tokens, 'check' | 'stands'>;
} {
  const token = newToken();
  const record = recordOf(token, identity);
  return {
    token,
    tokens: { check: (given) => (isOf(record, hashOf(given)) ? record : undefined), stands: () => true },
  };
}

function newToken(): string {
  const token = randomBytes(32).toString('base64url');
  // A command line would take it for an option.
  return token.startsWith('-') ? newToken() : token;
}

const recordOf = (token: string, identity: Identity): TokenRecord => ({
  identity,
  sha256: hashOf(token).toString('hex'),
  issued: new Date().toISOString(),
});

const isOf = ({ sha256 }: TokenRecord, hash: Buffer) => timingSafeEqual(hash, Buffer.from(sha256, 'hex'));

const hashOf = (token: string) => createHash('sha256').update(token).digest();

async function read(path: string): Promise<TokenRecord[]> {
  const text = await readFile(path, 'utf8').catch((cause: unknown) => {
    if ((cause as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw new TransportError(`tokens: "${path}" cannot be read: ${reasonOf(cause)}`, { cause });
  });
  if (text === undefined) return [];
  try {
    return fileSchema.parse(JSON.parse(text)).tokens;
  } catch (cause) {
    throw new TransportError(`tokens: "${path}" is damaged, or of another version`, {
      cause,
      hint: 'move it away, and issue new tokens',
    });
  }
}

/** Whole or not at all, and readable by its owner only from the first byte on. */
async function write(path: string, tokens: readonly TokenRecord[]): Promise<void> {
  const text = `${JSON.stringify({ version: 1, tokens }, null, 2)}\n`;
  await writeFileWhole(path, text, { mode: 0o600 }).catch((cause: unknown) => {
    throw new TransportError(`tokens: "${path}" cannot be written: ${reasonOf(cause)}`, {
      cause,
      hint: 'fix this and rerun the same command',
    });
  });
}
