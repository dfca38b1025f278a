/** Flags for connecting to a NATS server: files by flags, secrets by the environment. */
import type { Command } from 'commander';
import { type NatsAccess, natsAccessFromEnvironment } from '../../transport/nats/access.js';

export interface NatsFlags {
  readonly natsCreds?: string;
  readonly tlsCa?: string;
}

export function addNatsFlags(command: Command): Command {
  return command.option(
    '--nats-creds <file>',
    'credentials for NATS; or set COMMONWEIGHT_NATS_USER and _PASSWORD, or _TOKEN',
  );
}

export function natsAccessFrom({ natsCreds, tlsCa }: NatsFlags): NatsAccess {
  return {
    ...natsAccessFromEnvironment(process.env),
    ...(natsCreds !== undefined && { credsFile: natsCreds }),
    ...(tlsCa !== undefined && { caFile: tlsCa }),
  };
}
