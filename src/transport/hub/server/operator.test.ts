import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { CommonweightError } from '../../../base/error.js';
import { evaluated, exampleDescription } from '../../transport.contract.js';
import { hubAddress } from '../client/node/hub-address.js';
import { type HubRequest, hubRequest } from '../client/node/hub-request.js';
import { operateHub } from '../client/node/operate-hub.js';
import { type TestHub, testHub } from './test-hub.contract.js';

const never = new AbortController().signal;

describe('what a hub tells and does for operators and observers', () => {
  let hub: TestHub;
  beforeEach(async () => {
    hub = await testHub();
  });
  afterEach(() => hub.close());

  async function ask(token: string, method: HubRequest['method'], path: string, body?: unknown) {
    const address = hubAddress(hub.hub().url, token, {});
    const request = { method, path, ...(body !== undefined && { body: Buffer.from(JSON.stringify(body)) }) };
    const response = await hubRequest(address, request, never);
    const chunks: Buffer[] = [];
    for await (const chunk of response) chunks.push(chunk as Buffer);
    address.agent.destroy();
    return { status: response.statusCode, text: Buffer.concat(chunks).toString() };
  }

  it('needs the right role', async () => {
    let stops = 0;
    const operator = {
      stop: async () => void stops++,
      async drop(name: string) {
        if (name === 'site-z') throw new CommonweightError('"site-z" is not dropped', { hint: 'look' });
        return [1, 2];
      },
      rollback: async () => {},
    };
    await hub.open({ operator, status: () => ({ round: 3 }) });
    const tokens = {
      nobody: 'x'.repeat(43),
      participant: await hub.tokenOf('site-a'),
      observer: await hub.tokens.issue({ role: 'observer' }),
      operator: await hub.tokens.issue({ role: 'operator' }),
    };
    const body = { role: 'participant', name: 'site-b' };
    const expected: [HubRequest['method'], string, unknown, Record<keyof typeof tokens, number>][] = [
      ['GET', '/healthz', undefined, { nobody: 200, participant: 200, observer: 200, operator: 200 }],
      ['GET', '/status', undefined, { nobody: 401, participant: 403, observer: 200, operator: 200 }],
      ['GET', '/metrics', undefined, { nobody: 401, participant: 403, observer: 200, operator: 200 }],
      ['GET', '/description', undefined, { nobody: 401, participant: 200, observer: 200, operator: 200 }],
      [
        'POST',
        '/tokens',
        { identity: body },
        { nobody: 401, participant: 403, observer: 403, operator: 201 },
      ],
      ['DELETE', '/tokens', body, { nobody: 401, participant: 403, observer: 403, operator: 200 }],
      ['POST', '/stop', undefined, { nobody: 401, participant: 403, observer: 403, operator: 202 }],
      ['POST', '/drop', { name: 'site-b' }, { nobody: 401, participant: 403, observer: 403, operator: 200 }],
      ['POST', '/drop', { name: 'site-z' }, { nobody: 401, participant: 403, observer: 403, operator: 409 }],
      ['POST', '/drop', {}, { nobody: 401, participant: 403, observer: 403, operator: 400 }],
      ['POST', '/rollback', { to: 1 }, { nobody: 401, participant: 403, observer: 403, operator: 200 }],
      ['POST', '/rollback', { to: -1 }, { nobody: 401, participant: 403, observer: 403, operator: 400 }],
      ['GET', '/elsewhere', undefined, { nobody: 404, participant: 404, observer: 404, operator: 404 }],
    ];
    for (const [method, path, sent, statuses] of expected) {
      for (const [who, token] of Object.entries(tokens)) {
        const { status } = await ask(token, method, path, sent);
        expect(status, `${method} ${path} by ${who}`).toBe(statuses[who as keyof typeof tokens]);
      }
    }
    expect(stops).toBe(1);
    expect(JSON.parse((await ask(tokens.observer, 'GET', '/status')).text)).toEqual({ round: 3 });
  });

  it('tells a participant’s token what the federation asks for without taking the place of the process that takes part', async () => {
    await hub.open();
    const participant = await hub.join('site-a');
    const operator = operateHub(hub.hub().url, await hub.tokenOf('site-a'), {});
    expect(await operator.description()).toEqual(exampleDescription);
    expect(await participant.announce({ type: 'left' })).toEqual({ accepted: true });
    expect(hub.lines.filter(({ level }) => level !== 'info')).toEqual([]);
  });

  it('counts for Prometheus, each hub on its own', async () => {
    const coordinator = await hub.open();
    const other = await testHub();
    await other.open();
    const participant = await hub.join('site-a');
    await coordinator.publish({ type: 'wait', epoch: 1, sequence: 1, round: 4 });
    await participant.upload(new Uint8Array(5000));
    await participant.announce({ type: 'left' });
    const { text } = await ask(await hub.tokens.issue({ role: 'observer' }), 'GET', '/metrics');
    expect(text).toContain('commonweight_participants_connected 1');
    expect(text).toContain('commonweight_round 4');
    expect(text).toContain('commonweight_announcements_total{type="left",outcome="accepted"} 1');
    expect(Number(/received_bytes_total{kind="blob"} (\d+)/.exec(text)?.[1])).toBeGreaterThanOrEqual(5000);
    expect(text).toMatch(/process_resident_memory_bytes \d{7}/);
    await other.close();
  });

  it('voids a participant’s token, by which it is told and has left, after what it had said before', async () => {
    const heard: string[] = [];
    let full = true;
    await hub.open(
      {},
      {
        async receive(participant, announcement) {
          await new Promise((done) => setTimeout(done, 20));
          if (announcement.type === 'left' && full) throw new Error('no space left on device');
          heard.push(`${participant} ${announcement.type}`);
          return { accepted: true };
        },
      },
    );
    const operator = await hub.tokens.issue({ role: 'operator' });
    const participant = await hub.join('site-a');
    const saying = participant.announce(evaluated(1)).catch(() => undefined);
    await participant.announce(evaluated(2));
    const voiding = () => ask(operator, 'DELETE', '/tokens', { role: 'participant', name: 'site-a' });
    // The operator who hears that it could not be recorded says it again.
    expect((await voiding()).status).toBe(500);
    full = false;
    expect(await voiding()).toEqual({ status: 200, text: '{"revoked":0}' });
    await saying;
    expect(heard).toEqual(['site-a evaluated', 'site-a evaluated', 'site-a left']);
    await expect(participant.announce(evaluated(3))).rejects.toThrow(/the token of "site-a" was revoked/);
    await ask(operator, 'DELETE', '/tokens', { role: 'participant', name: 'stranger' });
    expect(heard).toHaveLength(3);
  });

  it('issues tokens, which are shown once and are in no log', async () => {
    await hub.open();
    const operator = await hub.tokens.issue({ role: 'operator' });
    const first = await hub.tokenOf('site-a');
    const participant = await hub.join('site-a');
    const { status, text } = await ask(operator, 'POST', '/tokens', {
      identity: { role: 'participant', name: 'site-a' },
    });
    expect(status).toBe(201);
    const { token } = JSON.parse(text);
    expect(hub.tokens.check(token)?.identity).toEqual({ role: 'participant', name: 'site-a' });
    await expect(participant.announce({ type: 'left' })).rejects.toThrow(/revoked/);
    expect(
      (await ask(operator, 'POST', '/tokens', { identity: { role: 'participant', name: 'stranger' } }))
        .status,
    ).toBe(400);
    expect((await ask(operator, 'POST', '/tokens', { role: 'king' })).status).toBe(400);
    expect((await ask(operator, 'POST', '/tokens', { role: 'x'.repeat(5000) })).status).toBe(413);
    expect((await ask(operator, 'DELETE', '/tokens', { role: 'participant', name: 'site-a' })).text).toBe(
      '{"revoked":1}',
    );
    const logged = JSON.stringify(hub.lines);
    for (const each of [operator, first, token]) expect(logged).not.toContain(each);
  });
});
