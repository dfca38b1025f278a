/**
 * What strangers, and a participant that has turned hostile, do to a hub. Each is to be refused,
 * and costs it nothing that stays.
 */
import { once } from 'node:events';
import { expect } from 'vitest';
import { PROTOCOL_VERSION } from '../../src/protocol/version.js';
import { bearer, ENDLESS_BYTES, end, frame, many, open, request, say, type Target, upgrade } from './wire.js';

const PROTOCOL = `commonweight.${PROTOCOL_VERSION}`;

/** @param times how often it is tried, about */
export type Attack = (target: Target, times: number) => Promise<void>;

const hash = (index: number) => index.toString(16).padStart(64, '0');
const fine = (status: string) => expect.stringContaining(`HTTP/1.1 ${status}`);
const AT_ONCE = 40;

/** What is no request, or could be two. */
const SHAPES: readonly string[] = [
  request('POST /tokens', ['Content-Length: 5', 'Content-Length: 6'], 'hello!'),
  request(
    'POST /tokens',
    ['Content-Length: 5', 'Transfer-Encoding: chunked'],
    '0\r\n\r\nGET /status HTTP/1.1\r\n\r\n',
  ),
  request('POST /tokens', ['Transfer-Encoding: chunked, identity'], '0\r\n\r\n'),
  request('POST /tokens', ['Transfer-Encoding: xchunked'], '0\r\n\r\n'),
  request('POST /tokens', ['Transfer-Encoding: chunked'], 'ffffffffffffffffff\r\n'),
  request('POST /tokens', ['Content-Length: -1']),
  request('POST /tokens', ['Content-Length: 99999999999999999999999999']),
  request('POST /tokens', ['Content-Length : 5'], 'hello'),
  request('GET /healthz', ['X: a\r\n folded']),
  request('GET /healthz', ['Host: other']),
  request('GET /healthz', ['\u0000: a']),
  request(
    'GET /healthz',
    Array.from({ length: 3000 }, (_, i) => `X${i}: y`),
  ),
  request('GET /healthz', [`X: ${'x'.repeat(100_000)}`]),
  request(`GET /${'x'.repeat(100_000)}`),
  request('GET /healthz\u0000'),
  'GET /healthz HTTP/9.9\r\nHost: hub\r\n\r\n',
  'GET /healthz\nHost: hub\n\n',
  'BREW /coffee HTTP/1.1\r\nHost: hub\r\n\r\n',
  'CONNECT evil:80 HTTP/1.1\r\nHost: hub\r\nConnection: close\r\n\r\n',
  'PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\u0000\u0000\u0000\u0004\u0000\u0000\u0000\u0000\u0000',
  '\u0016\u0003\u0001\u0002\u0000\u0001\u0000\u0001\u00fc\u0003\u0003'.padEnd(500, 'x'),
  '\u0000'.repeat(1000),
  request('GET /messages', ['Upgrade: h2c', 'Connection: Upgrade']),
  upgrade(PROTOCOL).replace('Sec-WebSocket-Version: 13', 'Sec-WebSocket-Version: 99'),
];

/** Where a file may be, for somebody who is careless. */
const PATHS: readonly string[] = [
  ...[
    '/blobs/../tokens.json',
    '/blobs/..%2ftokens.json',
    '/blobs/%2e%2e/tokens.json',
    '/blobs/..\\tokens.json',
  ],
  ...['/blobs/%252e%252e%252ftokens.json', '/blobs//etc/passwd', '/blobs/%2fetc%2fpasswd', '//etc/passwd'],
  ...[
    `/blobs/${'a'.repeat(63)}%00`,
    `/blobs/${'a'.repeat(64)}%00`,
    `/blobs/${'a'.repeat(64)}/..`,
    '/blobs/C:%5cx',
  ],
  ...[
    '/blobs/%',
    '/blobs/%ff%fe',
    '/blobs/?a',
    '/blobs/con',
    `/blobs/${'A'.repeat(64)}`,
    '*',
    'http://evil/blobs/x',
  ],
  ...['/coordinator.log', '/journal.jsonl', '/configuration.yaml', '/tokens.json', '/.', '/../../etc/passwd'],
];

const WELCOME = (target: Target) => upgrade(`${PROTOCOL}, token.${target.token}`);
const announcing = (announcement: unknown, id = 1) =>
  frame(0x81, JSON.stringify({ type: 'announcement', id, announcement }));
const blob = { sha256: hash(7), bytes: 100 };
const update = { state: blob, examples: 1, epochs: 1, examplesSeen: 1, loss: 1, seconds: 1 };

/** Frames that no participant sends. */
const FRAMES: readonly Buffer[] = [
  frame(0x81, 'hello'),
  frame(0x81, `${'['.repeat(100_000)}`),
  frame(0x81, '{"type":"welcome","__proto__":{"admin":true}}'),
  frame(0x82, '{"type":"pong"}'),
  frame(0x81, Buffer.of(0xff, 0xfe)),
  frame(0x81, '{"type":"pong"}', false),
  // RSV1: a compressed message, which was not agreed on; a bomb unpacks to a thousand times its
  // size.
  frame(0xc1, Buffer.alloc(60_000)),
  frame(0x83, ''),
  frame(0x80, 'goes on with nothing'),
  frame(0x89, 'p'.repeat(126)),
  frame(0x09, 'a ping in parts'),
  frame(0x88, Buffer.of(0, 1)),
  frame(0x88, 'x'),
  Buffer.concat([Buffer.of(0x81, 0xff), Buffer.alloc(8, 0xff), Buffer.alloc(4)]),
  Buffer.concat([Buffer.of(0x81, 0xff, 0, 0, 0, 0x7f, 0xff, 0xff, 0xff, 0xff), Buffer.alloc(4)]),
  frame(0x81, 'x'.repeat(300_000)),
];

/** Well-formed, and not true, or not any more. */
const LIES: readonly unknown[] = [
  { type: 'update', round: 1, update },
  { type: 'update', round: 99, update },
  { type: 'update', round: 2 ** 53 - 1, base: hash(1), update: { ...update, examples: 2 ** 53 - 1 } },
  { type: 'evaluated', round: 1, model: hash(2), validation: { accuracy: 1 }, examples: 1 },
  { type: 'evaluated', round: 7, model: hash(2), validation: { accuracy: 1 }, examples: 1 },
  { type: 'joined', examples: 1, validationExamples: 0, runtime: '', participant: 'site-a' },
  { type: 'update', round: 1, participant: 'site-a', update },
];

export const attacks: Readonly<Record<string, Attack>> = {
  'shapes that are no request, or two': (target, times) =>
    many(times, AT_ONCE, async (i) => {
      const shape = SHAPES[i % SHAPES.length] as string;
      const { answer, closed } = await say(target, shape);
      expect({ shape: shape.slice(0, 200), closed }).toMatchObject({ closed: true });
      expect(answer, shape.slice(0, 200)).not.toMatch(/^HTTP\/1.1 (1|2(?!00)|5)/);
      expect(answer.match(/HTTP\/1.1/g)?.length ?? 0, shape.slice(0, 200)).toBeLessThanOrEqual(1);
    }),
  'requests by the hundred on one connection, whose answers nobody reads': (target, times) =>
    many(times, AT_ONCE, async (i) => {
      const socket = open(target).pause();
      const path = ['/join', '/', '/healthz', '/none'][i % 4] as string;
      socket.write(`GET ${path} HTTP/1.1\r\nHost: hub\r\n\r\n`.repeat(400));
      const ended = end(socket);
      await Promise.race([ended, new Promise((resolve) => socket.once('readable', resolve))]);
      socket.destroy();
      await ended;
    }),
  'names of blobs that are paths': (target, times) =>
    many(times, AT_ONCE, async (i) => {
      const path = PATHS[i % PATHS.length] as string;
      const method = ['GET', 'PUT', 'HEAD', 'DELETE', 'POST'][i % 5] as string;
      const body = method === 'PUT' ? ['Content-Length: 5'] : [];
      const { answer } = await say(
        target,
        request(`${method} ${path}`, [bearer(target), ...body], body.length ? 'hello' : ''),
      );
      expect(answer, `${method} ${path}`).toMatch(/^HTTP\/1.1 4\d\d/);
      expect(answer).not.toMatch(/root:|sha256":|identity/);
    }),
  'tokens that are guessed': (target, times) =>
    many(times, AT_ONCE, async (i) => {
      const token = `Authorization: Bearer ${hash(i).slice(-43)}`;
      const path = ['GET /status', `GET /blobs/${hash(i)}`, 'POST /stop', 'POST /tokens', 'GET /metrics'][
        i % 5
      ];
      expect((await say(target, request(path as string, [token]))).answer).toEqual(fine('401'));
    }),
  'guests without a token': (target, times) =>
    many(times, AT_ONCE, async (i) => {
      const offer = [`${PROTOCOL}, token.${hash(i).slice(-43)}`, 'commonweight.9, token.x', 'chat', PROTOCOL];
      const { answer, closed } = await say(
        target,
        Buffer.concat([Buffer.from(upgrade(offer[i % 4] as string)), frame(0x88, Buffer.of(3, 232))]),
      );
      expect(closed).toBe(true);
      expect(answer).not.toContain('welcome');
    }),
  'uploads that are not what their names say': (target, times) =>
    many(times, 8, async (i) => {
      const put = request(
        `PUT /blobs/${hash(i)}`,
        [bearer(target), 'Content-Length: 3000'],
        'x'.repeat(3000),
      );
      expect((await say(target, put)).answer).toMatch(/^HTTP\/1.1 (422|429)/);
    }),
  'uploads that are given up': (target, times) =>
    many(times, 8, async (i) => {
      const socket = open(target);
      socket.resume();
      socket.write(
        request(
          `PUT /blobs/${hash(i)}`,
          [bearer(target), 'Content-Length: 60000'],
          'x'.repeat(i % 2 ? 100 : 50_000),
        ),
        () => socket.destroySoon(),
      );
      await end(socket);
    }),
  'uploads that are begun again and again, a byte further each time': async (target, times) => {
    const name = `PUT /blobs/${hash(2 ** 20)}`;
    const more = async (offset: number, bytes: number) => {
      const socket = open(target).resume();
      const headers = [bearer(target), `Upload-Offset: ${offset}`, 'Content-Length: 90000'];
      socket.write(request(name, headers, 'x'.repeat(bytes)), () => socket.destroySoon());
      await end(socket);
    };
    await more(0, 80_000);
    for (let i = 0; i < times; i++) await more(80_000 + i, 1);
  },
  'bodies without an end': (target, times) =>
    many(times, 4, async (i) => {
      const [line, headers] = [
        [`PUT /blobs/${hash(i)}`, [bearer(target), 'Transfer-Encoding: chunked']],
        [`PUT /blobs/${hash(i)}`, [bearer(target), 'Content-Length: 999999999999']],
        [`PUT /blobs/${hash(i)}`, ['Content-Length: 999999999999']],
        ['PUT /elsewhere', ['Content-Length: 999999999999']],
        ['GET /healthz', ['Content-Length: 999999999999']],
        ['GET /healthz', ['Transfer-Encoding: chunked']],
        ['POST /tokens', [bearer(target), 'Transfer-Encoding: chunked']],
        ['HEAD /messages', ['Transfer-Encoding: chunked']],
      ][i % 8] as [string, string[]];
      const { sent, closed } = await say(
        target,
        request(line, headers),
        Buffer.from(`10000\r\n${'x'.repeat(65_536)}\r\n`),
      );
      expect({ line, headers, closed }).toMatchObject({ closed: true });
      // What is on its way in the system's own buffers was not read by anybody.
      expect(sent, line).toBeLessThan(ENDLESS_BYTES);
    }),
  'frames that no participant sends': async (target, times) => {
    // One connection of a participant at a time: a later one ends the one before.
    await many(times, 1, async (i) => {
      const { answer, closed } = await say(
        target,
        Buffer.concat([Buffer.from(WELCOME(target)), FRAMES[i % FRAMES.length] as Buffer]),
      );
      expect({ i: i % FRAMES.length, closed }).toMatchObject({ closed: true });
      expect(answer).toEqual(fine('101'));
    });
  },
  'messages in parts, without an end': async (target, times) => {
    for (let i = 0; i < Math.ceil(times / 1000); i++) {
      for (const [first, part] of [
        [frame(0x01, '{'), frame(0x00, ' '.repeat(100))],
        [frame(0x01, ''), frame(0x00, '')],
        [frame(0x01, '{'), frame(0x8a, '')],
        [frame(0x81, '{"type":"pong"}'), frame(0x89, 'ping')],
      ] as const) {
        const parts = Buffer.concat(Array.from({ length: 500 }, () => part));
        const { closed } = await say(target, Buffer.concat([Buffer.from(WELCOME(target)), first]), parts);
        expect({ part: part.subarray(0, 8), closed }).toMatchObject({ closed: true });
      }
    }
  },
  'announcements that are forged, or of another time': async (target, times) => {
    for (let i = 0; i < Math.ceil(times / 200); i++) {
      const lies = Array.from({ length: 12 }, (_, k) => announcing(LIES[(i + k) % LIES.length], k));
      const { answer } = await say(
        target,
        Buffer.concat([Buffer.from(WELCOME(target)), ...lies, frame(0x88, Buffer.of(3, 232))]),
      );
      expect(answer).not.toContain('"accepted":true');
    }
  },
};

/**
 * By a participant's own token: a body and a message that trickle, and a listener that listens to
 * nothing.
 */
export async function slowAttacks(target: Target): Promise<void> {
  const trickles = [
    ...Array.from({ length: 4 }, (_, i) => ({
      head: request(`PUT /blobs/${hash(1000 + i)}`, [bearer(target), 'Content-Length: 60000']),
      more: Buffer.from('x'),
    })),
    { head: Buffer.concat([Buffer.from(WELCOME(target)), frame(0x01, '{')]), more: frame(0x00, ' ') },
  ];
  await Promise.all(
    trickles.map(async ({ head, more }) => {
      const socket = open(target);
      socket.resume();
      socket.write(head);
      const writing = setInterval(() => socket.writable && socket.write(more), 1000);
      const patience = setTimeout(() => socket.destroy(new Error('nobody ended it')), 90_000);
      let cut = false;
      socket.on('error', (error) => {
        cut ||= error.message !== 'nobody ended it';
      });
      socket.on('end', () => {
        cut = true;
      });
      await end(socket);
      clearInterval(writing);
      clearTimeout(patience);
      expect(cut).toBe(true);
    }),
  );
}

/** Connections that only hold their places, more than an address may have. */
export async function holdPlaces(target: Target): Promise<void> {
  const held = Array.from({ length: 300 }, () => open(target).resume());
  const ended = held.map(end);
  await Promise.all(held.map((socket) => once(socket, 'connect')));
  // Who comes later is let in, with a token and without.
  expect((await say(target, request('GET /healthz'))).answer).toEqual(fine('200'));
  expect((await say(target, request('GET /description', [bearer(target)]))).answer).toEqual(fine('200'));
  for (const socket of held) socket.destroy();
  await Promise.all(ended);
}
