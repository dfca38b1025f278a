import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import type { Announcement } from '../../../protocol/announcement.js';
import type { HubFrame } from '../../../protocol/frames.js';
import { described, signer } from '../../../protocol/signed.js';
import { TransportError } from '../../error.js';
import { evaluated, exampleDescription, exampleSigner } from '../../transport.contract.js';
import { messageLoop } from './message-loop.js';
import type { OpenSocket } from './message-socket.js';

/** A hub that does what a test says. */
function fakeHub() {
  const sockets: {
    said: { type: string; id?: number }[];
    closed: boolean;
    end: Parameters<OpenSocket>[0]['onEnd'];
    hear(frame: unknown): void;
  }[] = [];
  const open: OpenSocket = ({ onText, onEnd }) => {
    const socket = {
      said: [] as { type: string; id?: number }[],
      closed: false,
      end: onEnd,
      hear: (frame: unknown) => onText(JSON.stringify(frame)),
    };
    sockets.push(socket);
    return {
      send: (text) => void socket.said.push(JSON.parse(text)),
      close: () => {
        socket.closed = true;
      },
    };
  };
  return { sockets, open, last: () => sockets.at(-1)! };
}

const welcomeWith = (change: object, by = exampleSigner): HubFrame & { type: 'welcome' } => ({
  type: 'welcome',
  participant: 'site-a',
  description: by.sign('description', described(1, { ...exampleDescription, ...change })),
  heartbeatMs: 1000,
});
const welcome = welcomeWith({});
const wait = (sequence: number, epoch = 1) => ({ type: 'wait', epoch, sequence, round: sequence });
const saying = (assignment: object, by = exampleSigner) => ({
  type: 'assignment' as const,
  assignment: by.sign('assignment', assignment),
});
const impostor = signer(new Uint8Array(32).fill(8), exampleDescription.job);

describe('the message loop of a participant', () => {
  beforeEach(() => {
    vi.useFakeTimers({
      toFake: ['setTimeout', 'clearTimeout', 'setInterval', 'clearInterval', 'performance'],
    });
  });
  afterEach(() => {
    vi.useRealTimers();
  });
  const closing = () => new AbortController();
  const receipt = { accepted: true };

  it('connects again, later each time, until it is greeted', async () => {
    const hub = fakeHub();
    const troubles: string[] = [];
    const { signal } = closing();
    const joining = messageLoop({ open: hub.open, signal, onTrouble: (reason) => troubles.push(reason) });
    const times: number[] = [];
    for (let i = 0; i < 10; i++) {
      const before = performance.now();
      hub.last().end('nobody is there');
      while (hub.sockets.length === i + 1) await vi.advanceTimersByTimeAsync(10);
      times.push(performance.now() - before);
    }
    hub.last().hear(welcome);
    expect((await joining).participant).toBe('site-a');
    expect(troubles).toHaveLength(10);
    expect(times[0]).toBeLessThanOrEqual(110);
    expect(Math.max(...times)).toBeLessThanOrEqual(5010);
    expect(Math.min(...times.slice(7))).toBeGreaterThanOrEqual(2500);
  });

  it('announces one after the other, and again on a new connection what has no receipt', async () => {
    const hub = fakeHub();
    const joining = messageLoop({ open: hub.open, signal: closing().signal });
    hub.last().hear(welcome);
    const loop = await joining;
    const [first, second] = [loop.announce(evaluated(1)), loop.announce(evaluated(2))];
    expect(hub.last().said.map(({ id }) => id)).toEqual([0]);
    hub.last().end('lost');
    await vi.advanceTimersByTimeAsync(5000);
    expect(hub.last().said).toEqual([]);
    hub.last().hear(welcome);
    hub.last().hear({ type: 'receipt', id: 0, receipt });
    // Of nothing that was said.
    hub.last().hear({ type: 'receipt', id: 7, receipt });
    hub
      .last()
      .hear({ type: 'receipt', id: 1, receipt: { accepted: false, reason: 'late', message: 'over' } });
    expect(hub.last().said.map(({ id }) => id)).toEqual([0, 1]);
    expect([await first, await second]).toMatchObject([{ accepted: true }, { reason: 'late' }]);
  });

  it('gives up a hub that is silent, and answers one that asks', async () => {
    const hub = fakeHub();
    const joining = messageLoop({ open: hub.open, signal: closing().signal });
    hub.last().hear(welcome);
    await joining;
    for (let i = 0; i < 10; i++) {
      await vi.advanceTimersByTimeAsync(1000);
      hub.last().hear({ type: 'ping' });
    }
    expect(hub.sockets).toHaveLength(1);
    expect(hub.last().said).toHaveLength(10);
    await vi.advanceTimersByTimeAsync(4500);
    expect(hub.sockets).toHaveLength(2);
    expect(hub.sockets[0]!.closed).toBe(true);
    // Not even greeted this time.
    await vi.advanceTimersByTimeAsync(25_000);
    expect(hub.sockets.length).toBeGreaterThan(2);
  });

  it('says the latest of what is told fast', async () => {
    const hub = fakeHub();
    const joining = messageLoop({ open: hub.open, signal: closing().signal });
    hub.last().hear(welcome);
    const loop = await joining;
    for (let step = 1; step <= 100; step++) loop.tell({ round: 1, activity: 'training', step });
    loop.tell({ round: 1, activity: 'training', step: 101, loss: Number.NaN });
    await vi.advanceTimersByTimeAsync(1000);
    expect(hub.last().said).toMatchObject([{ progress: { step: 1 } }, { progress: { step: 100 } }]);
  });

  it('ends when the hub does not want it, or is another, and says why everywhere', async () => {
    for (const [frame, message] of [
      [{ type: 'refused', reason: 'token', message: 'the token is not valid' }, 'the token is not valid'],
      [{ type: 'refused', reason: 'replaced', message: 'another process' }, 'another process'],
      [
        welcomeWith({ job: 'f'.repeat(16) }, signer(new Uint8Array(32).fill(7), 'f'.repeat(16))),
        'has another federation now',
      ],
      [welcomeWith({ protocol: 99 }), 'speaks version 99'],
      [welcomeWith({ protocol: 99, tomorrow: 1 }), 'speaks version 99'],
      [{ type: 'song' }, 'sent a message that'],
    ] as const) {
      const hub = fakeHub();
      const joining = messageLoop({ open: hub.open, signal: closing().signal });
      hub.last().hear(welcome);
      const loop = await joining;
      const unheard = loop.announce(evaluated(1));
      const reading = loop.assignments()[Symbol.asyncIterator]().next();
      hub.last().hear(frame);
      await expect(unheard).rejects.toThrow(message);
      await expect(reading).rejects.toThrow(message);
      await expect(loop.announce(evaluated(2))).rejects.toThrow(TransportError);
      expect(loop.over.reason.message).toContain(message);
      if (frame.type === 'refused') expect(loop.over.reason).toMatchObject({ reason: frame.reason });
      await vi.advanceTimersByTimeAsync(60_000);
      expect(hub.sockets).toHaveLength(1);
      expect(hub.last().closed).toBe(true);
    }
  });

  it('takes the word of one key only, and nothing that was changed on the way, or is old', async () => {
    const hub = fakeHub();
    const leftOut: string[] = [];
    const joining = messageLoop({
      ...{ open: hub.open, signal: closing().signal, coordinatorKey: exampleSigner.key.toUpperCase() },
      onLeftOut: (what) => leftOut.push(what),
    });
    hub.last().hear(welcome);
    const loop = await joining;
    expect(loop.coordinator).toEqual({ key: exampleSigner.key, isGiven: true, epoch: 1 });
    const assignments = loop.assignments()[Symbol.asyncIterator]();
    hub.last().hear(saying(wait(2)));
    expect((await assignments.next()).value).toEqual(wait(2));
    const next = assignments.next();
    const real = saying(wait(3));
    const changed = {
      ...real.assignment,
      statement: real.assignment.statement.replace('"round":3', '"round":9'),
    };
    for (const forged of [
      saying(wait(9), impostor),
      { ...real, assignment: changed },
      { ...real, assignment: { ...saying(wait(9), impostor).assignment, key: exampleSigner.key } },
      saying(wait(9), signer(new Uint8Array(32).fill(7), 'f'.repeat(16))),
      { ...real, assignment: welcome.description },
      saying(wait(1)),
    ])
      hub.last().hear(forged);
    hub.last().hear(real);
    expect((await next).value).toEqual(wait(3));
    expect(leftOut).toEqual([
      expect.stringMatching(/signed by the key [0-9a-f]{64}, expected [0-9a-f]{64}$/),
    ]);
  });

  it('does not begin with a coordinator of another key, or a description that somebody has changed', async () => {
    for (const [frame, message] of [
      [welcomeWith({}, impostor), `the coordinator's key is ${impostor.key}, expected ${exampleSigner.key}`],
      [
        {
          ...welcome,
          description: { ...welcome.description, statement: impostor.sign('description', 1).statement },
        },
        'the description is not signed by the key that it names',
      ],
    ] as const) {
      const hub = fakeHub();
      const { key: coordinatorKey } = exampleSigner;
      const joining = messageLoop({ open: hub.open, signal: closing().signal, coordinatorKey });
      hub.last().hear(frame);
      await expect(joining).rejects.toThrow(message);
      // Of one that has begun without a key, the first is the only one.
      const other = fakeHub();
      const begun = messageLoop({ open: other.open, signal: closing().signal });
      other.last().hear(welcome);
      expect((await begun).coordinator.isGiven).toBe(false);
      other.last().end('lost');
      await vi.advanceTimersByTimeAsync(200);
      other.last().hear(frame);
      expect(other.last().closed).toBe(true);
    }
    const { open } = fakeHub();
    expect(() => messageLoop({ open, signal: closing().signal, coordinatorKey: 'f00' })).toThrow(
      '64 hexadecimal digits',
    );
  });

  it('tries again where that helps', async () => {
    const hub = fakeHub();
    const joining = messageLoop({ open: hub.open, signal: closing().signal });
    hub.last().hear({ type: 'refused', reason: 'too-fast', message: 'too many messages' });
    await vi.advanceTimersByTimeAsync(200);
    hub.last().hear(welcome);
    expect((await joining).description).toEqual(exampleDescription);
  });

  it('can be given up before there is a hub, and leaves no timer behind', async () => {
    const hub = fakeHub();
    const end = closing();
    const joining = messageLoop({ open: hub.open, signal: end.signal });
    hub.last().end('nobody is there');
    end.abort();
    await expect(joining).rejects.toThrow(/closed/);
    await vi.advanceTimersByTimeAsync(0);
    expect(vi.getTimerCount()).toBe(0);
  });

  it('does not make an announcement that no hub would accept', async () => {
    const hub = fakeHub();
    const joining = messageLoop({ open: hub.open, signal: closing().signal });
    hub.last().hear(welcome);
    const loop = await joining;
    await expect(loop.announce({ ...evaluated(1), examples: 0 } as Announcement)).rejects.toThrow(/examples/);
    expect(hub.last().said).toEqual([]);
  });
});
