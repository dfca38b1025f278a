import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, afterEach, beforeEach, describe, expect, it } from 'vitest';
import { federationYaml } from '../../../test/kill/federation.js';
import { type NatsServer, natsServer, withoutNats } from '../../../test/nats-server.js';
import { sample, startedIn } from '../../../test/run-command.js';

const { folder, begin, end } = startedIn('commonweight-any-order-');

let server: NatsServer;
beforeEach(async () => {
  server = await natsServer();
  await server.kill();
});
afterEach(() => server.stop());
afterAll(end);

function beginServe(out: string, over = ['--nats', server.url, '--nats-object-store']) {
  writeFileSync(
    join(folder, 'federation.yaml'),
    federationYaml('{ participants: [site-a, site-b], rounds: 1 }'),
  );
  return begin(['serve', 'federation.yaml', '--out', out, '--port', '0', ...over]);
}

const beginJoin = (name: string, share: number) =>
  begin(['join', server.url, '--name', name, '--data', sample, '--partition', `v:${share}/2`, '--out', name]);

describe.skipIf(withoutNats)('a federation over NATS', () => {
  it('may be begun before its server, and participants before their coordinator', async () => {
    const joins = [beginJoin('site-a', 1), beginJoin('site-b', 2)];
    await Promise.all(joins.map((one) => one.until(/no connection: .* refused; trying again/)));
    await server.start();
    await Promise.all(joins.map((one) => one.until(/no federation has been started at .*; trying again/)));
    const serving = beginServe('run');
    for (const { ended } of [serving, ...joins]) {
      expect(await ended).toMatchObject({ status: 0, stderr: '' });
    }
  });

  it('asks for the token of the hub where models and updates go by it', async () => {
    await server.start();
    const serving = beginServe('by-hub', ['--nats', server.url]);
    await serving.until(/waits for site-a/);
    const { status, stderr } = await beginJoin('site-a', 1).ended;
    expect(stderr).toMatch(/^commonweight: there is no token\n.*--token-file/);
    expect(status).toBe(2);
    serving.child.kill('SIGINT');
    expect((await serving.ended).status).toBe(130);
  });

  it('is given up by Ctrl-C while it waits, with a line that says how it goes on', async () => {
    for (const [one, line] of [
      [beginServe('early'), /^commonweight: interrupted; .*same command/m],
      [beginJoin('site-a', 1), /^commonweight: left; .*same command/m],
    ] as const) {
      await one.until(/trying again/);
      one.child.kill('SIGINT');
      const { status, stderr } = await one.ended;
      expect(stderr).toMatch(line);
      expect(stderr).not.toMatch(/^\s+at /m);
      expect(status).toBe(130);
    }
  });
});
