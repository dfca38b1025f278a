/** Flags by which a command recognizes a hub's certificate, and the coordinator. */
import { readFile } from 'node:fs/promises';
import type { Command } from 'commander';
import { reasonOf } from '../../base/node/reason.js';
import type { Trust } from '../../transport/hub/client/node/hub-address.js';
import { UsageError } from '../terminal/error.js';

/** For commands that get the coordinator's own statements, over any transport. */
export interface CoordinatorKeyFlag {
  readonly coordinatorKey?: string;
}

export function addCoordinatorKeyFlag(command: Command): Command {
  return command.option(
    '--coordinator-key <key>',
    'the coordinator’s public key, as the coordinator prints it; anything that another key has signed is ignored. Without this flag, the first key that the coordinator shows is kept in --out, and from then on any other key is refused',
  );
}

export interface TrustFlags {
  readonly fingerprint?: string;
  readonly tlsCa?: string;
}

export function addTrustFlags(command: Command): Command {
  return command
    .option('--fingerprint <sha256>', 'SHA-256 of the certificate, as the coordinator prints it')
    .option('--tls-ca <file>', 'certificates (PEM) of authorities to trust, instead of the system’s');
}

export async function trustFrom({ fingerprint, tlsCa }: TrustFlags): Promise<Trust> {
  return {
    ...(fingerprint !== undefined && { fingerprint }),
    ...(tlsCa !== undefined && { ca: await readFlagFile('--tls-ca', tlsCa) }),
  };
}

export async function readFlagFile(flag: string, path: string): Promise<Buffer> {
  return readFile(path).catch((cause: unknown) => {
    throw new UsageError(`${flag} "${path}" cannot be read: ${reasonOf(cause)}`);
  });
}
