/**
 * What all answers of the hub share: their headers, and the answers to requests that are refused or
 * fail. Node only.
 */
import { RESPONSE_ALREADY_SENT } from '@hono/node-server/utils/response';
import type { ErrorHandler, MiddlewareHandler, NotFoundHandler } from 'hono';
import type { Log } from '../../../log.js';
import type { NoteRefusal } from '../guard/refusal-log.js';
import { hasBody } from '../guard/request-form.js';
import type { HubEnvironment } from './environment.js';
import { Refusal } from './refusal.js';

export const commonHeaders: MiddlewareHandler<HubEnvironment> = async (c, next) => {
  c.set('address', c.env.incoming.socket.remoteAddress);
  await next();
  if (!c.res.headers.has('cache-control')) c.header('cache-control', 'no-store');
  c.header('x-content-type-options', 'nosniff');
  // The rest of a body is not read, so nothing else can follow on this connection.
  if (hasBody(c.env.incoming) && !c.env.incoming.complete) c.header('connection', 'close');
};

export const notFound: NotFoundHandler<HubEnvironment> = (c) =>
  c.json({ reason: 'path', error: `there is no ${c.req.path.slice(0, 100)} here` }, 404);

/** Answers a refusal with its reason. Any other error is our own failure; only the log tells it. */
export const onError =
  (log: Log, note: NoteRefusal): ErrorHandler<HubEnvironment> =>
  (error, c) => {
    const { method } = c.req;
    const path = c.req.path.slice(0, 100);
    if (!(error instanceof Refusal)) {
      log.error({ error, method, path }, 'a request failed');
      if (c.env.outgoing.headersSent) {
        c.env.outgoing.destroy();
        return RESPONSE_ALREADY_SENT;
      }
      return c.json({ reason: 'internal', error: 'the hub failed; its log says why' }, 500);
    }
    const { status, reason, message, hint } = error;
    note(reason, { status, method, path, address: c.get('address') }, message);
    return c.json({ reason, error: message, ...(hint !== undefined && { hint }) }, status);
  };
