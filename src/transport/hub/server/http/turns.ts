/**
 * Answers the requests of a connection one after the other. Node passes on every pipelined request
 * as soon as it is read: thousands would run at once, and those of a dead connection would never
 * end. Here the next request begins when the one before is answered, and waiting requests end with
 * their connection. The first one begins only if its client is still there: an upload that was
 * begun and dropped then costs a fifth. An answer that nobody reads ends the connection, and so
 * does an unexpected body. Node only.
 */
import type { IncomingMessage, Server, ServerResponse } from 'node:http';
import { Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import type { NoteRefusal } from '../guard/refusal-log.js';
import { hasBody, type RequestForm, requestProblem } from '../guard/request-form.js';
import { type StallLimits, watchForStall } from '../guard/stall.js';

export interface TurnsParts {
  readonly limits: StallLimits;
  readonly note: NoteRefusal;
  /** Whether a request may have a body. */
  readonly takesBody: RequestForm['takesBody'];
  handle(request: IncomingMessage, response: ServerResponse): void;
}

export interface Turns {
  /** Whether a request of this connection is being answered. */
  isBusy(connection: Duplex): boolean;
}

interface Turn {
  readonly request: IncomingMessage;
  readonly response: ServerResponse;
}

/**
 * Neither our clients nor browsers send the next request before they have the answer, so more are
 * an attack.
 */
const mostWaiting = 8;
/** How long a client has to read a refusal. The refused body is not read. */
const lingerMs = 1000;

export function takeTurns(server: Server, { limits, note, takesBody, handle }: TurnsParts): Turns {
  /** The waiting requests of each connection that has a request under way. */
  const lines = new WeakMap<Duplex, Turn[]>();

  function arrive(request: IncomingMessage, response: ServerResponse): void {
    const { socket } = request;
    if (socket.destroyed) return;
    const line = lines.get(socket);
    if (line === undefined) {
      lines.set(socket, []);
      // A turn after its bytes, the end of a connection that was closed behind them is read.
      setImmediate(() => setImmediate(() => isGone(request) || answer({ request, response })));
    } else if (line.length < mostWaiting) line.push({ request, response });
    else {
      note('pipelining', { address: socket.remoteAddress }, `more than ${mostWaiting} requests at once`);
      socket.destroy();
    }
  }

  function answer({ request, response }: Turn): void {
    const { socket } = request;
    const stop = watchForStall(
      limits,
      // Watches only while the client does not take bytes that are ready; the hub itself may take
      // its time.
      () => (socket.writableLength > 0 ? socket.bytesWritten : undefined),
      () => socket.destroy(),
    );
    response.once('close', () => {
      stop();
      const next = lines.get(socket)?.shift();
      if (next === undefined) lines.delete(socket);
      // Other connections come first.
      else setImmediate(() => socket.destroyed || answer(next));
    });
    if (hasBody(request)) endUnread(request);
    const problem = requestProblem(request, { takesBody });
    if (problem === undefined) {
      handle(request, response);
      return;
    }
    const { status, reason, message } = problem;
    note(reason, { status, address: socket.remoteAddress }, message);
    response.writeHead(status, { 'content-type': 'application/json', connection: 'close' });
    response.end(JSON.stringify({ reason, error: message }));
  }

  server.on('request', arrive);
  // An upgrade during an answer would be written into it.
  server.prependListener('upgrade', (_, stream) => lines.has(stream) && stream.destroy());
  return { isBusy: (connection) => lines.has(connection) };
}

const isGone = ({ destroyed, socket }: IncomingMessage) => destroyed || socket.destroyed;

/**
 * Closes a connection whose request was answered before it was read. If bytes are unread, the
 * system would discard the answer too. So only our side is closed, and the connection is cut a
 * moment later.
 */
function endUnread(request: IncomingMessage): void {
  const { socket } = request;
  socket.destroySoon = () => {
    if (request.complete) Socket.prototype.destroySoon.call(socket);
    else linger(socket);
  };
}

function linger(socket: Socket): void {
  // Node resumes it, to discard what arrives.
  socket.on('resume', () => socket.pause()).pause();
  socket.end();
  const cut = setTimeout(() => socket.destroy(), lingerMs);
  socket.once('close', () => clearTimeout(cut));
}
