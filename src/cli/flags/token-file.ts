/**
 * Tokens in files: a single token, or a line for each with its owner, as `serve` writes them at its
 * first start:
 *
 *     participant site-a TOKEN http://127.0.0.1:8470/join#token=TOKEN
 *     operator TOKEN
 *     observer TOKEN http://127.0.0.1:8470/#token=TOKEN
 *
 * A participant gets its line, which is a valid file too.
 */
import { open } from 'node:fs/promises';
import { canonicalName } from '../../base/names.js';
import { reasonOf } from '../../base/node/reason.js';
import type { Identity, TokenRole } from '../../protocol/identity.js';
import { UsageError } from '../terminal/error.js';

export interface FileToken {
  readonly identity: Identity;
  readonly token: string;
}

/**
 * The owner whose token is looked for: the first of these roles that the file has, and for
 * participants the one with this name.
 */
export interface TokenOwner {
  readonly roles: readonly TokenRole[];
  readonly name?: string | undefined;
}

const HEADER =
  '# Tokens: hand each participant its own line, then remove this file. commonweight … --token-file reads it.\n';

export interface TokenFile {
  /** Appends a token, and syncs it. */
  add(identity: Identity, token: string, link: string | undefined): Promise<void>;
  close(): Promise<void>;
}

/**
 * Opens or makes a file that only its owner can read.
 * @throws UsageError when it cannot be written
 */
export async function openTokenFile(path: string): Promise<TokenFile> {
  const file = await open(path, 'a', 0o600).catch((cause: unknown) => {
    throw new UsageError(`the tokens cannot be written into "${path}": ${reasonOf(cause)}`, {
      cause,
      hint: 'name a writable file with --tokens-out',
    });
  });
  // An existing file may have other permissions.
  await file.chmod(0o600);
  if ((await file.stat()).size === 0) await file.write(HEADER);
  return {
    async add(identity, token, link) {
      const who = identity.role === 'participant' ? `participant ${identity.name}` : identity.role;
      await file.write(`${[who, token, ...(link === undefined ? [] : [link])].join(' ')}\n`);
      await file.sync();
    },
    close: () => file.close(),
  };
}

/**
 * The latest token of each owner: a coordinator that was killed after writing a line writes another
 * at its next start.
 */
export function readTokenLines(text: string): FileToken[] {
  const found = new Map<string, FileToken>();
  for (const line of text.split('\n')) {
    const [role, ...fields] = line.trim().split(/\s+/);
    if (role === 'participant') {
      const [name, token] = fields;
      if (name !== undefined && token !== undefined) {
        found.set(`participant ${name}`, { identity: { role, name }, token });
      }
    } else if ((role === 'operator' || role === 'observer') && fields[0] !== undefined) {
      found.set(role, { identity: { role }, token: fields[0] });
    }
  }
  return [...found.values()];
}

/**
 * The token in a file's text.
 * @throws UsageError when the file has no token for this owner, or several
 */
export function tokenOfFile(path: string, text: string, { roles, name }: TokenOwner): string {
  const lines = readTokenLines(text);
  if (lines.length === 0) return text.trim();
  for (const role of roles) {
    const fitting = lines.filter(
      ({ identity }) =>
        identity.role === role &&
        (identity.role !== 'participant' || name === undefined || identity.name === canonicalName(name)),
    );
    const [first, second] = fitting;
    if (second !== undefined) {
      const names = fitting.map(({ identity }) => ('name' in identity ? identity.name : identity.role));
      throw new UsageError(`--token-file "${path}" has the tokens of ${names.join(', ')}`, {
        hint: 'choose one of them with --name',
      });
    }
    if (first !== undefined) return first.token;
  }
  const whose =
    name ?? roles.map((role) => `an ${role}`.replace('an participant', 'a participant')).join(' or ');
  throw new UsageError(`--token-file "${path}" has no token of ${whose}`, {
    hint: 'each line of the file says whose token it has',
  });
}
