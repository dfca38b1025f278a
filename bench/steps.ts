/**
 * Images a second of whole training steps, ours and PyTorch's, and the engine's matrix product
 * beside them: what it reaches there is the roof over any way to compute convolutions directly.
 */
import { type Contender, inTurns, ourContender, sideBySide } from './contender.js';
import { type NetworkName, trainingFlops } from './networks.js';
import { fastVariants, type PyTorch, type VariantOptions } from './pytorch.js';
import { type Sample, sampleOf } from './statistics.js';

export interface StepsOptions extends VariantOptions {
  readonly pyTorches: readonly PyTorch[];
  readonly rounds: number;
}

export interface StepsRow {
  readonly who: 'ours' | 'PyTorch';
  readonly label: string;
  /** Cores that it may use. */
  readonly cores: 1 | 2;
  readonly imagesPerSecond: Sample;
}

export interface StepsResult {
  readonly network: NetworkName;
  readonly batchSize: number;
  readonly flopsPerImage: number;
  readonly rows: readonly StepsRow[];
  /** GFLOP/s of the matrix product, by its threads. */
  readonly product: readonly { readonly label: string; readonly cores: 1 | 2; readonly gigaflops: Sample }[];
}

interface Entrant {
  readonly kind: StepsRow['who'] | 'product';
  readonly cores: 1 | 2;
  readonly contender: Contender;
}

export async function measureSteps(network: NetworkName, options: StepsOptions): Promise<StepsResult> {
  const { batchSize, pyTorches, rounds, sliceSeconds } = options;
  const entrants: Entrant[] = [];
  const enter = (kind: Entrant['kind'], cores: 1 | 2, contender: Contender) => {
    entrants.push({ kind, cores, contender });
  };
  try {
    const training = (threads: number, label: string) =>
      ourContender(label, ['training', network, batchSize, threads]);
    enter('ours', 1, await training(1, 'ours, 1 thread'));
    enter('ours', 2, await training(2, 'ours, 2 threads'));
    const participants = [await training(1, 'participant'), await training(1, 'participant')];
    enter('ours', 2, sideBySide('ours, 2 participants', participants));
    const product = (threads: number) => ourContender('product', ['product', threads]);
    enter('product', 1, { ...(await product(1)), label: 'product, 1 thread' });
    enter('product', 2, { ...(await product(2)), label: 'product, 2 threads' });
    const sessions = [await product(1), await product(1)];
    enter('product', 2, sideBySide('product, 2 sessions', sessions));
    for (const pyTorch of pyTorches) {
      for (const cores of [1, 2] as const) {
        for (const contender of await fastVariants(pyTorch, network, cores, options)) {
          enter('PyTorch', cores, contender);
        }
      }
    }
    const contenders = entrants.map(({ contender }) => contender);
    const rates = await inTurns(contenders, rounds, sliceSeconds);
    const measured = entrants.map(({ kind, cores, contender: { label } }, index) => ({
      kind,
      cores,
      label,
      rates: rates[index] ?? [],
    }));
    return {
      network,
      batchSize,
      flopsPerImage: trainingFlops(network),
      rows: measured.flatMap(({ kind: who, cores, label, rates }) =>
        who === 'product' ? [] : [{ who, cores, label, imagesPerSecond: sampleOf(rates) }],
      ),
      product: measured
        .filter(({ kind }) => kind === 'product')
        .map(({ cores, label, rates }) => ({
          cores,
          label,
          gigaflops: sampleOf(rates.map((rate) => rate / 1e9)),
        })),
    };
  } finally {
    await Promise.all(entrants.map(({ contender }) => contender.close()));
  }
}

/** The fastest PyTorch with as many cores. */
export function bestPeer(rows: readonly StepsRow[], cores: number): Sample | undefined {
  return rows
    .filter((row) => row.who === 'PyTorch' && row.cores === cores)
    .map(({ imagesPerSecond }) => imagesPerSecond)
    .sort((a, b) => b.median - a.median)[0];
}

/** Two matrix products side by side are, on two free cores, nearly twice as fast as one. */
const TWO_CORES = 1.5;

/** Whether something else took a core meanwhile: what was measured on two is then no comparison. */
export function wasBusy(product: StepsResult['product']): boolean {
  const best = (cores: number) =>
    Math.max(...product.filter((row) => row.cores === cores).map(({ gigaflops }) => gigaflops.median));
  return best(2) < TWO_CORES * best(1);
}
