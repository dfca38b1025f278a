/**
 * The hub: the coordinator's end of the embedded transport. One port for HTTP (blobs, and what an operator asks) and for
 * WebSockets (messages); everything that lasts lies in the run folder, so a hub that was killed is opened again as it was.
 * Two hubs must not share a folder: whoever opens one holds a lock. Node only.
 */
import { X509Certificate } from 'node:crypto';
import { createServer, type Server } from 'node:http';
import { createServer as createSecureServer } from 'node:https';
import type { AddressInfo, Socket } from 'node:net';
import { getRequestListener } from '@hono/node-server';
import { blobsOfAssignment } from '../../protocol/named-blobs.js';
import { TransportError } from '../error.js';
import { type Log, silentLog } from '../log.js';
import type { RunView } from '../run-view.js';
import type { BlobFolder, CoordinatorEnd, Reception } from '../transport.js';
import { doorkeeper } from './doorkeeper.js';
import { defaultLimits, type HubLimits } from './limits.js';
import { hubMetrics } from './metrics.js';
import { observers } from './observers.js';
import { type NoteRefusal, refusals } from './refusals.js';
import { routes } from './routes.js';
import { switchboard } from './switchboard.js';
import type { Tokens } from './tokens.js';
import { acceptWebSockets } from './upgrade.js';
import { openUploads } from './uploads.js';

export interface HubOptions {
  readonly blobs: BlobFolder;
  /** A folder on the disk of `blobs`, for uploads that are not whole yet. */
  readonly uploadsFolder: string;
  readonly tokens: Tokens;
  /** Loopback by default: nothing else is listened on unless asked. */
  readonly host?: string;
  /** Any by default. */
  readonly port?: number;
  /** PEM. */
  readonly tls?: { readonly cert: string | Uint8Array; readonly key: string | Uint8Array };
  readonly limits?: Partial<HubLimits>;
  readonly log?: Log;
  /** What observers read: a document that JSON can write. */
  readonly status?: () => unknown;
  /** What observers watch. */
  readonly view?: RunView;
  /** An operator asks for the end of the run. */
  readonly stop?: () => void;
}

export interface Hub extends CoordinatorEnd {
  /** `https://127.0.0.1:8470` */
  readonly url: string;
  readonly port: number;
  /** SHA-256 of the certificate, in hexadecimal digits, where there is one. */
  readonly fingerprint: string | undefined;
}

/** @throws TransportError when the address cannot be listened on, or the certificate cannot be used */
export async function openHub(reception: Reception, options: HubOptions): Promise<Hub> {
  const { blobs, tokens, tls, host = '127.0.0.1', log = silentLog, view } = options;
  const limits = { ...defaultLimits, ...options.limits };
  const { participants } = reception.description;
  const server = makeServer(tls, limits);
  const metrics = hubMetrics();
  const note = refusals(log, metrics);
  const uploads = await openUploads({
    ...{ folder: options.uploadsFolder, blobs, participants, limits },
    onReceived: (bytes) => metrics.received('blob', bytes),
  });
  const board = switchboard({ reception, limits, metrics, log, note, claim: uploads.claim });
  const watchers = view && observers({ view, limits, metrics, log, note });
  /** All that was ever published: whoever still reads the model of the round before may go on. */
  const published = new Set<string>();

  const door = doorkeeper(server, limits, note);
  const app = routes({
    ...{ tokens, doorkeeper: door, blobs, uploads, limits, metrics, log, note },
    description: reception.description,
    readable: (sha256) => (board.assignment() === undefined ? undefined : published.has(sha256)),
    mend: async (sha256) => {
      await reception.onDamaged?.(sha256);
    },
    status: options.status ?? (() => ({})),
    stop: options.stop ?? (() => {}),
  });
  server.on('request', getRequestListener(app.fetch, { overrideGlobalObjects: false }));
  acceptWebSockets(server, {
    ...{ tokens, doorkeeper: door, limits, note, participants },
    ...{ switchboard: board, observers: watchers },
  });
  answerBadRequests(server, note);
  const { port } = await listen(server, host, options.port ?? 0).catch(async (error: unknown) => {
    await board.close();
    throw error;
  });
  server.on('error', (error) => log.error({ error }, 'the server of the hub failed'));
  const url = `${tls === undefined ? 'http' : 'https'}://${host.includes(':') ? `[${host}]` : host}:${port}`;
  log.info({ url }, 'the hub listens');

  return {
    blobs,
    url,
    port,
    fingerprint: tls && fingerprintOf(tls.cert),
    async publish(assignment) {
      const named = blobsOfAssignment(assignment).map(({ sha256 }) => sha256);
      uploads.claim(named);
      for (const sha256 of named) published.add(sha256);
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

/** Hexadecimal digits as they are compared. */
export const fingerprintOf = (cert: string | Uint8Array) =>
  new X509Certificate(cert).fingerprint256.replaceAll(':', '').toLowerCase();

function makeServer(tls: HubOptions['tls'], limits: HubLimits): Server {
  // A body may take as long as it moves (stall.ts); what comes before it may not.
  const times = {
    headersTimeout: limits.headersMs,
    requestTimeout: 0,
    connectionsCheckingInterval: Math.min(1000, limits.headersMs),
    maxHeaderSize: 16_384,
  };
  if (tls === undefined) return createServer(times);
  const { cert, key } = tls;
  try {
    return createSecureServer({
      ...times,
      cert: Buffer.from(cert),
      key: Buffer.from(key),
      minVersion: 'TLSv1.2',
      handshakeTimeout: limits.headersMs,
    });
  } catch (cause) {
    throw new TransportError(`hub: the certificate or its key cannot be used: ${(cause as Error).message}`, {
      cause,
      hint: 'give both as PEM files that belong together',
    });
  }
}

/** What is no HTTP, or no TLS, or does not come to an end. */
function answerBadRequests(server: Server, note: NoteRefusal): void {
  server.on('clientError', (error: NodeJS.ErrnoException, stream) => {
    const socket = stream as Socket;
    if (error.code !== 'ECONNRESET') {
      const slow = error.code === 'ERR_HTTP_REQUEST_TIMEOUT';
      note(slow ? 'headers-timeout' : 'no-http', { address: socket.remoteAddress }, error.message);
      const status = slow ? '408 Request Timeout' : '400 Bad Request';
      if (socket.writable) socket.write(`HTTP/1.1 ${status}\r\nConnection: close\r\n\r\n`);
    }
    socket.destroySoon();
  });
  server.on('tlsClientError', (error: Error, socket: Socket) => {
    note('no-tls', { address: socket.remoteAddress }, error.message);
  });
}

function listen(server: Server, host: string, port: number): Promise<AddressInfo> {
  return new Promise((resolve, reject) => {
    server.once('error', (cause: NodeJS.ErrnoException) => {
      const taken = cause.code === 'EADDRINUSE';
      const reason = taken ? 'the port is taken' : cause.message;
      reject(
        new TransportError(`hub: cannot listen on ${host}:${port}: ${reason}`, {
          cause,
          ...(taken && { hint: 'choose another --port, or end what uses it' }),
        }),
      );
    });
    server.listen(port, host, () => resolve(server.address() as AddressInfo));
  });
}
