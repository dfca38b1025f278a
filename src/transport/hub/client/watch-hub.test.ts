import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type WebSocket, WebSocketServer } from 'ws';
import { happenings } from '../../../../test/until.js';
import { parseConfiguration } from '../../../protocol/configuration/configuration.js';
import { PROTOCOL_VERSION } from '../../../protocol/version.js';
import type { LogEntry } from '../../../protocol/view.js';
import type { RunView } from '../../run-view.js';
import { exampleDescription } from '../../transport.contract.js';
import { type TestHub, testHub } from '../server/test-hub.contract.js';
import { hubAddress } from './node/hub-address.js';
import { joinHub } from './node/join-hub.js';
import { nodeSocket } from './node/node-socket.js';
import { type NewsFrame, watchHub } from './watch-hub.js';

const entries: LogEntry[] = ['one', 'two', 'three'].map((text, sequence) => ({
  ...{ sequence, text, level: 'info', at: new Date(0).toISOString() },
}));
const view: RunView = {
  overview: {
    configuration: parseConfiguration(exampleDescription.configuration, 'test'),
    participants: ['site-a'],
    metrics: [{ name: 'accuracy', better: 'higher', format: 'percent' }],
    categories: ['cat', 'dog'],
    testExamples: true,
  },
  status: () => ({
    ...{ protocol: PROTOCOL_VERSION, phase: 'training', round: 1, rounds: 3 },
    ...{ waitingFor: ['site-a'], received: [], participants: [], copied: {} },
    metric: { name: 'accuracy', better: 'higher', format: 'percent' },
  }),
  rounds: () => [],
  labelCounts: () => ({}),
  survey: () => undefined,
  log: (from) => entries.slice(from),
};

/** An observer that remembers what it hears, and goes on where it was. */
function watching(url: string, token: string) {
  const leaving = new AbortController();
  const frames: NewsFrame[] = [];
  const troubles: string[] = [];
  const { happened, until } = happenings();
  const texts = () =>
    frames.flatMap((frame) => (frame.type === 'log' ? frame.entries.map(({ text }) => text) : []));
  const end = watchHub({
    open: nodeSocket(hubAddress(url, token, {}), 'watch'),
    signal: leaving.signal,
    from: () => ({ round: 1, log: texts().length }),
    onFrame(frame) {
      frames.push(frame);
      happened();
    },
    onTrouble(reason) {
      troubles.push(reason);
      happened();
    },
  });
  return {
    ...{ frames, troubles, texts, end, until, leave: () => leaving.abort() },
  };
}

describe('an observer at a hub', () => {
  let hub: TestHub;
  let token: string;
  beforeEach(async () => {
    hub = await testHub();
    token = await hub.tokens.issue({ role: 'observer' });
  });
  afterEach(() => hub.close());

  it('has the token of an observer: that of a participant is told so, and puts nobody out who takes part', async () => {
    await hub.open({ view });
    const participant = await hub.join('site-a');
    const observer = watching(hub.hub().url, await hub.tokenOf('site-a'));
    await expect(observer.end).rejects.toMatchObject({
      reason: 'role',
      message: 'transport: the token is that of the participant "site-a", expected one of an observer',
      hint: expect.stringContaining('take part by the page /join'),
    });
    expect(await participant.announce({ type: 'left' })).toEqual({ accepted: true });
    // The other way round.
    await expect(joinHub(hub.hub().url, { token })).rejects.toMatchObject({
      reason: 'role',
      message: expect.stringContaining('that of an observer or operator, expected one of a participant'),
    });
  });

  it('hears what the run is and how it stands, until it leaves', async () => {
    await hub.open({ view });
    const observer = watching(hub.hub().url, token);
    await observer.until(() => observer.texts().length > 0);
    expect(observer.frames.map(({ type }) => type)).toEqual(['overview', 'status', 'labels', 'log']);
    observer.leave();
    await observer.end;
  });

  it('goes on where it was when the hub is back', async () => {
    await hub.open({ view: { ...view, log: (from) => entries.slice(0, 2).slice(from) } });
    const observer = watching(hub.hub().url, token);
    await observer.until(() => observer.texts().length === 2);
    await hub.hub().close();
    await observer.until(() => observer.troubles.length > 0);
    expect(observer.troubles[0]).toContain('the hub is closing');
    await hub.open({ view });
    await observer.until(() => observer.texts().length === 3);
    expect(observer.texts()).toEqual(['one', 'two', 'three']);
    observer.leave();
    await observer.end;
  });

  it('does not try again what will not become better, and says what to do', async () => {
    await hub.open({ view });
    const stranger = watching(hub.hub().url, 'a'.repeat(43));
    await expect(stranger.end).rejects.toMatchObject({
      reason: 'token',
      hint: 'ask the operator for a new token: this one was replaced, or has expired',
    });
    const observer = watching(hub.hub().url, token);
    await observer.until(() => observer.texts().length > 0);
    await hub.tokens.revoke({ role: 'observer' });
    await expect(observer.end).rejects.toMatchObject({ reason: 'token', message: /revoked/ });
  });

  it('does not wait for a hub that says nothing more, nor listen to one that it does not understand', async () => {
    const silent = new WebSocketServer({ port: 0, handleProtocols: (offered) => [...offered][0] ?? false });
    const { port } = silent.address() as { port: number };
    const overview = { type: 'overview', overview: view.overview, heartbeatMs: 20 };
    let say = (socket: WebSocket) => socket.send(JSON.stringify(overview));
    silent.on('connection', (socket) => say(socket));
    const observer = watching(`http://127.0.0.1:${port}`, token);
    await observer.until(() => observer.troubles.length > 0);
    expect(observer.troubles[0]).toMatch(/nothing was heard of the hub/);
    say = (socket) => socket.send('{"type":"overture"}');
    await expect(observer.end).rejects.toMatchObject({ hint: 'use one version of commonweight everywhere' });
    silent.close();
  });
});
