/**
 * Serves a hub's pages and its observers' view without a hub, for a recorded run in which nobody
 * takes part. It listens on loopback only, for holders of the token that it makes. Node only.
 */
import { getRequestListener } from '@hono/node-server';
import { silentLog } from '../../log.js';
import type { RunView } from '../../run-view.js';
import { fittingLimits, openFilesLimit } from './guard/descriptors.js';
import { doorkeeper } from './guard/doorkeeper.js';
import { defaultLimits } from './guard/limits.js';
import { hubMetrics } from './guard/metrics.js';
import { refusalLog } from './guard/refusal-log.js';
import { passingToken } from './guard/tokens.js';
import { pages } from './http/pages.js';
import { takeTurns } from './http/turns.js';
import { answerBadRequests, listen, makeServer, urlOf } from './server.js';
import { observers } from './sockets/observers.js';
import { acceptWebSockets } from './sockets/upgrade.js';

export interface ViewServer {
  /** `http://127.0.0.1:8470` */
  readonly url: string;
  /** An observer's token. */
  readonly token: string;
  close(): Promise<void>;
}

const HOST = '127.0.0.1';

/**
 * @param port 0 means any free port
 * @throws TransportError when the port is taken
 */
export async function openViewServer(view: RunView, port: number): Promise<ViewServer> {
  const limits = fittingLimits(defaultLimits, openFilesLimit());
  const server = makeServer(undefined, limits);
  const metrics = hubMetrics();
  const log = silentLog;
  const note = refusalLog(log, metrics);
  const door = doorkeeper(server, limits, note);
  const { token, tokens } = passingToken({ role: 'observer' });
  const watchers = observers({ view, limits, metrics, log, note });
  const handle = getRequestListener(pages().fetch, {
    overrideGlobalObjects: false,
    autoCleanupIncoming: false,
  });
  const turns = takeTurns(server, { limits, note, takesBody: () => false, handle });
  acceptWebSockets(server, { tokens, doorkeeper: door, limits, note, participants: [], observers: watchers });
  answerBadRequests(server, note, turns);
  const address = await listen(server, HOST, port);
  return {
    url: urlOf({ host: HOST, port: address.port }),
    token,
    async close() {
      const closed = new Promise<void>((resolve) => server.close(() => resolve()));
      watchers.close();
      server.closeAllConnections();
      door.close();
      await closed;
    },
  };
}
