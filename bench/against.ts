/**
 * Training steps of this checkout beside those of another one, such as an earlier commit: each runs
 * its own `contender-process.ts`, and all take turns. Every round has new processes: the same code
 * is up to a quarter faster in one process than in the next, by where its memory lies.
 */
import { existsSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { type Contender, checkoutContender, inTurns, ourContender, sideBySide } from './contender.js';
import { BenchError } from './error.js';
import type { NetworkName } from './networks.js';
import { type Sample, sampleOf } from './statistics.js';

export interface AgainstOptions {
  readonly batchSize: number;
  readonly rounds: number;
  readonly sliceSeconds: number;
}

export interface AgainstResult {
  readonly network: NetworkName;
  readonly batchSize: number;
  /** Images a second, with one thread and by two participants. */
  readonly rows: readonly { readonly label: string; readonly ours: Sample; readonly theirs: Sample }[];
}

/** @throws BenchError when there is no such checkout, or it is not installed */
export function checkoutAt(path: string): string {
  const checkout = resolve(path);
  for (const needed of ['bench/contender-process.ts', 'node_modules/tsx']) {
    if (existsSync(join(checkout, needed))) continue;
    throw new BenchError(`bench: "${checkout}" has no ${needed}, expected another checkout`, {
      hint: 'make it by "git worktree add", and run npm ci in it',
    });
  }
  return checkout;
}

export async function measureAgainst(
  network: NetworkName,
  checkout: string,
  { batchSize, rounds, sliceSeconds }: AgainstOptions,
): Promise<AgainstResult> {
  const training = ['training', network, batchSize, 1] as const;
  const ours = () => ourContender('this checkout', training);
  const theirs = () => checkoutContender(checkout, 'the other checkout', training);
  const rates: number[][] = [[], [], [], []];
  for (let round = 0; round < rounds; round++) {
    // Whoever begins second may find the machine otherwise.
    const begins = round % 2 === 0 ? [ours, theirs] : [theirs, ours];
    const inRound = await roundOf(begins, sliceSeconds);
    if (round % 2 === 1) inRound.reverse();
    for (const [who, [one = 0, pair = 0]] of inRound.entries()) {
      rates[who]?.push(one);
      rates[2 + who]?.push(pair);
    }
  }
  const samples = rates.map(sampleOf);
  const row = (label: string, at: number) => ({
    label,
    ours: samples[at] as Sample,
    theirs: samples[at + 1] as Sample,
  });
  return { network, batchSize, rows: [row('1 thread', 0), row('2 participants', 2)] };
}

/** @returns for each checkout its rates with one thread, and by two participants */
async function roundOf(begins: readonly (() => Promise<Contender>)[], seconds: number): Promise<number[][]> {
  const contenders: Contender[] = [];
  try {
    for (const begin of begins) {
      contenders.push(await begin());
      contenders.push(sideBySide('two participants', [await begin(), await begin()]));
    }
    const rates = (await inTurns(contenders, 1, seconds)).map(([rate = 0]) => rate);
    return [rates.slice(0, 2), rates.slice(2)];
  } finally {
    await Promise.all(contenders.map((contender) => contender.close()));
  }
}
