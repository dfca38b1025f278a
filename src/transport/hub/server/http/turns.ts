/**
 * Answers the requests of a connection one after the other. Node hands over every request of a
 * pipeline as soon as it is read: thousands would be at work at once, and those behind a dead
 * connection would never end. Here the next request begins when the one before is answered, and
 * waiting requests go with their connection. An answer that nobody reads ends the connection, and
 * so does an unexpected body. Node only.
 */
import type { IncomingMessage, Server, ServerResponse } from 'node:http';
import { Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import type { NoteRefusal } from '../guard/refusals.js';
import { hasBody, type RequestForm, requestProblem } from '../guard/request-form.js';
import { type StallLimits, watchForStall } from '../guard/stall.js';

export interface TurnsParts {
  readonly limits: StallLimits;
  readonly note: NoteRefusal;
  /** Which requests come with a body. */
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

/** Neither our clients nor browsers ask before they have the answer: more are an attack. */
const mostWaiting = 8;
/** A refusal is read by then; of the body that was refused nothing is. */
const lingerMs = 1000;

export function takeTurns(server: Server, { limits, note, takesBody, handle }: TurnsParts): Turns {
  /** Who waits behind the request that is being answered, of each connection that has one. */
  const lines = new WeakMap<Duplex, Turn[]>();

  function arrive(request: IncomingMessage, response: ServerResponse): void {
    const { socket } = request;
    if (socket.destroyed) return;
    const line = lines.get(socket);
    if (line === undefined) {
      lines.set(socket, []);
      answer({ request, response });
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
      // Only who does not take what is there for it: the hub itself may need its time.
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
  // What follows an answer that is under way would be written into it.
  server.prependListener('upgrade', (_, stream) => lines.has(stream) && stream.destroy());
  return { isBusy: (connection) => lines.has(connection) };
}

/**
 * A connection that is closed by an answer before its request has come in full: what of it lies
 * here unread would have the system take back the answer, too. So it is closed on our side only,
 * and cut a moment later.
 */
function endUnread(request: IncomingMessage): void {
  const { socket } = request;
  socket.destroySoon = () => {
    if (request.complete) Socket.prototype.destroySoon.call(socket);
    else linger(socket);
  };
}

function linger(socket: Socket): void {
  // Node resumes it, so as to throw away what comes.
  socket.on('resume', () => socket.pause()).pause();
  socket.end();
  const cut = setTimeout(() => socket.destroy(), lingerMs);
  socket.once('close', () => clearTimeout(cut));
}
