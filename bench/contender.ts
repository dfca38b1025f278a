/**
 * Who takes part in a comparison: whatever can work for a slice of time and say how fast it was.
 */
import { spawn } from 'node:child_process';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { BenchError } from './error.js';

export interface Contender {
  readonly label: string;
  /** Units a second (images, floating-point operations) over about so many seconds. */
  slice(seconds: number): Promise<number>;
  close(): Promise<void>;
}

interface ProcessOptions {
  readonly label: string;
  readonly program: string;
  readonly args: readonly string[];
  readonly env?: NodeJS.ProcessEnv;
  readonly cwd?: string;
  /** For getting ready. */
  readonly timeoutMs: number;
}

/**
 * A process that says "ready", then answers each line with seconds by a line of JSON, {"rate": …,
 * "loss": …}.
 * @throws BenchError when it ends, or is not ready in time.
 */
export async function processContender(options: ProcessOptions): Promise<Contender> {
  const { label, program, args, env = {}, cwd, timeoutMs } = options;
  const child = spawn(program, args, {
    env: { ...process.env, ...env },
    stdio: ['pipe', 'pipe', 'pipe'],
    ...(cwd !== undefined && { cwd }),
  });
  let complaint = '';
  child.stderr.on('data', (bytes: Buffer) => {
    complaint = (complaint + bytes.toString()).slice(-4000);
  });
  // A process that has ended is noticed where it does not answer.
  child.stdin.on('error', () => {});
  const ended = new Promise<void>((resolve) => {
    child.once('error', (error) => {
      complaint = error.message;
      resolve();
    });
    child.once('close', () => resolve());
  });
  const lines = createInterface(child.stdout)[Symbol.asyncIterator]();
  const nextLine = async (): Promise<string> => {
    const { value, done } = await lines.next();
    if (!done) return value;
    await ended;
    throw new BenchError(`bench: ${label} ended: ${lastLine(complaint)}`);
  };
  const close = async () => {
    child.kill();
    await ended;
  };
  const late = setTimeout(() => {
    complaint = `it was not ready after ${timeoutMs / 1000} s`;
    child.stderr.removeAllListeners('data');
    child.kill('SIGKILL');
  }, timeoutMs);
  try {
    while ((await nextLine()) !== 'ready');
  } finally {
    clearTimeout(late);
  }
  return {
    label,
    async slice(seconds) {
      child.stdin.write(`${seconds}\n`);
      const { rate, loss } = JSON.parse(await nextLine()) as { rate: number; loss: number };
      if (!Number.isFinite(loss)) throw new BenchError(`bench: ${label} diverged: its loss is ${loss}`);
      return rate;
    },
    close,
  };
}

/** Ours, by `contender-process.ts`. */
export const ourContender = (label: string, args: readonly (string | number)[]) =>
  checkoutContender(fileURLToPath(new URL('..', import.meta.url)), label, args);

/**
 * The young generation of our training threads (`training/threads/node/worker-pool.ts`), whose three
 * parts have this size in MB. By default it may grow with what a process loads, and then the garbage
 * collector works all the time.
 */
const YOUNG_GENERATION = '--max-semi-space-size=2';

/** The same of another checkout, with its own packages. */
export const checkoutContender = (checkout: string, label: string, args: readonly (string | number)[]) =>
  processContender({
    label,
    program: process.execPath,
    args: [
      ...[YOUNG_GENERATION, '--import', 'tsx'],
      ...[join(checkout, 'bench/contender-process.ts'), ...args.map(String)],
    ],
    cwd: checkout,
    timeoutMs: 120_000,
  });

/** Several at the same time; their rates are added. */
export const sideBySide = (label: string, contenders: readonly Contender[]): Contender => ({
  label,
  async slice(seconds) {
    const rates = await Promise.all(contenders.map((contender) => contender.slice(seconds)));
    return rates.reduce((sum, rate) => sum + rate, 0);
  },
  async close() {
    await Promise.all(contenders.map((contender) => contender.close()));
  },
});

/**
 * The rates of all, in slices that take turns: whatever else the machine does meets them alike.
 * Every other round goes backwards.
 */
export async function inTurns(
  contenders: readonly Contender[],
  rounds: number,
  seconds: number,
): Promise<readonly (readonly number[])[]> {
  const rates: number[][] = contenders.map(() => []);
  for (let round = 0; round < rounds; round++) {
    const order = contenders.map((contender, index) => [contender, index] as const);
    if (round % 2 === 1) order.reverse();
    for (const [contender, index] of order) rates[index]?.push(await contender.slice(seconds));
  }
  return rates;
}

export const lastLine = (text: string) => text.trim().split('\n').at(-1) ?? '';
