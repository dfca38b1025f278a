/** The routes that only read: `/healthz`, `/metrics`, `/status`, `/description`. */
import { Hono } from 'hono';
import type { Signed } from '../../../../protocol/signed.js';
import { PROTOCOL_VERSION } from '../../../../protocol/version.js';
import type { HubMetrics } from '../guard/metrics.js';
import type { Access } from './access.js';
import type { HubEnvironment } from './environment.js';

export interface StatusRoutesParts {
  readonly metrics: HubMetrics;
  /** Signed; see `protocol/signed.ts`. */
  readonly description: Signed;
  status(): unknown;
}

export function statusRoutes(
  { only }: Access,
  { metrics, description, status }: StatusRoutesParts,
): Hono<HubEnvironment> {
  const app = new Hono<HubEnvironment>();

  app.get('/healthz', (c) => c.json({ ok: true, protocol: PROTOCOL_VERSION }));

  app.get('/metrics', only('observer', 'operator'), async (c) => {
    const { type, text } = await metrics.read();
    return c.body(text, 200, { 'content-type': type });
  });

  app.get('/status', only('observer', 'operator'), (c) => c.json(status() as object));

  /**
   * The description, for reading before joining: a WebSocket would replace the participant's other
   * connection.
   */
  app.get('/description', only('participant', 'observer', 'operator'), (c) => c.json(description));
  return app;
}
