/**
 * The coordinator and its hub under load, each case with processes of its own on loopback: many
 * participants at once, many that only wait, and few with large updates. Training is pretended;
 * what is measured is everything else.
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { createWriteStream } from 'node:fs';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { text } from 'node:stream/consumers';
import { pipeline } from 'node:stream/promises';
import { fileURLToPath } from 'node:url';
import { handedOut } from '../test/handed-out.js';
import { peakBytesOf } from './machine.js';

export interface HubResult {
  readonly name: string;
  readonly participants: number;
  readonly updateBytes: number;
  readonly rounds: number;
  /** Of the coordinator's process: the most that it ever had. */
  readonly peakBytes: number;
  readonly refused: number;
  /** From one round's first assignment to the next one's, the median. */
  readonly roundSeconds?: number;
  /**
   * Of it, from the last update's receipt to the next assignment: looking at files, merging, the
   * journal.
   */
  readonly ownSeconds?: number;
  /** Uploaded bytes a second, of all together, until they are confirmed. */
  readonly bytesPerSecond?: number;
  /** The same until the last receipt: synced, checked, in the journal. */
  readonly countedBytesPerSecond?: number;
  /** The same of plain streamed PUTs into files. */
  readonly plainBytesPerSecond?: number;
  /** How long the hub took to answer /healthz, asked all the while by a process of its own. */
  readonly health?: {
    readonly medianMs: number;
    readonly mostMs: number;
    /** The same of the processor's time that the hub's main thread took meanwhile. */
    readonly mostBusyMs: number;
    readonly unanswered: number;
  };
  /** How many descriptors the coordinator may have. */
  readonly descriptors?: number;
}

interface Case {
  readonly name: string;
  readonly participants: number;
  readonly hidden: readonly number[];
  readonly rounds: number;
  readonly trainingSeconds: number;
  readonly idle?: true;
  readonly large?: true;
  /** The most descriptors of the coordinator, in place of the shell's limit. */
  readonly descriptors?: number;
}

const cases = (quick: boolean): readonly Case[] => [
  {
    name: 'many participants',
    participants: quick ? 50 : 200,
    hidden: [256, 128],
    rounds: quick ? 5 : 20,
    trainingSeconds: 10,
    descriptors: 1000,
  },
  {
    name: 'idle participants',
    participants: quick ? 250 : 1000,
    hidden: [256, 128],
    rounds: 1,
    trainingSeconds: 10,
    idle: true,
  },
  {
    name: 'large updates',
    participants: 4,
    hidden: quick ? [4000, 4000] : [10_700, 10_700],
    rounds: 1,
    trainingSeconds: 0,
    large: true,
  },
];

export async function* measureHub({ quick }: { readonly quick: boolean }): AsyncGenerator<HubResult> {
  for (const one of cases(quick)) {
    const folder = await mkdtemp(join(tmpdir(), 'commonweight-hub-'));
    try {
      yield await measureCase(one, folder);
    } finally {
      await rm(folder, { recursive: true, force: true });
    }
  }
}

async function measureCase(one: Case, folder: string): Promise<HubResult> {
  const { participants, hidden, rounds } = one;
  const classNames = Array.from({ length: 10 }, (_, label) => `class ${label}`);
  await writeFile(
    join(folder, 'federation.yaml'),
    JSON.stringify({
      dataset: 'none',
      imageShape: [1, 28, 28],
      classNames,
      rounds,
      partition: { name: 'iid', participants },
      model: { name: 'mlp', hidden },
      optimizer: { name: 'sgd', learningRate: 0.1 },
      local: { epochs: 1 },
      evaluateEvery: rounds,
    }),
  );
  // Not counted: the first to fill so much of the page cache waits for the host's memory, in any
  // process.
  if (one.large) await plainPuts(folder, participants, 4 * (hidden[0] ?? 0) * (hidden[1] ?? 0));
  const out = join(folder, 'run');
  const coordinator = serve(join(folder, 'federation.yaml'), out, one.descriptors);
  let peakBytes = 0;
  try {
    const url = await urlOf(coordinator);
    const health = askHealth(url, coordinator.pid);
    const tokens = [...handedOut(out).tokens.values()].slice(0, participants);
    const watch = setInterval(async () => {
      peakBytes = (await peakBytesOf(coordinator.pid as number)) ?? peakBytes;
    }, 200);
    const totals = await simulate(url, tokens, one);
    clearInterval(watch);
    const answers = await health();
    const updateBytes = totals.uploadedBytes / (participants * rounds);
    const { round, own } = one.idle ? {} : await timesIn(join(out, 'coordinator.log'));
    // It would still be writing down how the run ended.
    coordinator.kill('SIGKILL');
    const plain = one.large ? await plainPuts(folder, participants, updateBytes) : undefined;
    return {
      name: one.name,
      participants,
      rounds,
      updateBytes,
      peakBytes,
      refused: totals.refused,
      health: answers,
      ...(one.descriptors && { descriptors: one.descriptors }),
      ...(round !== undefined && { roundSeconds: round }),
      ...(own !== undefined && { ownSeconds: own }),
      ...(plain !== undefined && {
        bytesPerSecond: totals.uploadedBytes / totals.transferSeconds,
        countedBytesPerSecond: totals.uploadedBytes / totals.countedSeconds,
        plainBytesPerSecond: plain,
      }),
    };
  } finally {
    coordinator.kill('SIGKILL');
  }
}

/** @param descriptors the most that it may have open */
function serve(yaml: string, out: string, descriptors: number | undefined): ChildProcess {
  const main = fileURLToPath(new URL('../dist/cli/main.js', import.meta.url));
  const command = [process.execPath, main, 'serve', yaml, '--out', out, '--port', '0'];
  const limited = descriptors && ['sh', '-c', `ulimit -n ${descriptors} && exec "$@"`, 'sh'];
  const [program = '', ...args] = [...(limited || []), ...command];
  return spawn(program, args, { stdio: ['ignore', 'pipe', 'inherit'] });
}

/** Asks a hub for /healthz all the time. @returns what ends it and says how long answers took */
function askHealth(url: string, pid: number | undefined) {
  const script = fileURLToPath(new URL('../test/hostile/ask-health.mjs', import.meta.url));
  const asking = spawn(process.execPath, [script, new URL(url).port, String(pid)], {
    stdio: ['pipe', 'pipe', 'inherit'],
  });
  const said = text(asking.stdout);
  return async () => {
    asking.stdin.end();
    const { times, worked, unanswered, atTheEnd } = JSON.parse(await said) as Record<
      'times' | 'worked',
      number[]
    > &
      Record<'unanswered' | 'atTheEnd', number>;
    return {
      medianMs: median(times) ?? Number.NaN,
      mostMs: Math.max(...times),
      mostBusyMs: Math.max(...worked),
      // The hub ends with its federation, and is asked once more.
      unanswered: unanswered - atTheEnd,
    };
  };
}

/** Where it listens, once it has made the tokens of its participants. */
async function urlOf(coordinator: ChildProcess): Promise<string> {
  let url = '';
  for await (const line of createInterface({ input: coordinator.stdout as NodeJS.ReadableStream })) {
    url = /the hub listens on (\S+)/.exec(line)?.[1] ?? url;
    if (line.includes('to watch:')) break;
  }
  coordinator.stdout?.resume();
  return url;
}

interface Totals {
  readonly uploadedBytes: number;
  readonly transferSeconds: number;
  readonly countedSeconds: number;
  readonly refused: number;
}

async function simulate(url: string, tokens: readonly string[], one: Case): Promise<Totals> {
  const script = fileURLToPath(new URL('hub-participants.ts', import.meta.url));
  const child = spawn(
    process.execPath,
    ['--import', 'tsx', script, url, String(one.trainingSeconds), one.idle ? 'idle' : 'rounds'],
    { stdio: ['pipe', 'pipe', 'inherit'] },
  );
  child.stdin.end(tokens.join('\n'));
  let last = '{}';
  for await (const line of createInterface({ input: child.stdout })) last = line;
  return one.idle
    ? { uploadedBytes: 0, transferSeconds: 0, countedSeconds: 0, refused: 0 }
    : (JSON.parse(last) as Totals);
}

/** Medians over the rounds, by the coordinator's own log. */
async function timesIn(log: string): Promise<{ round?: number; own?: number }> {
  const began: number[] = [];
  const lastUpdate: number[] = [];
  for (const line of (await readFile(log, 'utf8')).trim().split('\n')) {
    const entry = JSON.parse(line) as { time: string; phase?: string; type?: string; round?: number };
    if (entry.phase === 'training' && entry.round !== undefined)
      began[entry.round] ??= Date.parse(entry.time);
    if (entry.phase === 'finished') began.push(Date.parse(entry.time));
    if (entry.type === 'update-received' && entry.round !== undefined)
      lastUpdate[entry.round] = Date.parse(entry.time);
  }
  const differences = (from: readonly number[], to: (round: number) => number | undefined) =>
    from.flatMap((time, round) => {
      const other = to(round);
      return other === undefined ? [] : [(other - time) / 1000];
    });
  const round = median(differences(began, (n) => began[n + 1]));
  const own = median(differences(lastUpdate, (n) => began[n + 1]));
  return { ...(round !== undefined && { round }), ...(own !== undefined && { own }) };
}

function median(values: readonly number[]): number | undefined {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.floor(sorted.length / 2)];
}

/**
 * As many PUTs of as many bytes at once, by a process of their own, each streamed into a file: what
 * no hub can be faster than by much.
 */
async function plainPuts(folder: string, count: number, bytes: number): Promise<number> {
  const server = createServer((incoming, outgoing) => {
    const file = createWriteStream(join(folder, `plain-${incoming.url?.slice(1)}`));
    pipeline(incoming, file).then(
      () => outgoing.end(),
      () => outgoing.destroy(),
    );
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  const script = fileURLToPath(new URL('plain-puts.ts', import.meta.url));
  const sender = spawn(
    process.execPath,
    ['--import', 'tsx', script, `http://127.0.0.1:${port}`, String(count), String(bytes)],
    { stdio: ['ignore', 'pipe', 'inherit'] },
  );
  const seconds = Number(await text(sender.stdout));
  server.close();
  for (let number = 0; number < count; number++) await rm(join(folder, `plain-${number}`));
  return (count * bytes) / seconds;
}
