/**
 * Opens the transport of `serve`: the hub, with NATS beside it if asked for, and the lines printed
 * about them.
 */
import { X509Certificate } from 'node:crypto';
import { hostname } from 'node:os';
import { join } from 'node:path';
import type { Leadership, LeadWanted } from '../../federation/coordinator/led-folder.js';
import type { Opening } from '../../federation/coordinator/serve-federation.js';
import { descriptionHash } from '../../protocol/description-hash.js';
import type { Status } from '../../protocol/status.js';
import { beside, handlersBeside } from '../../transport/beside.js';
import { openTokens } from '../../transport/hub/server/guard/tokens.js';
import { type Hub, openHub } from '../../transport/hub/server/hub.js';
import type { Log } from '../../transport/log.js';
import type { NatsLead } from '../../transport/nats/coordinator/lead.js';
import type { Patience } from '../../transport/patience.js';
import type { CoordinatorEnd } from '../../transport/transport.js';
import { type NatsFlags, natsAccessFrom } from '../flags/nats-flags.js';
import { readFlagFile } from '../flags/trust-flags.js';
import { isLoopback } from '../flags/unencrypted.js';
import { UsageError } from '../terminal/error.js';
import { handOut } from './hand-out.js';
import { loadNatsCoordinator } from './load-nats.js';

export interface TransportFlags extends NatsFlags {
  readonly host: string;
  readonly port: number;
  readonly tlsCert?: string;
  readonly tlsKey?: string;
  readonly url?: string;
  readonly nats?: string;
  readonly natsObjectStore?: true;
  readonly tokensOut?: string;
  readonly tokenDays?: number;
}

export interface ServeTransport {
  readonly lead?: (wanted: LeadWanted) => Promise<Leadership>;
  open(opening: Opening, log: Log): Promise<CoordinatorEnd>;
}

type Print = (text: string) => void;

export async function serveTransport(
  flags: TransportFlags,
  print: Print,
  patience: Patience,
): Promise<ServeTransport> {
  const tls = await tlsFrom(flags);
  const { nats } = flags;
  if (nats === undefined)
    return { open: async (opening, log) => openOwnHub(flags, tls, opening, log, print) };
  const { takeLead, openNatsCoordinator } = await loadNatsCoordinator();
  let lead: NatsLead | undefined;
  return {
    async lead({ signer, lastEpoch }) {
      print('waiting to lead: another coordinator of this run may be at work');
      lead = await takeLead(nats, signer, {
        ...{ access: natsAccessFrom(flags), standby: true, lastEpoch, onSpoiled: print },
        ...patience,
      });
      print(`this coordinator leads, as number ${lead.epoch}`);
      return lead;
    },
    async open(opening, log) {
      if (lead === undefined) throw new Error('internal: NATS is opened without the lead');
      const { blobs, modelBytes } = opening;
      const [overNats, overHub] = handlersBeside(opening.handlers);
      const hub = await openOwnHub(flags, tls, { ...opening, handlers: overHub }, log, print);
      const blobPlace = flags.natsObjectStore ? 'object-store' : { url: addressOf(hub, flags) };
      const end = await openNatsCoordinator(overNats, lead, {
        blobs,
        blobPlace,
        maximumBlobBytes: modelBytes,
        log,
      }).catch(async (error: unknown) => {
        await hub.close();
        throw error;
      });
      return beside(end, hub);
    },
  };
}

async function openOwnHub(
  flags: TransportFlags,
  tls: { readonly cert: Buffer; readonly key: Buffer } | undefined,
  { handlers, blobs, folder, dataset, modelBytes, status, view, operator, lendShare }: Opening,
  log: Log,
  print: Print,
): Promise<Hub> {
  const { host, port } = flags;
  const tokens = await openTokens(join(folder, 'tokens.json'));
  const hub = await openHub(handlers, {
    ...{ blobs, tokens, host, port, log, status, view, operator, lendShare },
    ...(tls && { tls }),
    uploadsFolder: join(folder, 'uploads'),
    limits: { blobBytes: modelBytes },
  });
  print(`the hub listens on ${hub.url}`);
  print(`the description of the federation has the SHA-256 ${descriptionHash(handlers.description)}`);
  if (tls === undefined && !isLoopback(host)) {
    print('without --tls-cert nothing is encrypted: tokens and weights can be read on the way');
  }
  const trust = tls && isSelfSigned(tls.cert) ? ` --fingerprint ${hub.fingerprint}` : '';
  try {
    await handOut(tokens, {
      ...{ folder, dataset, trust, print, url: addressOf(hub, flags), description: handlers.description },
      dropped: droppedIn(status()),
      key: handlers.signer.key,
      ...{ tokensOut: flags.tokensOut, tokenDays: flags.tokenDays },
      ...{ nats: flags.nats, withoutHub: flags.natsObjectStore },
      showsLinks: process.stdout.isTTY === true,
    });
  } catch (error) {
    await hub.close();
    throw error;
  }
  return hub;
}

const droppedIn = ({ participants }: Status) =>
  new Set(participants.flatMap(({ name, presence }) => (presence === 'dropped' ? [name] : [])));

async function tlsFrom({ tlsCert, tlsKey }: TransportFlags) {
  if (tlsCert === undefined && tlsKey === undefined) return undefined;
  if (tlsCert === undefined || tlsKey === undefined) {
    throw new UsageError(
      `--tls-${tlsCert === undefined ? 'key' : 'cert'} is given alone, expected --tls-cert and --tls-key`,
    );
  }
  return { cert: await readFlagFile('--tls-cert', tlsCert), key: await readFlagFile('--tls-key', tlsKey) };
}

/**
 * The address by which others reach the hub. If it listens on all addresses, it is the machine's
 * name.
 */
function addressOf(hub: Hub, { host, url }: TransportFlags): string {
  if (url !== undefined) return url.replace(/\/$/, '');
  return host === '0.0.0.0' || host === '::' ? hub.url.replace(/\/\/[^/]*:/, `//${hostname()}:`) : hub.url;
}

function isSelfSigned(cert: Uint8Array): boolean {
  const certificate = new X509Certificate(cert);
  return certificate.checkIssued(certificate);
}
