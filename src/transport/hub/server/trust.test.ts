import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { createServer } from 'node:tls';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { TransportError } from '../../error.js';
import { joinHub } from '../client/node/join-hub.js';
import { operateHub } from '../client/node/operate-hub.js';
import { fingerprintOf } from './hub.js';
import { type TestHub, testHub } from './test-hub.contract.js';

const fixtures = join(import.meta.dirname, '../../../../test/fixtures/tls');
const tls = { cert: readFileSync(join(fixtures, 'cert.pem')), key: readFileSync(join(fixtures, 'key.pem')) };
const token = 'x'.repeat(43);

describe('whom a participant trusts', () => {
  let hub: TestHub;
  beforeEach(async () => {
    hub = await testHub({ tls });
  });
  afterEach(() => hub.close());

  it('is the hub whose certificate has the fingerprint, however it is written', async () => {
    const { url, fingerprint } = await hub.open();
    const colons = fingerprint!.toUpperCase().replace(/(..)(?=.)/g, '$1:');
    const participant = await joinHub(url, { token: await hub.tokenOf('site-a'), fingerprint: colons });
    const blob = await participant.upload(new Uint8Array(1000));
    expect(await hub.hub().blobs.has(blob.sha256)).toBe(true);
    await participant.close();
  });

  it('is no other: nothing is said before the fingerprint is checked, not even the token', async () => {
    let heard = '';
    const giveUp = new AbortController();
    const other = createServer({ ...tls }, (socket) => {
      socket.on('data', (chunk) => {
        heard += String(chunk);
        giveUp.abort();
      });
      socket.on('error', () => undefined);
    });
    other.listen(0, '127.0.0.1');
    await once(other, 'listening');
    const url = `https://127.0.0.1:${(other.address() as AddressInfo).port}`;
    const fingerprint = fingerprintOf(tls.cert);
    await expect(joinHub(url, { token, fingerprint: 'ab'.repeat(32) })).rejects.toThrow(
      `fingerprint is ${fingerprint}, expected ${'ab'.repeat(32)}`,
    );
    expect(heard).toBe('');
    // With the right one it would have been heard.
    await expect(joinHub(url, { token, fingerprint, signal: giveUp.signal })).rejects.toThrow(/closed/);
    expect(heard.match(/GET \/messages/g)).toHaveLength(1);
    expect(heard).toContain(token);
    await new Promise((resolve) => other.close(resolve));
  });

  it('is one that an authority vouches for', async () => {
    const { url } = await hub.open();
    const participant = await joinHub(url, { token: await hub.tokenOf('site-a'), ca: tls.cert });
    expect(await participant.announce({ type: 'left' })).toEqual({ accepted: true });
    await participant.close();
  });

  it('is nobody else, and it is said what to do', async () => {
    const { url, port } = await hub.open();
    await expect(joinHub(url, { token })).rejects.toMatchObject({
      message: expect.stringContaining('is not trusted'),
      hint: expect.stringContaining('fingerprint'),
    });
    const plain = await testHub();
    await plain.open();
    await expect(joinHub(`https://127.0.0.1:${plain.hub().port}`, { token })).rejects.toThrow(
      /does not speak TLS/,
    );
    await expect(
      joinHub(`https://127.0.0.1:${plain.hub().port}`, { token, fingerprint: 'a'.repeat(64) }),
    ).rejects.toThrow(/does not speak TLS/);
    await plain.close();
    const fingerprint = 'a'.repeat(64);
    await expect(joinHub(`http://127.0.0.1:${port}`, { token, fingerprint })).rejects.toThrow(
      /no certificate/,
    );
    await expect(joinHub(url, { token, fingerprint: 'abc' })).rejects.toThrow(/not a fingerprint/);
    await expect(joinHub('localhost:80', { token })).rejects.toThrow(/not the address of a hub/);
  });

  it('is nobody else though NODE_TLS_REJECT_UNAUTHORIZED=0 is in the environment, and that is said', async () => {
    const { url } = await hub.open();
    vi.stubEnv('NODE_TLS_REJECT_UNAUTHORIZED', '0');
    // Node's own warning, once for each process.
    const warn = vi.spyOn(process, 'emitWarning').mockImplementation(() => {});
    try {
      const participant = hub.tokenOf('site-a').then((own) => joinHub(url, { token: own }));
      await expect(participant).rejects.toMatchObject({
        message: expect.stringContaining('is not trusted'),
        hint: expect.stringContaining('NODE_TLS_REJECT_UNAUTHORIZED=0 does not count here'),
      });
      await expect(operateHub(url, token, {}).status()).rejects.toThrow('is not trusted');
    } finally {
      warn.mockRestore();
      vi.unstubAllEnvs();
    }
  });

  it('is perhaps behind TLS, where an address without it has no answer', async () => {
    const { port } = await hub.open();
    const giveUp = new AbortController();
    const troubles: string[] = [];
    const joining = joinHub(`http://127.0.0.1:${port}`, {
      token,
      signal: giveUp.signal,
      onTrouble(reason) {
        troubles.push(reason);
        giveUp.abort();
      },
    });
    await expect(joining).rejects.toThrow(/closed/);
    expect(troubles[0]).toContain('where it has TLS, its address begins with https://');
  });

  it('needs a certificate and a key that belong together', async () => {
    const opening = hub.open({ tls: { cert: 'no PEM', key: 'no PEM' } });
    await expect(opening).rejects.toThrow(TransportError);
    await hub.open();
  });
});
