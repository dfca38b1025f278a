/**
 * The hub: the coordinator's end of the embedded transport. One port serves HTTP (blobs, and the
 * operator's requests) and WebSockets (messages). All its lasting state is in the run folder, so a
 * hub that was killed opens again as it was. Two hubs must not share a folder: the first one holds
 * a lock. Node only.
 */
import { X509Certificate } from 'node:crypto';
import { getRequestListener } from '@hono/node-server';
import type { Assignment } from '../../../protocol/assignment.js';
import { blobsOfAssignment, blobsOfDescription } from '../../../protocol/named-blobs.js';
import { described } from '../../../protocol/signed.js';
import type { BlobsBeside } from '../../beside.js';
import { broughtBlobs } from '../../brought.js';
import { TransportError } from '../../error.js';
import { type Log, silentLog } from '../../log.js';
import type { RunOperator } from '../../run-operator.js';
import type { RunView } from '../../run-view.js';
import { sparingLog } from '../../sparing-log.js';
import type { BlobFolder, LendShare, SigningHandlers } from '../../transport.js';
import { fittingLimits, openFilesLimit } from './guard/descriptors.js';
import { doorkeeper } from './guard/doorkeeper.js';
import { defaultLimits, type HubLimits, timely } from './guard/limits.js';
import { type HubMetrics, hubMetrics } from './guard/metrics.js';
import { refusalLog } from './guard/refusal-log.js';
import type { Tokens } from './guard/tokens.js';
import { routes, takesBody } from './http/routes.js';
import { takeTurns } from './http/turns.js';
import { openUploads, type Uploads } from './http/uploads.js';
import { answerBadRequests, listen, makeServer, type ServerTls, urlOf } from './server.js';
import { observers } from './sockets/observers.js';
import { switchboard } from './sockets/switchboard.js';
import { acceptWebSockets } from './sockets/upgrade.js';

export interface HubOptions {
  readonly blobs: BlobFolder;
  /** A folder for uploads that are not whole yet, on the same disk as `blobs`. */
  readonly uploadsFolder: string;
  readonly tokens: Tokens;
  /** Loopback by default: the hub listens on other addresses only if asked. */
  readonly host?: string;
  /** Any free port by default. */
  readonly port?: number;
  readonly tls?: ServerTls;
  readonly limits?: Partial<HubLimits>;
  readonly log?: Log;
  /** The status that observers read: a JSON document. */
  readonly status?: () => unknown;
  /** The view that observers watch. */
  readonly view?: RunView;
  /** Carries out an operator's requests. */
  readonly operator?: RunOperator;
  /** Set if the hub lends shares of a public data set. */
  readonly lendShare?: LendShare | undefined;
}

export interface Hub extends BlobsBeside {
  /** `https://127.0.0.1:8470` */
  readonly url: string;
  readonly port: number;
  /** SHA-256 of the certificate, in hexadecimal digits; undefined without one. */
  readonly fingerprint: string | undefined;
}

/** A program in JavaScript may leave out what has no default. */
function requireOptions(options: Partial<HubOptions> = {}): void {
  const missing = (['blobs', 'uploadsFolder', 'tokens'] as const).filter(
    (name) => options[name] === undefined,
  );
  if (missing.length === 0) return;
  throw new TransportError(
    `openHub: the options lack ${missing.join(', ')}, expected { blobs, uploadsFolder, tokens }`,
    {
      hint: 'openHub(handlers, { blobs, uploadsFolder, tokens }): `open` of serveFederation is given the handlers and the blobs, and openTokens(FILE) makes the tokens',
    },
  );
}

/**
 * @throws TransportError when an option without a default is missing, or the hub cannot listen on
 *   the address or use the certificate
 */
export async function openHub(handlers: SigningHandlers, options: HubOptions): Promise<Hub> {
  requireOptions(options);
  const { blobs, tokens, tls, host = '127.0.0.1', view } = options;
  const log = withFewErrors(options.log ?? silentLog);
  const { participants } = handlers.description;
  const { epoch, signer } = handlers;
  const description = signer.sign('description', described(epoch, handlers.description));
  const limits = limitsOf(options, participants.length, log);
  const server = makeServer(tls, limits);
  const metrics = hubMetrics();
  const note = refusalLog(log, metrics);
  const given = new Set(blobsOfDescription(handlers.description).map(({ sha256 }) => sha256));
  const uploads = await uploadsOf(handlers, options, { given, limits, metrics, log });
  const board = switchboard({ handlers, description, limits, metrics, log, note, claim: uploads.claim });
  const watchers = view && observers({ view, limits, metrics, log, note });
  /**
   * The blobs that the description names, and all that were ever offered: a participant may still
   * be reading the model of the round before.
   */
  const offered = new Set(given);

  const door = doorkeeper(server, limits, note);
  const app = routes({
    ...{ tokens, doorkeeper: door, blobs, uploads, limits, metrics, log, note },
    ...{ description, participants },
    readable: (sha256) => offered.has(sha256) || (board.assignment() === undefined ? undefined : false),
    mend: async (sha256) => {
      await handlers.onDamaged?.(sha256);
    },
    status: options.status ?? (() => ({})),
    operator: options.operator,
    dismiss: board.dismiss,
    lendShare: options.lendShare,
  });
  const handle = getRequestListener(app.fetch, { overrideGlobalObjects: false, autoCleanupIncoming: false });
  const turns = takeTurns(server, { limits, note, takesBody, handle });
  acceptWebSockets(server, {
    ...{ tokens, doorkeeper: door, limits, note, participants },
    ...{ switchboard: board, observers: watchers },
  });
  answerBadRequests(server, note, turns);
  const { port } = await listen(server, host, options.port ?? 0).catch(async (error: unknown) => {
    await board.close();
    throw error;
  });
  server.on('error', (error) => log.error({ error }, 'the server of the hub failed'));
  const url = urlOf({ host, port, tls });
  log.info({ url }, 'the hub listens');

  function offer(assignment: Assignment): void {
    const named = blobsOfAssignment(assignment).map(({ sha256 }) => sha256);
    uploads.claim(named)(true);
    for (const sha256 of named) offered.add(sha256);
  }

  return {
    blobs,
    url,
    port,
    fingerprint: tls && fingerprintOf(tls.cert),
    offer,
    async publish(assignment) {
      offer(assignment);
      board.publish(assignment);
    },
    async close() {
      const closed = new Promise<void>((resolve) => server.close(() => resolve()));
      await uploads.close();
      await board.close();
      watchers?.close();
      server.closeAllConnections();
      door.close();
      await closed;
      log.info({ url }, 'the hub is closed');
    },
  };
}

interface UploadsContext {
  /** The blobs that the description names. */
  readonly given: ReadonlySet<string>;
  readonly limits: HubLimits;
  readonly metrics: HubMetrics;
  readonly log: Log;
}

const uploadsOf = (
  { description, holds, brought = broughtBlobs() }: SigningHandlers,
  { uploadsFolder, blobs }: HubOptions,
  { given, limits, metrics, log }: UploadsContext,
): Promise<Uploads> =>
  openUploads({
    ...{ folder: uploadsFolder, blobs, participants: description.participants, limits, brought },
    holds: (sha256) => given.has(sha256) || holds?.(sha256) === true,
    onReceived: (bytes) => metrics.received('blob', bytes),
    onLost: (participant, { sha256 }, error) =>
      log.error({ participant, blob: sha256.slice(0, 12), error }, 'the disk has lost what was uploaded'),
  });

/** The connections of one participant: one for messages and one for a transfer. */
const CONNECTIONS_EACH = 2;

/**
 * Limits the connections to those that this process may have open. If these are too few, the log
 * says so.
 */
function limitsOf(options: HubOptions, participants: number, log: Log): HubLimits {
  const openFiles = openFilesLimit();
  const limits = fittingLimits(timely({ ...defaultLimits, ...options.limits }), openFiles);
  if (limits.connections < CONNECTIONS_EACH * participants) {
    const message = `this process may have ${openFiles} files and sockets open: too few for all participants at once; raise \`ulimit -n\``;
    log.warn({ openFiles, participants }, message);
  }
  return limits;
}

/**
 * Limits the errors in the log: an error such as "too many open files" hits thousands of requests.
 */
function withFewErrors(log: Log): Log {
  const spare = sparingLog(log, 1, 30);
  return {
    info: (fields, message) => log.info(fields, message),
    warn: (fields, message) => log.warn(fields, message),
    error: (fields, message) => spare('error', message, fields, message),
  };
}

/** A certificate's fingerprint in the form in which fingerprints are compared. */
export const fingerprintOf = (cert: string | Uint8Array) =>
  new X509Certificate(cert).fingerprint256.replaceAll(':', '').toLowerCase();
