/**
 * Turns a request for a WebSocket into a connection of a participant or an observer, by its token.
 * The handshake is completed for every well-formed request, even one that is refused, since a page
 * can read frames only. The first frame then says what is wrong. Node only.
 */
import type { IncomingMessage, Server } from 'node:http';
import type { Duplex } from 'node:stream';
import { type WebSocket, WebSocketServer } from 'ws';
import {
  type HubFrame,
  MESSAGES_PATH,
  type RefusalReason,
  readSubprotocols,
} from '../../../../protocol/frames.js';
import { describeIdentity, type Identity } from '../../../../protocol/identity.js';
import { PROTOCOL_VERSION } from '../../../../protocol/version.js';
import type { Doorkeeper } from '../guard/doorkeeper.js';
import type { HubLimits } from '../guard/limits.js';
import type { NoteRefusal } from '../guard/refusal-log.js';
import { requestProblem } from '../guard/request-form.js';
import type { TokenRecord, Tokens } from '../guard/tokens.js';
import type { Observers } from './observers.js';
import type { Switchboard } from './switchboard.js';

export interface UpgradeParts {
  readonly tokens: Pick<Tokens, 'check' | 'stands'>;
  readonly doorkeeper: Doorkeeper;
  /** Undefined if nobody can take part. */
  readonly switchboard?: Pick<Switchboard, 'connect'> | undefined;
  /** Undefined if there is nothing to watch. */
  readonly observers?: Observers | undefined;
  readonly limits: HubLimits;
  readonly note: NoteRefusal;
  readonly participants: readonly string[];
}

interface No {
  readonly reason: RefusalReason;
  readonly message: string;
  readonly hint: string;
}

const tooMany: No = {
  reason: 'too-fast',
  message: 'there are too many connections of this token',
  hint: 'run one process for each participant',
};

/** Until a refused client is cut. */
const closeMs = 2000;

export function acceptWebSockets(server: Server, parts: UpgradeParts): void {
  const { doorkeeper, limits, note } = parts;
  const sockets = new WebSocketServer({
    noServer: true,
    maxPayload: limits.frameBytes,
    // Our clients send one fragment; a browser may send several.
    maxFragments: 64,
    perMessageDeflate: false,
    handleProtocols: (offered) => readSubprotocols(offered).name ?? false,
  });

  server.on('upgrade', (request: IncomingMessage, stream: Duplex, head: Buffer) => {
    stream.on('error', () => stream.destroy());
    if (!stream.destroyed) ifStillThere(stream, head, (early) => handle(request, stream, early));
  });

  function handle(request: IncomingMessage, stream: Duplex, head: Buffer): void {
    const problem = requestProblem(request, { takesBody: () => false });
    if (problem !== undefined) {
      note(problem.reason, { address: request.socket.remoteAddress }, problem.message);
      endWith(stream, '400 Bad Request');
      return;
    }
    if (request.url !== MESSAGES_PATH) {
      endWith(stream, '404 Not Found');
      return;
    }
    sockets.handleUpgrade(request, stream, head, (socket) => {
      const greeting = greet(request, parts);
      if ('reason' in greeting) {
        note(greeting.reason, { address: request.socket.remoteAddress }, greeting.message);
        turnAway(socket, greeting);
        return;
      }
      const { record, connect } = greeting;
      if (!doorkeeper.know(request.socket, record.sha256)) {
        note('connections', whoIs(record.identity, request), 'too many connections');
        turnAway(socket, tooMany);
        return;
      }
      connect(socket, () => parts.tokens.stands(record));
    });
    stream.resume();
  }
}

/**
 * Calls `then` with what came first, unless the client has closed its connection right behind the
 * request: two turns later, that is read.
 */
function ifStillThere(stream: Duplex, head: Buffer, then: (early: Buffer) => void): void {
  const early = [head];
  const keep = (chunk: Buffer) => early.push(chunk);
  stream.on('data', keep);
  setImmediate(() =>
    setImmediate(() => {
      stream.off('data', keep).pause();
      if (stream.readableEnded) stream.destroy();
      else if (!stream.destroyed) then(Buffer.concat(early));
    }),
  );
}

function endWith(stream: Duplex, status: string): void {
  stream.end(`HTTP/1.1 ${status}\r\nConnection: close\r\nContent-Length: 0\r\n\r\n`);
  stream.once('finish', () => stream.destroy());
}

interface Caller {
  readonly record: TokenRecord;
  connect(socket: WebSocket, stands: () => boolean): void;
}

const whoIs = (identity: Identity, { socket }: IncomingMessage) =>
  identity.role === 'participant'
    ? { participant: identity.name, address: socket.remoteAddress }
    : { address: socket.remoteAddress };

function greet(
  request: IncomingMessage,
  { tokens, participants, switchboard, observers }: UpgradeParts,
): Caller | No {
  const offered = (request.headers['sec-websocket-protocol'] ?? '').split(',').map((each) => each.trim());
  const { version, token, watches } = readSubprotocols(offered);
  if (version !== `${PROTOCOL_VERSION}`) {
    const got = version === undefined ? 'none' : `version ${version.slice(0, 20)}`;
    return {
      reason: 'version',
      message: `the hub speaks version ${PROTOCOL_VERSION} of the protocol, the participant ${got}`,
      hint: 'use one version of commonweight everywhere; load a page of an earlier hub again',
    };
  }
  const record = token === undefined ? undefined : tokens.check(token);
  if (record === undefined) {
    return {
      reason: 'token',
      message: token === undefined ? 'there is no token' : 'the token is not valid',
      hint: 'ask the operator for a new token: this one was replaced, or has expired',
    };
  }
  const { identity } = record;
  // Otherwise an observer with a participant's token would take the place of the process that takes
  // part.
  if (watches && identity.role === 'participant') {
    return {
      reason: 'role',
      message: `the token is that of ${describeIdentity(identity)}, expected one of an observer`,
      hint: 'take part by the page /join, or ask the operator for a link to watch',
    };
  }
  if (identity.role !== 'participant' && observers !== undefined) {
    const { remoteAddress } = request.socket;
    return { record, connect: (socket, stands) => observers.connect(socket, remoteAddress, stands) };
  }
  if (identity.role !== 'participant') {
    return {
      reason: 'role',
      message: `the token is that of ${describeIdentity(identity)}, expected one of a participant`,
      hint: 'ask the operator for a token of a participant',
    };
  }
  const { name } = identity;
  if (switchboard !== undefined && participants.includes(name)) {
    const { remoteAddress } = request.socket;
    return {
      record,
      connect: (socket, stands) => switchboard.connect(name, socket, remoteAddress, stands),
    };
  }
  return {
    reason: 'not-expected',
    message: `"${name}" is not expected in this federation`,
    hint: `expected are ${participants.slice(0, 20).join(', ')}`,
  };
}

function turnAway(socket: WebSocket, { reason, message, hint }: No): void {
  socket.on('error', () => socket.terminate());
  socket.send(JSON.stringify({ type: 'refused', reason, message, hint } satisfies HubFrame));
  socket.close(1008);
  const cut = setTimeout(() => socket.terminate(), closeMs);
  socket.once('close', () => clearTimeout(cut));
}
