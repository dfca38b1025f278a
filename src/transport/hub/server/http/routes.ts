/** Puts the hub's HTTP routes together: pages, status, participants, operator. Node only. */
import type { IncomingMessage } from 'node:http';
import { Hono } from 'hono';
import type { NoteRefusal } from '../guard/refusal-log.js';
import { type AccessParts, access } from './access.js';
import { commonHeaders, notFound, onError } from './answers.js';
import type { HubEnvironment } from './environment.js';
import { type OperatorRoutesParts, operatorBodies, operatorRoutes } from './operator-routes.js';
import { pages } from './pages.js';
import { type ParticipantRoutesParts, participantRoutes } from './participant-routes.js';
import { type StatusRoutesParts, statusRoutes } from './status-routes.js';

export interface RoutesParts
  extends AccessParts,
    StatusRoutesParts,
    ParticipantRoutesParts,
    OperatorRoutesParts {
  readonly tokens: AccessParts['tokens'] & OperatorRoutesParts['tokens'];
  readonly limits: ParticipantRoutesParts['limits'];
  readonly note: NoteRefusal;
}

export function routes(parts: RoutesParts): Hono<HubEnvironment> {
  const may = access(parts);
  const app = new Hono<HubEnvironment>();
  app.use(commonHeaders);
  app.route('/', pages<HubEnvironment>());
  app.route('/', statusRoutes(may, parts));
  app.route('/', participantRoutes(may, parts));
  app.route('/', operatorRoutes(may, parts));
  app.notFound(notFound);
  app.onError(onError(parts.log, parts.note));
  return app;
}

/** Whether a request may have a body; the body of any other is not read. */
export const takesBody = ({ method, url }: IncomingMessage): boolean =>
  method === 'PUT'
    ? url?.startsWith('/blobs/') === true
    : method !== 'GET' && operatorBodies.includes(url ?? '');
