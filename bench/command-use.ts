/** What a run of the command line takes, from its start to its end, with all of its processes. */
import { spawn } from 'node:child_process';
import { setTimeout } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { lastLine } from './contender.js';
import { BenchError } from './error.js';
import { processTree, type TreeUse } from './process-tree.js';

export const commandLine = fileURLToPath(new URL('../dist/cli/main.js', import.meta.url));
const LOOK_MS = 50;

export interface CommandUse extends TreeUse {
  readonly seconds: number;
  /** The lines that it printed. */
  readonly said: readonly string[];
}

/**
 * @param what the command is called in errors
 * @throws BenchError when it fails
 */
export async function measureCommand(args: readonly string[], what: string): Promise<CommandUse> {
  const began = performance.now();
  const child = spawn(process.execPath, [commandLine, ...args], { stdio: ['ignore', 'pipe', 'pipe'] });
  let [text, complaint] = ['', ''];
  child.stdout.setEncoding('utf8').on('data', (more: string) => {
    text += more;
  });
  child.stderr.setEncoding('utf8').on('data', (more: string) => {
    complaint = (complaint + more).slice(-4000);
  });
  const ended = new Promise<number | null>((resolve) => child.once('close', resolve));
  let use: TreeUse = { peakBytes: 0, mainPeakBytes: 0, cpuSeconds: 0 };
  const look = child.pid === undefined ? undefined : processTree(child.pid);
  // The system keeps high-water marks: what a look misses is seen by the next one.
  while (child.exitCode === null && child.signalCode === null && look !== undefined) {
    use = await look();
    await setTimeout(LOOK_MS);
  }
  if ((await ended) !== 0) throw new BenchError(`bench: ${what} failed: ${lastLine(complaint)}`);
  const said = text.split('\n').filter((line) => line !== '');
  return { ...use, seconds: (performance.now() - began) / 1000, said };
}
