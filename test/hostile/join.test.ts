import { once } from 'node:events';
import { existsSync, mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { WebSocketServer } from 'ws';
import { described, signer } from '../../src/protocol/signed.js';
import { exampleDescription, exampleSigner } from '../../src/transport/transport.contract.js';
import { commonweight } from '../command-in-process.js';
import { pictureColumns } from '../picture-columns.js';
import { sample } from '../run-command.js';

const STEERS = '\u001b]0;root\u0007\u001b[2J\u009b31m';
const welcome = (change: object, participant = 'site-a', by = exampleSigner) => ({
  type: 'welcome',
  participant,
  heartbeatMs: 1000,
  description: by.sign('description', described(1, { ...exampleDescription, ...change })),
});
const real = welcome({});
const impostor = signer(new Uint8Array(32).fill(8), exampleDescription.job);
const statement = real.description.statement.replace('"learningRate":0.1', '"learningRate":0.2');

/** What a hub says first, and what the participant says of it. */
const hubs: [string, object, RegExp][] = [
  [
    'refuses with a text that steers a terminal',
    { type: 'refused', reason: 'token', message: `no${STEERS}`, hint: `yes${STEERS}` },
    /^commonweight: transport: no�\]0;root��\[2J�31m\n {2}yes�/,
  ],
  [
    'calls a participant by a path',
    welcome({}, '../../../escaped'),
    /has in "participant": expected 1 to 64 letters/,
  ],
  ['has unknown fields that steer a terminal', { ...welcome({}), [STEERS]: 1 }, /sent a message that .*�/],
  [
    'lets hours pass between two words, so many that no timer can',
    { ...welcome({}), heartbeatMs: 1e12 },
    /has in "heartbeatMs"/,
  ],
  [
    'describes a network that no machine can hold',
    welcome({
      configuration: {
        ...exampleDescription.configuration,
        model: { name: 'mlp', hidden: [1e6, 1e6], dropout: 0 },
      },
    }),
    /would need some \d\d,\d00 GB of memory here, expected at most 8\.00 GB\n.*--max-memory/,
  ],
  [
    'has another key than the one that was given',
    welcome({}, 'site-a', impostor),
    new RegExp(
      `the coordinator's key is ${impostor.key}, expected ${exampleSigner.key}\\n {2}.*ask the operator`,
    ),
  ],
  [
    'has changed a setting on the way',
    { ...real, description: { ...real.description, statement } },
    /the description is not signed by the key that it names\n {2}somebody has changed it on the way/,
  ],
  [
    'asks for images that nobody has',
    welcome(pictureColumns([3, 30_000, 30_000], ['zero', 'one'])),
    /images u8\[3,30000,30000\], 2700000000 numbers/,
  ],
];

describe('a participant of a hub that', () => {
  let folder: string;
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'commonweight-join-'));
  });
  afterEach(() => rmSync(folder, { recursive: true }));

  it.each(hubs)('%s ends in a sentence', async (_, said, message) => {
    const server = createServer().listen(0, '127.0.0.1');
    const sockets = new WebSocketServer({ server });
    sockets.on('connection', (socket) => socket.send(JSON.stringify(said)));
    await once(server, 'listening');
    const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
    const { status, stdout, stderr } = await commonweight(
      ['join', url, '--token', 'x'.repeat(43), '--coordinator-key', exampleSigner.key, '--data', sample],
      { cwd: folder },
    );
    for (const socket of sockets.clients) socket.terminate();
    server.close();
    expect(stderr).toMatch(message);
    expect(status).toBe(2);
    expect(stdout + stderr).not.toMatch(/[^\P{Cc}\n]/u);
    expect(existsSync(join(folder, '..', 'escaped'))).toBe(false);
    expect(readdirSync(folder).filter((name) => name !== 'runs')).toEqual([]);
  });
});
