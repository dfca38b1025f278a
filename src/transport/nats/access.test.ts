import { once } from 'node:events';
import { readFile, writeFile } from 'node:fs/promises';
import { type AddressInfo, createServer } from 'node:net';
import { join } from 'node:path';
import { jetstream } from '@nats-io/jetstream';
import { connect, nkeys } from '@nats-io/transport-node';
import { afterEach, describe, expect, it } from 'vitest';
import { JOB, natsFederation } from '../../../test/nats-federation.js';
import { certFile, guideConfiguration, keyFile } from '../../../test/nats-guide.js';
import {
  type NatsServer,
  type NatsServerOptions,
  natsServer,
  withoutNats,
} from '../../../test/nats-server.js';
import type { Assignment } from '../../protocol/assignment.js';
import { TransportError } from '../error.js';
import { evaluated, exampleSigner } from '../transport.contract.js';
import { natsAccessFromEnvironment } from './access.js';
import { takeLead } from './coordinator/take-lead.js';
import { objectName, subjectOf } from './names.js';

const tls = `tls { cert_file: "${certFile}", key_file: "${keyFile}" }`;

describe.skipIf(withoutNats)('access to a nats-server', () => {
  const servers: { stop(): Promise<void> }[] = [];
  afterEach(async () => {
    for (const server of servers.splice(0)) await server.stop();
  });
  const start = async (options?: NatsServerOptions): Promise<NatsServer> => {
    const server = await natsServer(options);
    servers.push(server);
    return server;
  };
  const failure = async (act: Promise<unknown>): Promise<TransportError> => {
    const error = await act.then(
      () => undefined,
      (reason: unknown) => reason,
    );
    expect(error).toBeInstanceOf(TransportError);
    return error as TransportError;
  };

  it('is by a token, or a user and password, of the environment; a wrong one is not repeated', async () => {
    const ways = [
      ['token: right', { COMMONWEIGHT_NATS_TOKEN: 'right' }, { COMMONWEIGHT_NATS_TOKEN: 'wrong-secret' }],
      [
        'user: me, password: right',
        { COMMONWEIGHT_NATS_USER: 'me', COMMONWEIGHT_NATS_PASSWORD: 'right' },
        { COMMONWEIGHT_NATS_USER: 'me', COMMONWEIGHT_NATS_PASSWORD: 'wrong-secret' },
      ],
    ] as const;
    for (const [authorization, right, wrong] of ways) {
      const server = await start({ configuration: () => `authorization { ${authorization} }` });
      const lead = await takeLead(server.url, exampleSigner, { access: natsAccessFromEnvironment(right) });
      await lead.close();
      // Nor is it tried again where somebody is told of waiting.
      const patience = { onTrouble: () => undefined };
      const access = natsAccessFromEnvironment(wrong);
      const error = await failure(takeLead(server.url, exampleSigner, { access, ...patience }));
      expect(`${error.stack} ${error.hint}`).toMatch(/authorization/i);
      expect(`${error.stack} ${error.hint}`).not.toMatch(/wrong-secret/);
    }
  });

  it('is by the file of a decentralized account', async () => {
    const { configuration, creds } = decentralized();
    const server = await start({ configuration: () => configuration });
    const credsFile = join(server.folder, 'site.creds');
    await writeFile(credsFile, creds);
    const lead = await takeLead(server.url, exampleSigner, { access: { credsFile } });
    expect(lead.epoch).toBe(1);
    await lead.close();
    await failure(takeLead(server.url, exampleSigner, { access: { credsFile: `${credsFile}.not` } }));
  });

  it('is over TLS, with a certificate that the given authority signed, and ours where the server asks', async () => {
    const configuration = () => tls.replace(' }', `, ca_file: "${certFile}", verify: true }`);
    const server = await start({ configuration, scheme: 'tls' });
    const access = { caFile: certFile, certFile, keyFile };
    const lead = await takeLead(server.url, exampleSigner, { access });
    await lead.close();
    await failure(takeLead(server.url, exampleSigner, { access: { caFile: certFile } }));
    expect((await failure(takeLead(server.url, exampleSigner, { access: {} }))).message).toMatch(
      /certificate/,
    );
  });

  it('is refused to a server that does not speak TLS where the URL or an authority asks for it', async () => {
    const server = await start();
    await failure(takeLead(server.url.replace('nats:', 'tls:'), exampleSigner));
    await failure(takeLead(server.url, exampleSigner, { access: { caFile: certFile } }));
  });

  it('takes no credentials in a URL, and does not repeat them', async () => {
    const error = await failure(takeLead('nats://me:secret@127.0.0.1:4222', exampleSigner));
    expect(error.message).toMatch(/not an address/);
    expect(error.message).not.toMatch(/secret/);
  });

  it('says what is missing: a server, JetStream, a newer version', async () => {
    expect((await failure(takeLead('nats://127.0.0.1:1', exampleSigner))).message).toMatch(
      /cannot be reached/,
    );
    const plain = await start({ jetStream: false });
    expect((await failure(takeLead(plain.url, exampleSigner))).hint).toMatch(/-js -sd/);
    const account = await start({
      configuration: () => 'accounts { A { users: [{ user: me, password: right }] } }',
    });
    const access = { user: 'me', password: 'right' };
    expect((await failure(takeLead(account.url, exampleSigner, { access }))).message).toMatch(/no JetStream/);
    const old = createServer((socket) => {
      socket.write(
        'INFO {"server_id":"X","version":"2.8.4","proto":1,"max_payload":1048576,"jetstream":true}\r\n',
      );
      socket.on('data', (data) => String(data).includes('PING') && socket.write('PONG\r\n'));
      socket.on('error', () => undefined);
    }).listen(0, '127.0.0.1');
    await once(old, 'listening');
    const url = `nats://127.0.0.1:${(old.address() as AddressInfo).port}`;
    expect((await failure(takeLead(url, exampleSigner))).message).toMatch(
      /nats-server 2\.8\.4, expected 2\.9\.0/,
    );
    old.close();
  });

  it('is enough for a participant as docs/nats.md has it, and no more', async () => {
    const federation = await natsFederation({
      ...{ configuration: guideConfiguration, jetStream: false, scheme: 'tls' },
    });
    servers.push({ stop: () => federation.close() });
    const of = (user: string) => ({ access: { user, password: 'right', caFile: certFile } });

    const heard: unknown[] = [];
    const coordinator = await federation.openCoordinator(
      {
        async receive(...said) {
          heard.push(said);
          return { accepted: true };
        },
      },
      of('coordinator'),
    );
    const model = await coordinator.blobs.put(new Uint8Array(2_000_000).fill(7));
    const assignment: Assignment = {
      type: 'evaluate',
      epoch: 1,
      sequence: 1,
      round: 1,
      waitingFor: [],
      model,
    };
    await coordinator.publish(assignment);
    const participant = await federation.openParticipant('site-a', of('site-a'));
    expect((await participant.assignments()[Symbol.asyncIterator]().next()).value).toEqual(assignment);
    expect(await participant.download(model)).toHaveLength(2_000_000);
    const blob = await participant.upload(new Uint8Array(2_000_000).fill(8));
    expect(await coordinator.blobs.has(blob.sha256)).toBe(true);
    expect(await participant.announce(evaluated(1))).toEqual({ accepted: true });

    // Nobody takes another's name: not by joining, and not by hand.
    await failure(federation.openParticipant('site-b', of('site-a')));
    const ca = await readFile(certFile, 'utf8');
    const forger = federation.keep(
      await connect({
        servers: federation.server.url.replace('tls://', ''),
        user: 'site-a',
        pass: 'right',
        tls: { ca },
        inboxPrefix: '_INBOX_site-a',
      }),
    );
    const jetStream = jetstream(forger, { timeout: 1000 });
    const manager = await jetStream.jetstreamManager(false);
    const forbidden = [
      () => jetStream.publish(subjectOf(JOB, 'site-b', evaluated(1)), '{}'),
      () => jetStream.publish(`$KV.commonweight.${JOB}.state`, '{}'),
      () => jetStream.publish(`$O.commonweight_models.M.${btoa(objectName(JOB, model.sha256))}`, '{}'),
      () => manager.streams.getMessage('OBJ_commonweight_from_site-b', { seq: 1 }),
      () => manager.streams.getMessage('commonweight_announcements', { seq: 1 }),
      () => manager.streams.delete('KV_commonweight'),
      () => manager.consumers.add('OBJ_commonweight_from_site-a', { deliver_subject: 'commonweight.x' }),
      () => manager.consumers.add('KV_commonweight', { deliver_subject: 'commonweight.x' }),
      () => manager.consumers.add('OBJ_commonweight_models', { durable_name: 'x' }),
    ];
    for (const act of forbidden) await expect(act()).rejects.toThrow(/not enabled|no responders|timeout/);
    expect(heard).toEqual([['site-a', evaluated(1)]]);
  });
});

/** What `nsc` makes: an operator, an account with JetStream, a user; JWTs of version 2. */
function decentralized() {
  const [operator, account, user] = [nkeys.createOperator(), nkeys.createAccount(), nkeys.createUser()];
  const encode = (value: unknown) => Buffer.from(JSON.stringify(value)).toString('base64url');
  const jwt = (issuer: typeof operator, subject: typeof operator, name: string, nats: object) => {
    const claims = { jti: name, iat: 0, iss: issuer.getPublicKey(), name, sub: subject.getPublicKey(), nats };
    const text = `${encode({ typ: 'JWT', alg: 'ed25519-nkey' })}.${encode(claims)}`;
    return `${text}.${Buffer.from(issuer.sign(Buffer.from(text))).toString('base64url')}`;
  };
  const unlimited = { subs: -1, data: -1, payload: -1 };
  const many = { imports: -1, exports: -1, wildcards: true, conn: -1, leaf: -1 };
  const storage = { mem_storage: -1, disk_storage: -1, streams: -1, consumer: -1 };
  const limits = { ...unlimited, ...many, ...storage };
  const accountJwt = jwt(operator, account, 'FEDERATION', { type: 'account', version: 2, limits });
  // What the server needs for itself, without storage.
  const system = nkeys.createAccount();
  const noStorage = { mem_storage: 0, disk_storage: 0, streams: 0, consumer: 0 };
  const systemLimits = { ...unlimited, ...many, ...noStorage };
  const systemJwt = jwt(operator, system, 'SYS', { type: 'account', version: 2, limits: systemLimits });
  const userJwt = jwt(account, user, 'site', { type: 'user', version: 2, ...unlimited });
  return {
    configuration: `
      operator: ${jwt(operator, operator, 'OP', { type: 'operator', version: 2 })}
      resolver: MEMORY
      system_account: ${system.getPublicKey()}
      resolver_preload: {
        ${system.getPublicKey()}: ${systemJwt}
        ${account.getPublicKey()}: ${accountJwt}
      }`,
    creds: `-----BEGIN NATS USER JWT-----
${userJwt}
------END NATS USER JWT------

-----BEGIN USER NKEY SEED-----
${new TextDecoder().decode(user.getSeed())}
------END USER NKEY SEED------
`,
  };
}
