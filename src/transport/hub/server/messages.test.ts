import { once } from 'node:events';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { WebSocket } from 'ws';
import { subprotocols } from '../../../protocol/frames.js';
import { PROTOCOL_VERSION } from '../../../protocol/version.js';
import { evaluated } from '../../transport.contract.js';
import { joinHub } from '../client/node/join-hub.js';
import { type TestHub, testHub } from './test-hub.contract.js';

const announcement = (id: number, what: unknown = evaluated(1)) =>
  JSON.stringify({ type: 'announcement', id, announcement: what });

describe('the messages of a hub', () => {
  let hub: TestHub;
  beforeEach(async () => {
    hub = await testHub();
  });
  afterEach(() => hub.close());

  /** A WebSocket as somebody else might write it. */
  function dial(protocols: string[]) {
    const socket = new WebSocket(`${hub.hub().url.replace('http', 'ws')}/messages`, protocols);
    const frames: Record<string, unknown>[] = [];
    const waiting = new Set<() => void>();
    socket.on('message', (data) => {
      frames.push(JSON.parse(String(data)));
      for (const look of waiting) look();
    });
    socket.on('error', () => undefined);
    const closed = once(socket, 'close').then(([code]) => code as number);
    return {
      socket,
      frames,
      closed,
      frame: (type: string) =>
        new Promise<Record<string, unknown>>((resolve) => {
          const look = () => {
            const found = frames.find((each) => each.type === type);
            if (found !== undefined) resolve(found);
          };
          waiting.add(look);
          look();
        }),
    };
  }
  const dialAs = async (name: string) => {
    const line = dial(subprotocols(await hub.tokenOf(name)));
    await line.frame('welcome');
    return line;
  };
  const warnings = (reason: string) => hub.lines.filter((line) => line.reason === reason);

  it('are for those with a valid token of a participant that is expected', async () => {
    await hub.open();
    const join = (token: string) => joinHub(hub.hub().url, { token });
    const [observer, stranger, revoked] = [
      await hub.tokens.issue({ role: 'observer' }),
      await hub.tokens.issue({ role: 'participant', name: 'stranger' }),
      await hub.tokens.issue({ role: 'participant', name: 'site-a' }),
    ];
    await hub.tokens.revoke({ role: 'participant', name: 'site-a' });
    for (const [token, message] of [
      ['x'.repeat(43), /the token is not valid/],
      [revoked, /the token is not valid/],
      [observer, /the token is that of an observer, expected one of a participant/],
      [stranger, /"stranger" is not expected/],
      ['short', /this is not a token/],
    ] as const) {
      const error = await join(token).catch((each: unknown) => each);
      expect(error).toMatchObject({ message: expect.stringMatching(message), hint: expect.any(String) });
    }
    const { frames, closed } = dial([`commonweight.${PROTOCOL_VERSION}`]);
    expect(await closed).toBe(1008);
    expect(frames).toMatchObject([{ type: 'refused', reason: 'token', message: 'there is no token' }]);
  });

  it.each([
    ['an older', PROTOCOL_VERSION - 1],
    ['a newer', PROTOCOL_VERSION + 1],
  ])('are of one version of the protocol, and of %s it is said which', async (_, version) => {
    await hub.open();
    const { frames, closed } = dial([`commonweight.${version}`, `token.${await hub.tokenOf('site-a')}`]);
    expect(await closed).toBe(1008);
    expect(frames).toMatchObject([
      {
        reason: 'version',
        message: expect.stringContaining(
          `speaks version ${PROTOCOL_VERSION} of the protocol, the participant version ${version}`,
        ),
      },
    ]);
    await hub.logged(({ reason }) => reason === 'version');
  });

  it('that are of no schema end the connection, with a reason, and one line in the log', async () => {
    let received = 0;
    await hub.open(
      {},
      {
        receive: async () => {
          received++;
          return { accepted: true };
        },
      },
    );
    const bad: (string | Buffer)[] = [
      'hello',
      '{"type":"announcement","id":-1}',
      announcement(1, { ...evaluated(1), validation: { accuracy: 'all' } }),
      // Nobody can speak for others: there is no place for a name.
      announcement(1, { ...evaluated(1), participant: 'site-b' }),
      '{"type":"welcome"}',
      Buffer.from('{"type":"pong"}'),
    ];
    for (const frame of bad) {
      const before = warnings('bad-frame').length;
      const { socket, closed, frames } = await dialAs('site-a');
      socket.send(frame);
      socket.send(frame);
      socket.send(announcement(2));
      expect(await closed).toBe(1008);
      expect(frames.at(-1)).toMatchObject({ type: 'refused', reason: 'bad-frame' });
      expect(warnings('bad-frame')).toHaveLength(before + 1);
    }
    expect(received).toBe(0);
  });

  it('that are too large are not read', async () => {
    await hub.open({ limits: { frameBytes: 1000 } });
    const { socket, closed } = await dialAs('site-a');
    socket.send('x'.repeat(1001));
    expect(await closed).toBe(1009);
    expect(warnings('bad-frame')).toHaveLength(1);
    // The hub goes on.
    const { frame, socket: again } = await dialAs('site-a');
    again.send(announcement(5));
    expect(await frame('receipt')).toMatchObject({ id: 5, receipt: { accepted: true } });
    again.close();
  });

  it('that are too many end the connection, and a later one is welcome', async () => {
    await hub.open({ limits: { framesPerSecond: 2 } });
    const { socket, closed, frames } = await dialAs('site-a');
    for (let i = 0; i < 20; i++) socket.send('{"type":"pong"}');
    expect(await closed).toBe(1008);
    expect(frames.at(-1)).toMatchObject({ reason: 'too-fast' });
    const { socket: again } = await dialAs('site-a');
    again.close();
  });

  it('without end that wait for a receipt end the connection', async () => {
    await hub.open(
      {},
      { receive: () => new Promise((resolve) => setTimeout(() => resolve({ accepted: true }), 10)) },
    );
    const { socket, closed, frames } = await dialAs('site-a');
    for (let id = 0; id < 100; id++) socket.send(announcement(id));
    expect(await closed).toBe(1008);
    expect(frames.at(-1)).toMatchObject({ reason: 'too-fast', message: expect.stringContaining('wait') });
  });

  it('come by the latest connection of a participant, and the one before is told', async () => {
    const presence: [string, boolean][] = [];
    await hub.open({}, { onPresence: (...seen) => presence.push(seen) });
    const first = await hub.join('site-a');
    const assignments = first.assignments()[Symbol.asyncIterator]();
    const waiting = assignments.next();
    const second = await hub.join('site-a');
    await expect(waiting).rejects.toThrow(/another process has joined as "site-a"/);
    await expect(first.announce(evaluated(1))).rejects.toThrow(/another process/);
    await expect(first.upload(new Uint8Array(10))).rejects.toThrow(/another process/);
    expect(await second.announce(evaluated(1))).toEqual({ accepted: true });
    expect(presence).toEqual([['site-a', true]]);
  });

  it('are said again when the coordinator could not keep them', async () => {
    let calls = 0;
    await hub.open(
      {},
      {
        receive: async () => {
          if (++calls === 1) throw new Error('no space is left on the disk');
          return { accepted: true };
        },
      },
    );
    const participant = await hub.join('site-a');
    expect(await participant.announce(evaluated(1))).toEqual({ accepted: true });
    expect(calls).toBe(2);
    expect(hub.lines.filter(({ level }) => level === 'error')).toHaveLength(1);
  });

  it('of a revoked token do not count any more', async () => {
    const heard: string[] = [];
    await hub.open(
      {},
      {
        receive: async (who) => {
          heard.push(who);
          return { accepted: true };
        },
      },
    );
    const participant = await hub.join('site-a');
    await hub.tokens.revoke({ role: 'participant', name: 'site-a' });
    await expect(participant.announce(evaluated(1))).rejects.toThrow(/the token of "site-a" was revoked/);
    expect(heard).toEqual([]);
  });

  it('end a silent connection of a revoked token too', async () => {
    await hub.open({ limits: { heartbeatMs: 1000 } });
    const { closed, frames } = await dialAs('site-a');
    await hub.tokens.issue({ role: 'participant', name: 'site-a' });
    expect(await closed).toBe(1008);
    expect(frames.at(-1)).toMatchObject({ reason: 'token' });
  });

  it('do not come from a dead connection, which is noticed', async () => {
    let leave = () => {};
    const gone = new Promise<void>((resolve) => {
      leave = resolve;
    });
    await hub.open({ limits: { heartbeatMs: 20 } }, { onPresence: (_, present) => !present && leave() });
    // Answers no ping.
    const { closed } = await dialAs('site-a');
    await gone;
    expect(await closed).toBe(1006);
  });
});
