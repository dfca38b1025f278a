/** The transport of `serve`: the hub, NATS beside it where it is asked for, and what is printed of them. */
import { X509Certificate } from 'node:crypto';
import { hostname } from 'node:os';
import { join } from 'node:path';
import type { Leadership, Opening } from '../federation/serve-federation.js';
import { isPartitionerName } from '../partition/partitioners.js';
import type { Configuration } from '../protocol/configuration.js';
import type { Description } from '../protocol/description.js';
import type { Identity } from '../protocol/identity.js';
import { beside, receptionsBeside } from '../transport/beside.js';
import { type Hub, openHub } from '../transport/hub/hub.js';
import { openTokens, type Tokens } from '../transport/hub/tokens.js';
import type { Log } from '../transport/log.js';
import type { Lead } from '../transport/nats/lead.js';
import { loadNatsCoordinator } from '../transport/nats/load-nats.js';
import type { Patience } from '../transport/patience.js';
import type { CoordinatorEnd } from '../transport/transport.js';
import { UsageError } from './error.js';
import { type NatsFlags, natsAccessFrom } from './nats-flags.js';
import { fileOf } from './trust-flags.js';

export interface TransportFlags extends NatsFlags {
  readonly host: string;
  readonly port: number;
  readonly tlsCert?: string;
  readonly tlsKey?: string;
  readonly url?: string;
  readonly nats?: string;
  readonly natsObjectStore?: true;
}

export interface ServeTransport {
  readonly lead?: (job: string) => Promise<Leadership>;
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
  let lead: Lead | undefined;
  return {
    async lead(job) {
      print('waiting for the lead: another coordinator of this run may be at work');
      lead = await takeLead(nats, job, { access: natsAccessFrom(flags), standby: true, ...patience });
      print(`this coordinator leads, as number ${lead.epoch}`);
      return lead;
    },
    async open(opening, log) {
      if (lead === undefined) throw new Error('internal: NATS is opened without the lead');
      const { blobs, modelBytes } = opening;
      const [overNats, overHub] = receptionsBeside(opening.reception);
      const hub = await openOwnHub(flags, tls, { ...opening, reception: overHub }, log, print);
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
  { reception, blobs, folder, modelBytes, status, view, stop, lendShare }: Opening,
  log: Log,
  print: Print,
): Promise<Hub> {
  const { host, port } = flags;
  const tokens = await openTokens(join(folder, 'tokens.json'));
  const hub = await openHub(reception, {
    ...{ blobs, tokens, host, port, log, status, view, lendShare },
    ...(tls && { tls }),
    uploadsFolder: join(folder, 'uploads'),
    limits: { blobBytes: modelBytes },
    stop: () => void stop(),
  });
  print(`the hub listens on ${hub.url}`);
  if (tls === undefined && !isLoopback(host)) {
    print('without --tls-cert nothing is encrypted: tokens and weights can be read on the way');
  }
  const trust = tls && isSelfSigned(tls.cert) ? ` --fingerprint ${hub.fingerprint}` : '';
  try {
    await printCommands(flags, addressOf(hub, flags), trust, tokens, reception.description, print);
  } catch (error) {
    await hub.close();
    throw error;
  }
  return hub;
}

/** What each participant is to be given: a command with its token, or a link. Tokens are shown once. */
async function printCommands(
  { nats, natsObjectStore }: TransportFlags,
  url: string,
  trust: string,
  tokens: Tokens,
  { participants, configuration }: Description,
  print: Print,
): Promise<void> {
  const known = new Set(tokens.list().map(({ identity }) => JSON.stringify(identity)));
  const isNew = (identity: Identity) => !known.has(JSON.stringify(identity));
  const fresh = participants.filter((name) => isNew({ role: 'participant', name }));
  for (const [k, name] of participants.entries()) {
    if (!fresh.includes(name)) continue;
    await tokens.issue({ role: 'participant', name }, (issued) => {
      const token = `--token ${issued}${trust}`;
      const at =
        nats === undefined
          ? `${url} ${token}`
          : `${nats} --name ${name}${natsObjectStore ? '' : ` ${token}`}`;
      print(`  ${name}:  commonweight join ${at} --data ${dataFor(configuration, k)}`);
      print(`  ${' '.repeat(name.length)}   or in a browser: ${url}/join#token=${issued}`);
    });
  }
  if (isNew({ role: 'operator' })) {
    await tokens.issue({ role: 'operator' }, (token) =>
      print(`  operator:  commonweight status ${url} --token ${token}${trust}`),
    );
  }
  if (isNew({ role: 'observer' })) {
    await tokens.issue({ role: 'observer' }, (token) => print(`  to watch:  ${url}/#token=${token}`));
  }
  if (fresh.length < participants.length) {
    print(
      `  the tokens of before are valid; \`commonweight token ${url}${trust} --name NAME\` makes another`,
    );
  }
}

/** Where a partition is named, it is a trial: everybody has the same data set, and takes a share of it. */
function dataFor({ dataset, partition }: Configuration, k: number): string {
  const { name, participants, validation: _, ...settings } = partition;
  if (dataset === 'none' || !isPartitionerName(name)) return 'DIR';
  const text = Object.entries(settings).map(([key, value]) => `${key}=${value}`);
  return `${dataset} --partition ${[name, ...(text.length > 0 ? [text.join(',')] : []), `${k + 1}/${participants}`].join(':')}`;
}

async function tlsFrom({ tlsCert, tlsKey }: TransportFlags) {
  if (tlsCert === undefined && tlsKey === undefined) return undefined;
  if (tlsCert === undefined || tlsKey === undefined) {
    throw new UsageError(
      `--tls-${tlsCert === undefined ? 'key' : 'cert'} is given alone, expected --tls-cert and --tls-key`,
    );
  }
  return { cert: await fileOf('--tls-cert', tlsCert), key: await fileOf('--tls-key', tlsKey) };
}

/** What others reach it by: whoever listens on all addresses has a name. */
function addressOf(hub: Hub, { host, url }: TransportFlags): string {
  if (url !== undefined) return url.replace(/\/$/, '');
  return host === '0.0.0.0' || host === '::' ? hub.url.replace(/\/\/[^/]*:/, `//${hostname()}:`) : hub.url;
}

const isLoopback = (host: string) => host === 'localhost' || host === '::1' || host.startsWith('127.');

function isSelfSigned(cert: Uint8Array): boolean {
  const certificate = new X509Certificate(cert);
  return certificate.checkIssued(certificate);
}
