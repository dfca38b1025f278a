import { once } from 'node:events';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { WebSocket } from 'ws';
import { subprotocols } from '../../../protocol/frames.js';
import { evaluated } from '../../transport.contract.js';
import { type TestHub, testHub } from './test-hub.contract.js';

/** Both are of this machine; to the hub they are two. */
const [home, elsewhere] = ['127.0.0.1', '127.0.0.2'] as const;

describe('a token that comes from a second address', () => {
  let hub: TestHub;
  const sockets: WebSocket[] = [];
  beforeEach(async () => {
    hub = await testHub();
  });
  afterEach(async () => {
    for (const socket of sockets.splice(0)) socket.terminate();
    await hub.close();
  });

  /** A process with the token of site-a. @param answers it is alive: it says pong */
  async function comeFrom(localAddress: string, answers = true) {
    const protocols = subprotocols(await hub.tokenOf('site-a'));
    const socket = new WebSocket(`${hub.hub().url.replace('http', 'ws')}/messages`, protocols, {
      localAddress,
    });
    sockets.push(socket);
    socket.on('error', () => undefined);
    socket.on('message', (data) => {
      if (answers && JSON.parse(String(data)).type === 'ping') socket.send('{"type":"pong"}');
    });
    return {
      socket,
      first: once(socket, 'message').then(([data]) => JSON.parse(String(data))),
    };
  }

  it('does not put out the process that answers, and both addresses are in the log', async () => {
    await hub.open();
    const honest = await comeFrom(home);
    expect(await honest.first).toMatchObject({ type: 'welcome' });
    // However often it tries.
    for (let tried = 0; tried < 3; tried++) {
      const thief = await comeFrom(elsewhere);
      expect(await thief.first).toEqual({
        type: 'refused',
        reason: 'in-use',
        message: '"site-a" takes part from another address already, and answers there',
        hint: 'end that process first; if it is none of yours, ask the operator for a new token',
      });
    }
    honest.socket.send(JSON.stringify({ type: 'announcement', id: 1, announcement: evaluated(1) }));
    const [receipt] = await once(honest.socket, 'message');
    expect(JSON.parse(String(receipt))).toMatchObject({ type: 'receipt', id: 1 });
    expect(await hub.logged(({ level }) => level === 'error')).toMatchObject({
      ...{ participant: 'site-a', address: elsewhere, answering: home },
      message: expect.stringContaining('was turned away, since the first still answers'),
    });
    expect(hub.lines).toContainEqual({
      ...{ level: 'info', message: 'connected', participant: 'site-a', address: home },
    });
  });

  it('takes the place of a process that is silent, such as one whose machine is gone', async () => {
    await hub.open({ limits: { answerMs: 50 } });
    const gone = await comeFrom(home, false);
    await gone.first;
    const back = await comeFrom(elsewhere);
    expect(await back.first).toMatchObject({ type: 'welcome' });
    expect(await hub.logged(({ message }) => message === 'replaced by a newer process')).toMatchObject({
      ...{ level: 'warn', participant: 'site-a', address: elsewhere, before: home },
    });
  });

  it('does not put it out either where several come at once', async () => {
    await hub.open();
    await (await comeFrom(home)).first;
    const others = await Promise.all([comeFrom(elsewhere), comeFrom('127.0.0.3'), comeFrom(elsewhere)]);
    for (const { first } of others) expect(await first).toMatchObject({ reason: 'in-use' });
  });

  it('of the same address is that of a process that was started again: the newer has the place', async () => {
    await hub.open();
    const first = await comeFrom(home);
    await first.first;
    const closed = once(first.socket, 'close');
    const second = await comeFrom(home);
    expect(await second.first).toMatchObject({ type: 'welcome' });
    await closed;
  });

  it('is said where it comes after the first has gone', async () => {
    await hub.open();
    const first = await comeFrom(home);
    await first.first;
    first.socket.close();
    await hub.logged(({ message }) => message === 'disconnected');
    await (await comeFrom(elsewhere)).first;
    expect(
      await hub.logged(({ message }) => message === 'comes from another address than before'),
    ).toMatchObject({
      ...{ level: 'warn', participant: 'site-a', address: elsewhere, before: home },
    });
  });
});
