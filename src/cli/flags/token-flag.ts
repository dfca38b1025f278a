/**
 * Reads a token from a file, a link or the environment. One on the command line can be read by
 * other users of the machine.
 */
import type { Command } from 'commander';
import { hintOf, readText } from '../../base/node/read-text.js';
import { reasonOf } from '../../base/node/reason.js';
import { type HubLink, readLink } from '../../transport/hub/client/link.js';
import { UsageError } from '../terminal/error.js';
import { type TokenOwner, tokenOfFile } from './token-file.js';

export interface TokenFlags {
  readonly token?: string;
  readonly tokenFile?: string;
}

const VARIABLE = 'COMMONWEIGHT_TOKEN';

export function addTokenFlags(command: Command): Command {
  return command
    .option('--token <token>', `the token; the variable ${VARIABLE} by default`)
    .option(
      '--token-file <file>',
      'a file with the token, or the file that serve wrote; the list of processes does not show the token then',
    );
}

/** Whether a token was given, valid or not. */
export const hasToken = ({ token, tokenFile }: TokenFlags, target: string): boolean =>
  (readLink(target).token ?? token ?? tokenFile ?? process.env[VARIABLE] ?? '') !== '';

export interface HubAccess extends Omit<HubLink, 'token'> {
  readonly token: string;
}

/**
 * The address of a hub and the token for it, from a link, or from an address and flags.
 * @throws UsageError when there is no token, or there are two
 */
export async function hubAccessFrom(
  target: string,
  flags: TokenFlags,
  owner: TokenOwner,
): Promise<HubAccess> {
  const link = readLink(target);
  const { token, isCutOff } = link;
  if (isCutOff) {
    throw new UsageError(
      'the link is not whole: its token or its key is cut off, or has something else in it',
      {
        hint: 'copy all of it, in quotes: a token has 43 letters, digits, "-" and "_", a key 64 hexadecimal digits',
      },
    );
  }
  if (token !== undefined && (flags.token ?? flags.tokenFile) !== undefined) {
    throw new UsageError('the link has a token, and another is given by a flag', {
      hint: 'give the link alone, or the address without the part behind #',
    });
  }
  return { ...link, token: token ?? (await tokenFrom(flags, owner)) };
}

export async function tokenFrom({ token, tokenFile }: TokenFlags, owner: TokenOwner): Promise<string> {
  if (token !== undefined) return token;
  if (tokenFile !== undefined) {
    const text = await readText(tokenFile).catch((cause: unknown) => {
      throw new UsageError(`--token-file "${tokenFile}" cannot be read: ${reasonOf(cause)}`, hintOf(cause));
    });
    if (text.trim() === '') throw new UsageError(`--token-file "${tokenFile}" is empty, expected a token`);
    return tokenOfFile(tokenFile, text, owner);
  }
  const value = process.env[VARIABLE];
  if (value !== undefined && value !== '') return value;
  throw new UsageError('there is no token', {
    hint: `give --token-file or --token, or set ${VARIABLE}; the coordinator makes one for each participant, and one for the operator`,
  });
}
