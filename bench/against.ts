/**
 * Training steps of this checkout beside those of another one, such as an earlier commit: each runs
 * its own `contender-process.ts`, and all take turns.
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
  const contenders: Contender[] = [];
  const training = ['training', network, batchSize, 1] as const;
  const ours = () => ourContender('this checkout', training);
  const theirs = () => checkoutContender(checkout, 'the other checkout', training);
  try {
    for (const begin of [ours, theirs]) {
      contenders.push(await begin());
      contenders.push(sideBySide('two participants', [await begin(), await begin()]));
    }
    const [one, two] = [contenders[0], contenders[2]] as [Contender, Contender];
    const [onePair, twoPair] = [contenders[1], contenders[3]] as [Contender, Contender];
    const rates = await inTurns([one, two, onePair, twoPair], rounds, sliceSeconds);
    const samples = rates.map(sampleOf);
    const row = (label: string, at: number) => ({
      label,
      ours: samples[at] as Sample,
      theirs: samples[at + 1] as Sample,
    });
    return { network, batchSize, rows: [row('1 thread', 0), row('2 participants', 2)] };
  } finally {
    await Promise.all(contenders.map((contender) => contender.close()));
  }
}
