/** A token, from wherever its owner keeps it. On the command line others on the machine can read it. */
import { readFile } from 'node:fs/promises';
import type { Command } from 'commander';
import { reasonOf } from '../files/reason.js';
import { UsageError } from './error.js';

export interface TokenFlags {
  readonly token?: string;
  readonly tokenFile?: string;
}

const VARIABLE = 'COMMONWEIGHT_TOKEN';

export function addTokenFlags(command: Command): Command {
  return command
    .option('--token <token>', `by default what the variable ${VARIABLE} holds`)
    .option('--token-file <file>', 'a file with the token, which no list of processes shows');
}

/** Whether one was given, good or bad. */
export const hasToken = ({ token, tokenFile }: TokenFlags): boolean =>
  (token ?? tokenFile ?? process.env[VARIABLE] ?? '') !== '';

export async function tokenFrom({ token, tokenFile }: TokenFlags): Promise<string> {
  if (token !== undefined) return token;
  if (tokenFile !== undefined) {
    const text = await readFile(tokenFile, 'utf8').catch((cause: unknown) => {
      throw new UsageError(`--token-file "${tokenFile}" cannot be read: ${reasonOf(cause)}`);
    });
    if (text.trim() === '') throw new UsageError(`--token-file "${tokenFile}" is empty, expected a token`);
    return text.trim();
  }
  const value = process.env[VARIABLE];
  if (value !== undefined && value !== '') return value;
  throw new UsageError('there is no token', {
    hint: `give --token, or --token-file, or set ${VARIABLE}; the coordinator prints one for each participant, and one for the operator`,
  });
}
