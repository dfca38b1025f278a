/**
 * The tokens of a hub, which give access. A token has 256 random bits and is shown once, when it is
 * issued. The file keeps only its SHA-256, so that a reader of the run folder cannot take part. (A
 * plain hash is enough: 256 random bits cannot be guessed.) Node only.
 */
import { createHash, randomBytes, timingSafeEqual } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { z } from 'zod';
import { reasonOf } from '../../../../base/node/reason.js';
import { writeFileWhole } from '../../../../base/node/whole-file.js';
import { sha256Schema } from '../../../../protocol/blob-name.js';
import { type Identity, identitySchema, sameIdentity } from '../../../../protocol/identity.js';
import { TransportError } from '../../../error.js';

const fileSchema = z.strictObject({
  version: z.literal(1),
  tokens: z.array(
    z.strictObject({
      identity: identitySchema,
      sha256: sha256Schema,
      issued: z.iso.datetime(),
      /** The time from which it is no longer valid. */
      expires: z.iso.datetime().optional(),
      /** When it is used for the first time, it replaces the participant's other tokens. */
      rotates: z.literal(true).optional(),
    }),
  ),
});

export type TokenRecord = z.output<typeof fileSchema>['tokens'][number];

export interface IssueOptions {
  /**
   * Called with the token before its hash is written to the disk, and waited for. Otherwise a kill
   * could leave a token that nobody has seen.
   */
  readonly beforeKept?: (token: string) => unknown;
  /** The number of days for which it is valid. */
  readonly days?: number | undefined;
  /**
   * Whether a participant's earlier token stays valid until this one is used for the first time.
   */
  readonly rotate?: boolean | undefined;
}

export interface Tokens {
  /**
   * Makes a new token. A participant has one at a time: earlier ones become void, unless it is
   * rotated.
   */
  issue(identity: Identity, options?: IssueOptions): Promise<string>;
  /**
   * The record of a valid token; undefined for any other. The time that it takes tells nothing
   * about the tokens that exist.
   */
  check(token: string): TokenRecord | undefined;
  /** Whether a token that was valid still is. */
  stands(record: TokenRecord): boolean;
  /** Revokes all tokens of this identity. @returns how many */
  revoke(identity: Identity): Promise<number>;
  /** The valid tokens. */
  list(): readonly TokenRecord[];
}

const DAY_MS = 86_400_000;

/**
 * Opens the file, or starts without tokens.
 * @param now in milliseconds, as `Date.now`
 * @throws TransportError when the file was not written by Commonweight
 */
export async function openTokens(path: string, now: () => number = Date.now): Promise<Tokens> {
  let records = await read(path);
  let writing: Promise<unknown> = Promise.resolve();
  const isValid = ({ expires }: TokenRecord) => expires === undefined || now() < Date.parse(expires);
  /** Changes run one after the other. The memory always has the same tokens as the disk. */
  const change = (next: (records: readonly TokenRecord[]) => TokenRecord[]) => {
    const done = writing.then(async () => {
      const changed = next(records.filter(isValid));
      await write(path, changed);
      records = changed;
    });
    writing = done.catch(() => undefined);
    return done;
  };
  /** Revokes the earlier tokens. If the disk does not take the change, the next use tries again. */
  const settle = ({ identity, sha256 }: TokenRecord) =>
    void change((all) =>
      all.flatMap((each) => {
        if (each.sha256 === sha256) return [{ ...each, rotates: undefined }];
        return sameIdentity(each.identity, identity) ? [] : [each];
      }),
    ).catch(() => undefined);
  return {
    async issue(identity, { beforeKept, days, rotate = false } = {}) {
      const token = newToken();
      const isOnly = identity.role === 'participant';
      const record: TokenRecord = {
        ...recordOf(token, identity, now()),
        ...(days !== undefined && { expires: new Date(now() + days * DAY_MS).toISOString() }),
        ...(isOnly && rotate && { rotates: true }),
      };
      await beforeKept?.(token);
      const isKept = (each: TokenRecord) =>
        !isOnly || !sameIdentity(each.identity, identity) || (rotate && each.rotates === undefined);
      await change((all) => [...all.filter(isKept), record]);
      return token;
    },
    check(token) {
      const hash = hashOf(token);
      let found: TokenRecord | undefined;
      // Compares with all, so that the time does not depend on which one matches.
      for (const record of records) {
        if (isOf(record, hash)) found = record;
      }
      if (found === undefined || !isValid(found)) return undefined;
      if (found.rotates) settle(found);
      return found;
    },
    stands: (record) => isValid(record) && records.some(({ sha256 }) => sha256 === record.sha256),
    async revoke(identity) {
      let revoked = 0;
      await change((all) => {
        const kept = all.filter((each) => !sameIdentity(each.identity, identity));
        revoked = all.length - kept.length;
        return kept;
      });
      return revoked;
    },
    list: () => records.filter(isValid),
  };
}

/** A token that is valid while this process runs, and is not written anywhere. */
export function passingToken(identity: Identity): {
  readonly token: string;
  readonly tokens: Pick<Tokens, 'check' | 'stands'>;
} {
  const token = newToken();
  const record = recordOf(token, identity, Date.now());
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

const recordOf = (token: string, identity: Identity, now: number): TokenRecord => ({
  identity,
  sha256: hashOf(token).toString('hex'),
  issued: new Date(now).toISOString(),
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

/** Writes the file whole or not at all, readable by its owner only. */
async function write(path: string, tokens: readonly TokenRecord[]): Promise<void> {
  const text = `${JSON.stringify({ version: 1, tokens }, null, 2)}\n`;
  await writeFileWhole(path, text, { mode: 0o600 }).catch((cause: unknown) => {
    throw new TransportError(`tokens: "${path}" cannot be written: ${reasonOf(cause)}`, {
      cause,
      hint: 'fix this and rerun the same command',
    });
  });
}
