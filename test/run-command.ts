/** The compiled command line as a user starts it: `npm run build` comes first. */
import { type ChildProcess, spawn } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';

export const root = resolve(import.meta.dirname, '..');
export const sample = resolve(root, 'test/fixtures/fashion-mnist-sample');
const program = resolve(root, 'dist/cli/main.js');

export interface Ended {
  /** null where a signal ended it. */
  readonly status: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

export interface Started {
  readonly child: ChildProcess;
  /**
   * Resolves when stdout has held a match, as soon as it does, with all that it has held by then.
   */
  until(pattern: RegExp): Promise<string>;
  readonly ended: Promise<Ended>;
}

interface StartOptions {
  readonly cwd?: string;
  readonly env?: NodeJS.ProcessEnv;
  /** How many files and sockets it may have open. */
  readonly openFiles?: number;
}

export function start(args: readonly string[], { openFiles, ...options }: StartOptions = {}): Started {
  const env = { ...process.env, NO_COLOR: undefined, ...options.env };
  const command = [process.execPath, program, ...args];
  const limited = ['sh', '-c', `ulimit -n ${openFiles} && exec "$0" "$@"`, ...command];
  const [file = '', ...rest] = openFiles === undefined ? command : limited;
  const child = spawn(file, rest, { ...options, env, stdio: ['ignore', 'pipe', 'pipe'] });
  let [stdout, stderr] = ['', ''];
  const looking = new Set<() => void>();
  const look = () => {
    for (const one of looking) one();
  };
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    stdout += text;
    look();
  });
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    stderr += text;
  });
  const ended = new Promise<Ended>((done, failed) => {
    child.on('error', failed);
    child.on('close', (status) => done({ status, stdout, stderr }));
  });
  return {
    child,
    ended,
    until: (pattern) =>
      new Promise((found, failed) => {
        const one = () => {
          if (!pattern.test(stdout)) return;
          looking.delete(one);
          found(stdout);
        };
        looking.add(one);
        one();
        ended.then(() => failed(new Error(`it ended before ${pattern}:\n${stdout}${stderr}`)), failed);
      }),
  };
}

export const commonweight = (
  args: readonly string[],
  options?: Parameters<typeof start>[1],
): Promise<Ended> => start(args, options).ended;

/**
 * Programs that a test starts in a folder of its own; where it has failed, they are still there at
 * its end.
 */
export function startedIn(prefix: string) {
  const folder = mkdtempSync(join(tmpdir(), prefix));
  const started: Started[] = [];
  return {
    folder,
    begin(args: readonly string[], env?: NodeJS.ProcessEnv): Started {
      const one = start(args, { cwd: folder, ...(env && { env }) });
      started.push(one);
      return one;
    },
    async end() {
      for (const { child } of started) child.kill('SIGKILL');
      await Promise.all(started.map(({ ended }) => ended));
      rmSync(folder, { recursive: true });
    },
  };
}
