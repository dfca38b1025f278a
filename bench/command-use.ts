/** What a run of the command line takes, from its start to its end. */
import { spawn } from 'node:child_process';
import { setTimeout } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { lastLine } from './contender.js';
import { BenchError } from './error.js';
import { cpuSecondsOf, peakBytesOf } from './machine.js';

export const commandLine = fileURLToPath(new URL('../dist/cli/main.js', import.meta.url));
const LOOK_MS = 20;

export interface CommandUse {
  readonly peakBytes: number;
  readonly seconds: number;
  readonly cpuSeconds: number;
}

/**
 * @param what the command is called in errors
 * @throws BenchError when it fails
 */
export async function measureCommand(args: readonly string[], what: string): Promise<CommandUse> {
  const began = performance.now();
  const child = spawn(process.execPath, [commandLine, ...args], { stdio: ['ignore', 'ignore', 'pipe'] });
  let complaint = '';
  child.stderr.on('data', (bytes: Buffer) => {
    complaint = (complaint + bytes.toString()).slice(-4000);
  });
  const ended = new Promise<number | null>((resolve) => child.once('close', resolve));
  let [peakBytes, cpuSeconds] = [0, 0];
  // The system keeps the high-water mark: what a look misses is seen by the next one.
  while (child.exitCode === null && child.pid !== undefined) {
    peakBytes = Math.max(peakBytes, (await peakBytesOf(child.pid)) ?? 0);
    cpuSeconds = (await cpuSecondsOf(child.pid)) ?? cpuSeconds;
    await setTimeout(LOOK_MS);
  }
  if ((await ended) !== 0) throw new BenchError(`bench: ${what} failed: ${lastLine(complaint)}`);
  return { peakBytes, seconds: (performance.now() - began) / 1000, cpuSeconds };
}
