/** The transport of `serve`: the hub, and what is printed of it. */
import { X509Certificate } from 'node:crypto';
import { join } from 'node:path';
import type { Opening } from '../federation/serve-federation.js';
import type { Identity } from '../protocol/identity.js';
import { openHub } from '../transport/hub/hub.js';
import { openTokens } from '../transport/hub/tokens.js';
import type { Log } from '../transport/log.js';
import type { CoordinatorEnd } from '../transport/transport.js';
import { UsageError } from './error.js';
import { fileOf } from './trust-flags.js';

export interface TransportFlags {
  readonly host: string;
  readonly port: number;
  readonly tlsCert?: string;
  readonly tlsKey?: string;
}

type Open = (opening: Opening, log: Log, print: (text: string) => void) => Promise<CoordinatorEnd>;

export async function openTransport(flags: TransportFlags): Promise<Open> {
  const { host, port, tlsCert, tlsKey } = flags;
  if ((tlsCert === undefined) !== (tlsKey === undefined)) {
    throw new UsageError(
      `--tls-${tlsCert === undefined ? 'key' : 'cert'} is given alone, expected --tls-cert and --tls-key`,
    );
  }
  const tls =
    tlsCert === undefined || tlsKey === undefined
      ? undefined
      : { cert: await fileOf('--tls-cert', tlsCert), key: await fileOf('--tls-key', tlsKey) };
  return async ({ reception, blobs, folder, modelBytes, status, stop }, log, print) => {
    const tokens = await openTokens(join(folder, 'tokens.json'));
    const hub = await openHub(reception, {
      ...{ blobs, tokens, host, port, log, status },
      ...(tls && { tls }),
      uploadsFolder: join(folder, 'uploads'),
      limits: { blobBytes: modelBytes },
      stop: () => void stop(),
    });
    const trust = tls && isSelfSigned(tls.cert) ? ` --fingerprint ${hub.fingerprint}` : '';
    print(`the hub listens on ${hub.url}`);
    if (tls === undefined && !isLoopback(host)) {
      print('without --tls-cert nothing is encrypted: tokens and weights can be read on the way');
    }
    const { participants } = reception.description;
    const of = (name: string): Identity => ({ role: 'participant', name });
    const known = new Set(tokens.list().map(({ identity }) => JSON.stringify(identity)));
    const fresh = participants.filter((name) => !known.has(JSON.stringify(of(name))));
    for (const name of fresh) {
      print(
        `  ${name}:  commonweight join ${hub.url} --token ${await tokens.issue(of(name))}${trust} --data DIR`,
      );
    }
    if (!known.has(JSON.stringify({ role: 'operator' }))) {
      const token = await tokens.issue({ role: 'operator' });
      print(`  operator:  commonweight status ${hub.url} --token ${token}${trust}`);
    }
    if (fresh.length < participants.length) {
      print(`  the tokens of before are valid; \`commonweight token ${hub.url} --name NAME\` makes another`);
    }
    return hub;
  };
}

const isLoopback = (host: string) => host === 'localhost' || host === '::1' || host.startsWith('127.');

function isSelfSigned(cert: Uint8Array): boolean {
  const certificate = new X509Certificate(cert);
  return certificate.checkIssued(certificate);
}
