/**
 * The port of a hub, for HTTP or, with a certificate, HTTPS, with time limits for strangers. Node
 * only.
 */
import { createServer, type Server } from 'node:http';
import { createServer as createSecureServer } from 'node:https';
import type { AddressInfo, Socket } from 'node:net';
import { TransportError } from '../../error.js';
import type { HubLimits } from './guard/limits.js';
import type { NoteRefusal } from './guard/refusal-log.js';
import { HubIncoming } from './http/hub-incoming.js';
import type { Turns } from './http/turns.js';

/** PEM. */
export interface ServerTls {
  readonly cert: string | Uint8Array;
  readonly key: string | Uint8Array;
}

export interface ServerAddress {
  readonly host: string;
  readonly port: number;
  readonly tls?: ServerTls | undefined;
}

/** `https://127.0.0.1:8470` */
export const urlOf = ({ host, port, tls }: ServerAddress) =>
  `${tls === undefined ? 'http' : 'https'}://${host.includes(':') ? `[${host}]` : host}:${port}`;

/** @throws TransportError when the certificate cannot be used */
export function makeServer(tls: ServerTls | undefined, limits: HubLimits): Server {
  // A body may take as long as it moves (stall.ts); the headers before it may not.
  const options = {
    IncomingMessage: HubIncoming,
    headersTimeout: limits.headersMs,
    requestTimeout: 0,
    connectionsCheckingInterval: Math.min(1000, limits.headersMs),
    maxHeaderSize: 16_384,
    // As in newer versions of Node. The end of a connection is read behind so many bytes of a body.
    highWaterMark: 65_536,
  };
  if (tls === undefined) return createServer(options);
  const { cert, key } = tls;
  try {
    return createSecureServer({
      ...options,
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

/** Answers requests that are not HTTP or TLS, or do not end in time. */
export function answerBadRequests(server: Server, note: NoteRefusal, { isBusy }: Turns): void {
  server.on('clientError', (error: NodeJS.ErrnoException, stream) => {
    const socket = stream as Socket;
    // The client left in the middle of a request that has begun, which says so itself.
    if (error.code === 'HPE_INVALID_EOF_STATE' && isBusy(socket) && socket.writableLength === 0) {
      socket.destroy();
      return;
    }
    if (error.code !== 'ECONNRESET') {
      const slow = error.code === 'ERR_HTTP_REQUEST_TIMEOUT';
      note(slow ? 'headers-timeout' : 'no-http', { address: socket.remoteAddress }, error.message);
      const status = slow ? '408 Request Timeout' : '400 Bad Request';
      // Writes nothing into the middle of another answer.
      if (socket.writable && !isBusy(socket)) socket.write(`HTTP/1.1 ${status}\r\nConnection: close\r\n\r\n`);
    }
    socket.destroySoon();
  });
  server.on('tlsClientError', (error: Error, socket: Socket) => {
    note('no-tls', { address: socket.remoteAddress }, error.message);
  });
}

/**
 * The number of connections that the system keeps waiting until we accept them. Node's default of
 * 511 is too small when many come at once: the system drops the rest, and each of them tries again
 * after a second. The system may have a lower limit (`net.core.somaxconn`). Node accepts one
 * connection in each turn of its loop, in the order of their arrival, even if it is closed by then.
 * So a visitor waits for what all before it cost: see `takeTurns`.
 */
const WAITING_CONNECTIONS = 4096;

/** @throws TransportError when the server cannot listen on the address */
export function listen(server: Server, host: string, port: number): Promise<AddressInfo> {
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
    server.listen({ port, host, backlog: WAITING_CONNECTIONS }, () =>
      resolve(server.address() as AddressInfo),
    );
  });
}
