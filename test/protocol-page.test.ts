import { readdirSync, readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { describe, expect, it } from 'vitest';
import { exchangeProblem, readExchange } from '../scripts/protocol/exchange.js';
import { httpRefusals, httpRoutes } from '../scripts/protocol/http-routes.js';
import { messageSchemas, otherSchemas, protocolPage } from '../scripts/protocol/page.js';
import { undescribed } from '../scripts/protocol/schema-tables.js';
import type { Identity, TokenRole } from '../src/protocol/identity.js';
import { PROTOCOL_VERSION } from '../src/protocol/version.js';
import { pages } from '../src/transport/hub/server/http/pages.js';
import { type RoutesParts, routes } from '../src/transport/hub/server/http/routes.js';
import { silentLog } from '../src/transport/log.js';

const root = resolve(import.meta.dirname, '..');

describe('docs/protocol.md', () => {
  it('is what `npm run protocol` writes', () => {
    const written = readFileSync(join(root, 'docs/protocol.md'), 'utf8');
    // Of a long page the first line that differs says what to look at.
    const expected = protocolPage(readExchange()).split('\n');
    const different = written.split('\n').findIndex((line, at) => line !== expected[at]);
    expect(written.split('\n')[different]).toBe(expected[different]);
    expect(written.split('\n')).toHaveLength(expected.length);
  });

  it('shows an exchange of today’s protocol, with signatures that are right, and today’s plan', async () => {
    expect(await exchangeProblem(readExchange())).toBeUndefined();
  });

  it('is of the version that the participant in Python speaks', () => {
    const hub = readFileSync(join(root, 'examples/python/hub.py'), 'utf8');
    expect(/^PROTOCOL = (\d+)$/m.exec(hub)?.[1]).toBe(`${PROTOCOL_VERSION}`);
  });

  it('says of every field what it means', () => {
    expect([...messageSchemas, ...otherSchemas].flatMap(undescribed)).toEqual([]);
  });
});

describe('its list of HTTP routes', () => {
  const identities: Readonly<Record<TokenRole, Identity>> = {
    participant: { role: 'participant', name: 'seoul' },
    observer: { role: 'observer' },
    operator: { role: 'operator' },
  };
  const roles = Object.keys(identities) as TokenRole[];
  /** As far as it is needed to be let in, or not. */
  const parts = {
    ...{ participants: ['seoul'], limits: {}, blobs: {}, log: silentLog, note() {} },
    doorkeeper: { know: () => true },
    tokens: {
      check: (token: string) => ({ identity: identities[token as TokenRole], sha256: token }),
      revoke: async () => 0,
    },
  } as unknown as RoutesParts;
  const incoming = { socket: {}, headers: {}, complete: true, destroy() {} };
  const app = routes(parts);

  it('is that of the hub', () => {
    const nameOf = ({ method, path }: { method: string; path: string }) => `${method} ${path}`;
    const ofPages = new Set(pages().routes.map(nameOf));
    const served = app.routes.filter(({ method }) => method !== 'ALL').map(nameOf);
    // Hono answers HEAD where it answers GET.
    const told = httpRoutes.filter(({ method }) => method !== 'HEAD').map(nameOf);
    expect([...new Set(served)].filter((name) => !ofPages.has(name)).sort()).toEqual(told.sort());
  });

  it.each(httpRoutes)('says whose token $method $path takes', async ({ method, path, roles: allowed }) => {
    const statusWith = async (token?: string) => {
      const headers = new Headers(token === undefined ? [] : [['authorization', `Bearer ${token}`]]);
      const { status } = await app.request(path, { method, headers }, { incoming, outgoing: {} });
      return status;
    };
    const open = allowed.length === 0;
    expect((await statusWith()) === 401).toBe(!open);
    for (const role of roles)
      expect([role, (await statusWith(role)) === 403]).toEqual([role, !open && !allowed.includes(role)]);
  });

  it('has every refusal that there is in the code', () => {
    const server = join(root, 'src/transport/hub/server');
    const files = readdirSync(server, { recursive: true, encoding: 'utf8' })
      .filter((file) => file.endsWith('.ts') && !file.endsWith('.test.ts'))
      .map((file) => readFileSync(join(server, file), 'utf8'));
    const found = files.flatMap((text) => [
      ...[...text.matchAll(/new Refusal\(\s*(\d{3}),\s*'([\w-]+)'/g)].map(
        ([, status, name]) => `${status} ${name}`,
      ),
      ...[...text.matchAll(/status: (\d{3}), reason: '([\w-]+)'/g)].map(
        ([, status, name]) => `${status} ${name}`,
      ),
      ...[...text.matchAll(/reason: '([\w-]+)', error:.*?\}, (\d{3})\)/gs)].map(
        ([, name, status]) => `${status} ${name}`,
      ),
    ]);
    expect(found.length).toBeGreaterThan(25);
    expect(httpRefusals.map(([status, reason]) => `${status} ${reason}`).sort()).toEqual(
      [...new Set(found)].sort(),
    );
  });
});
