/** How a hub's certificate is known. */
import { readFile } from 'node:fs/promises';
import type { Command } from 'commander';
import { reasonOf } from '../files/reason.js';
import type { Trust } from '../transport/hub/hub-address.js';
import { UsageError } from './error.js';

export interface TrustFlags {
  readonly fingerprint?: string;
  readonly tlsCa?: string;
}

export function addTrustFlags(command: Command): Command {
  return command
    .option('--fingerprint <sha256>', 'of the certificate, as the coordinator prints it')
    .option('--tls-ca <file>', 'certificates (PEM) of authorities to trust instead of the system’s');
}

export async function trustFrom({ fingerprint, tlsCa }: TrustFlags): Promise<Trust> {
  return {
    ...(fingerprint !== undefined && { fingerprint }),
    ...(tlsCa !== undefined && { ca: await fileOf('--tls-ca', tlsCa) }),
  };
}

export async function fileOf(flag: string, path: string): Promise<Buffer> {
  return readFile(path).catch((cause: unknown) => {
    throw new UsageError(`${flag} "${path}" cannot be read: ${reasonOf(cause)}`);
  });
}
