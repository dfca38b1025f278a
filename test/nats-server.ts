/**
 * A real nats-server with JetStream on 127.0.0.1, which a test can kill and start again at the same
 * port and files.
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { inject } from 'vitest';
import { freePort } from './free-port.js';

/** No nats-server was found, or looked for (find-nats.ts): `describe.skipIf(withoutNats)`. */
export const withoutNats = !inject('natsServer');

export interface NatsServer {
  readonly url: string;
  readonly folder: string;
  /** SIGKILL: it does not get to sync anything. */
  kill(): Promise<void>;
  /** Resolves when it takes connections. */
  start(): Promise<void>;
  /** Kills it, and removes its files. */
  stop(): Promise<void>;
}

export interface NatsServerOptions {
  /** Lines of its configuration, given its folder. */
  readonly configuration?: (folder: string) => string | Promise<string>;
  readonly jetStream?: boolean;
  readonly scheme?: 'nats' | 'tls';
}

/** @throws Error that says why it does not run */
export async function natsServer({
  configuration,
  jetStream = true,
  scheme = 'nats',
}: NatsServerOptions = {}): Promise<NatsServer> {
  const folder = await mkdtemp(join(tmpdir(), 'commonweight-nats-'));
  const port = await freePort();
  const args = ['-a', '127.0.0.1', '-p', String(port)];
  if (jetStream) args.push('-js', '-sd', join(folder, 'store'));
  if (configuration !== undefined) {
    const path = join(folder, 'nats.conf');
    await writeFile(path, await configuration(folder));
    args.push('-c', path);
  }
  let child: ChildProcess | undefined;
  const kill = async () => {
    if (child === undefined || child.exitCode !== null || child.signalCode !== null) return;
    const exited = once(child, 'exit');
    child.kill('SIGKILL');
    await exited;
  };
  const start = async () => {
    const started = spawn(inject('natsServer'), args, {
      stdio: ['ignore', 'ignore', 'pipe'],
    });
    child = started;
    const lines: string[] = [];
    await new Promise<void>((resolve, reject) => {
      started.on('error', reject);
      started.on('exit', () => reject(new Error(`nats-server ended:\n${lines.join('\n')}`)));
      createInterface({ input: started.stderr as NodeJS.ReadableStream }).on('line', (line) => {
        lines.push(line);
        if (line.includes('Server is ready')) resolve();
      });
    });
  };
  await start();
  return {
    url: `${scheme}://127.0.0.1:${port}`,
    folder,
    kill,
    start,
    async stop() {
      await kill();
      await rm(folder, { recursive: true, force: true });
    },
  };
}
