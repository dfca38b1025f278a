/**
 * The paper's V run on one machine, by `run`, and by `serve` with two `join` processes over
 * loopback: whole processes, one after the other, their times as a ratio. The models must be the
 * same.
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { profile } from '../src/federation/plan/profiles.js';
import { BenchError } from './error.js';
import { type Sample, sampleOf } from './statistics.js';

export interface ServedResult {
  readonly rounds: number;
  /** Of the final model, which is the same. */
  readonly sha256: string;
  readonly run: Sample;
  readonly served: Sample;
}

const main = fileURLToPath(new URL('../dist/cli/main.js', import.meta.url));

export async function measureServed(quick: boolean): Promise<ServedResult> {
  const folder = await mkdtemp(join(tmpdir(), 'commonweight-served-'));
  try {
    const { pooled: _, ...configuration } = profile('v', 'quick', 0);
    const rounds = quick ? 1 : configuration.rounds;
    const file = join(folder, 'federation.yaml');
    await writeFile(file, JSON.stringify({ ...configuration, rounds, reference: undefined }));
    const times = { run: [] as number[], served: [] as number[] };
    const hashes = new Set<string>();
    for (let turn = 0; turn < (quick ? 1 : 3); turn++) {
      const [local, apart] = [join(folder, `run-${turn}`), join(folder, `served-${turn}`)];
      times.run.push(await timed(() => ended(start('run', file, '--out', local))));
      times.served.push(await timed(() => serve(file, apart)));
      for (const out of [local, apart]) hashes.add(await sha256Of(join(out, 'model.safetensors')));
    }
    const [sha256, ...others] = hashes;
    if (sha256 === undefined || others.length > 0) {
      throw new BenchError('bench: the models of `run` and of `serve` differ', {
        hint: 'this is a bug in Commonweight; please report it',
      });
    }
    return { rounds, sha256, run: sampleOf(times.run), served: sampleOf(times.served) };
  } finally {
    await rm(folder, { recursive: true });
  }
}

async function serve(file: string, out: string): Promise<void> {
  const coordinator = start('serve', file, '--out', out, '--port', '0');
  const joining: Promise<void>[] = [];
  const lines = createInterface({ input: coordinator.stdout as NodeJS.ReadableStream });
  lines.on('line', (line) => {
    const [, command] = /commonweight (join .*)$/.exec(line) ?? [];
    if (command === undefined) return;
    const name = /^\s*(\S+):/.exec(line)?.[1] ?? '';
    joining.push(ended(start(...command.split(' '), '--out', `${out}-${name}`)));
  });
  await ended(coordinator);
  await Promise.all(joining);
}

const start = (...args: readonly string[]) =>
  spawn(process.execPath, [main, ...args], { stdio: ['ignore', 'pipe', 'inherit'] });

function ended(child: ChildProcess): Promise<void> {
  child.stdout?.resume();
  return new Promise((resolve, reject) => {
    child.once('exit', (code) => {
      if (code === 0) resolve();
      else reject(new BenchError(`bench: commonweight ended with ${code}`));
    });
  });
}

async function timed(work: () => Promise<void>): Promise<number> {
  const began = performance.now();
  await work();
  return (performance.now() - began) / 1000;
}

const sha256Of = async (path: string) =>
  createHash('sha256')
    .update(await readFile(path))
    .digest('hex');
