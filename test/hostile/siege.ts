/**
 * A coordinator with few descriptors in a process of its own, which strangers besiege while its two
 * sites come, train and leave: all must have the bytes of `commonweight run`.
 */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import type { Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'vitest';
import { stringify } from 'yaml';
import { commonweight } from '../command-in-process.js';
import { handedOut } from '../handed-out.js';
import { type Started, sample, start } from '../run-command.js';
import { end, request } from './wire.js';

/** So its hub has 200 connections, 50 of them for strangers. */
const OPEN_FILES = 400;
/** More than it has connections in all. */
export const BESIEGERS = 260;

const sites = ['site-a', 'site-b'];
const settings = {
  ...{ dataset: sample, seed: 5, participants: sites, partition: { name: 'v', participants: 2 } },
  ...{ model: { name: 'mlp', hidden: [32] }, local: { epochs: 1 }, rounds: 2 },
  optimizer: { name: 'sgd', learningRate: 0.05 },
};

export interface BesiegedHub {
  readonly port: number;
  /** What its log says so far of those it has refused for this reason. */
  refusals(reason: string): readonly Refused[];
}

interface Refused {
  readonly reason?: string;
  readonly address?: string;
}

export interface Siege {
  /** Where the sites come in; straight to the hub by default. */
  readonly url?: string;
  lift(): Promise<void>;
}

/** @param lay resolves when the siege is complete; it goes on until the sites have left */
export async function expectSitesFinish(
  lay: (hub: BesiegedHub) => Promise<Siege>,
  { signal }: { readonly signal: AbortSignal },
): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), 'commonweight-siege-'));
  const at = (...path: string[]) => join(folder, ...path);
  writeFileSync(at('federation.yaml'), stringify(settings));
  const started: Started[] = [];
  const begin = (args: readonly string[], openFiles?: number) => {
    const one = start(args, { cwd: folder, ...(openFiles && { openFiles }) });
    started.push(one);
    return one;
  };
  const kill = () => {
    for (const { child } of started) child.kill('SIGKILL');
  };
  signal.addEventListener('abort', kill);
  let siege: Siege | undefined;
  try {
    const run = await commonweight(['run', 'federation.yaml', '--out', 'run'], { cwd: folder });
    expect(run).toMatchObject({ status: 0, stderr: '' });
    const coordinator = begin(['serve', 'federation.yaml', '--out', 'out', '--port', '0'], OPEN_FILES);
    const said = await coordinator.until(/^round 1 /m);
    const url = /the hub listens on (\S+)\n/.exec(said)?.[1] ?? '';
    const { tokens } = handedOut(at('out'));
    siege = await lay({
      port: Number(new URL(url).port),
      refusals: (reason) => linesOf(at('out', 'coordinator.log')).filter((line) => line.reason === reason),
    });
    const joined = sites.map((name, k) =>
      begin([
        ...['join', siege?.url ?? url, '--token', tokens.get(name) ?? '', '--out', name],
        ...['--data', sample, '--partition', `v:${k + 1}/${sites.length}`],
      ]),
    );
    for (const one of [...joined, coordinator]) {
      expect(await one.ended).toMatchObject({ status: 0, stderr: '' });
    }
    const model = readFileSync(at('run', 'model.safetensors'));
    for (const name of ['out', ...sites]) {
      expect(readFileSync(at(name, 'model.safetensors')).equals(model)).toBe(true);
    }
  } finally {
    signal.removeEventListener('abort', kill);
    kill();
    await siege?.lift();
    await Promise.all(started.map(({ ended }) => ended));
    rmSync(folder, { recursive: true });
  }
}

const linesOf = (file: string): Refused[] =>
  readFileSync(file, 'utf8')
    .split('\n')
    .slice(0, -1)
    .map((line) => JSON.parse(line));

const KB_64 = Buffer.alloc(65_536, 'x');

interface Manner {
  readonly first?: string;
  /** What it goes on to say, now and then. */
  readonly more?: string;
  /** It goes on as fast as somebody listens. */
  readonly endless?: true;
}

/** They say that they come from where the sites do. */
const forged = ['X-Forwarded-For: 127.0.0.1', 'X-Real-IP: 127.0.0.1', 'Forwarded: for=127.0.0.1'];
const slow: readonly Manner[] = [
  {},
  { first: `GET /healthz HTTP/1.1\r\n${forged.join('\r\n')}\r\nX-Slow: `, more: 'x' },
  { first: request('GET /', [...forged, 'Content-Length: 999999']), more: 'x' },
];
const endless: readonly Manner[] = [
  { first: request('GET /healthz', ['Content-Length: 999999999999']), endless: true },
  { first: request(`PUT /blobs/${'a'.repeat(64)}`, ['Content-Length: 999999999999']), endless: true },
  { first: request('POST /tokens', ['Transfer-Encoding: chunked'], '10000\r\n'), endless: true },
];
const mannerOf = (k: number): Manner =>
  (k % 10 === 0 ? endless[(k / 10) % endless.length] : slow[k % slow.length]) ?? {};

/** Until a stranger whose connection was cut comes again. */
const AGAIN_MS = 1000;
const TRICKLE_MS = 200;

/**
 * Strangers who hold a connection each for as long as they are let, every one in its own manner,
 * and come again when they are cut.
 * @param connect opens the connection of the k-th
 */
export function strangers(count: number, connect: (k: number) => Socket) {
  let lifted = false;
  const held = new Set<Socket>();
  const living = Array.from({ length: count }, async (_, k) => {
    const { first, more, endless } = mannerOf(k);
    while (!lifted) {
      const socket = connect(k).resume();
      socket.on('error', () => undefined);
      held.add(socket);
      const flood = () => !socket.writable || socket.write(KB_64, (error) => error || setImmediate(flood));
      if (first !== undefined) socket.write(first, () => endless && flood());
      const trickle = setInterval(
        () => more !== undefined && socket.writable && socket.write(more),
        TRICKLE_MS,
      );
      await end(socket);
      clearInterval(trickle);
      held.delete(socket);
      await new Promise((resolve) => setTimeout(resolve, AGAIN_MS));
    }
  });
  return {
    async lift() {
      lifted = true;
      for (const socket of held) socket.destroy();
      await Promise.all(living);
    },
  };
}
