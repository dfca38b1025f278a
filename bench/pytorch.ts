/** PyTorch on this machine: the Pythons that have it, and the contenders they make. */
import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { plural } from '../src/report/numbers.js';
import { type Contender, inTurns, lastLine, processContender } from './contender.js';
import { BenchError } from './error.js';
import { samplePath } from './images.js';
import type { NetworkName } from './networks.js';

export interface PyTorch {
  readonly python: string;
  readonly version: string;
}

export const PYTHON_VARIABLE = 'COMMONWEIGHT_BENCH_PYTHON';
const usualPythons = ['/usr/bin/python3', 'python3'];

/** Those that are named, by an option or by the variable, and the usual ones. */
export const pythonsOf = (named: readonly string[]) => [...insistedPythons(named), ...usualPythons];

const insistedPythons = (named: readonly string[]) => [
  ...named,
  ...(process.env[PYTHON_VARIABLE]?.split(':').filter((path) => path !== '') ?? []),
];

const layouts = ['nchw', 'channels-last'] as const;
const modes = ['eager', 'compiled'] as const;
const script = fileURLToPath(new URL('pytorch.py', import.meta.url));
/** Compiling may take as long as that. */
const READY_MS = 300_000;
/** A variant within this part of the best one stays in the comparison. */
const NEARLY_BEST = 0.9;

/**
 * Those of the usual Pythons that have PyTorch, one for each version, and those that are named.
 * @throws BenchError when one that is named has none.
 */
export async function findPyTorch(named: readonly string[]): Promise<readonly PyTorch[]> {
  const found = new Map<string, PyTorch>();
  const insisted = insistedPythons(named);
  for (const python of pythonsOf(named)) {
    try {
      const program = 'import numpy, torch; print(torch.__version__)';
      const { stdout } = await promisify(execFile)(python, ['-c', program], { timeout: READY_MS });
      const version = stdout.trim();
      if (!found.has(version)) found.set(version, { python, version });
    } catch (error) {
      if (!insisted.includes(python)) continue;
      throw new BenchError(`bench: "${python}" has no PyTorch: ${lastLine((error as Error).message)}`, {
        hint: `make one: python3 -m venv ~/torch && ~/torch/bin/pip install torch numpy, then --python ~/torch/bin/python`,
      });
    }
  }
  return [...found.values()];
}

export interface VariantOptions {
  readonly batchSize: number;
  readonly sliceSeconds: number;
  readonly tell: (note: string) => void;
}

/** The layouts and modes that are fast here, by two short slices each; the others end. */
export async function fastVariants(
  pyTorch: PyTorch,
  network: NetworkName,
  threads: number,
  options: VariantOptions,
): Promise<readonly Contender[]> {
  const variants = await allVariants(pyTorch, network, threads, options);
  const rates = await inTurns(variants, 2, options.sliceSeconds / 2);
  const bests = rates.map((both) => Math.max(...both));
  const isKept = (_: Contender, index: number) => (bests[index] ?? 0) >= NEARLY_BEST * Math.max(...bests);
  const dropped = variants.filter((variant, index) => !isKept(variant, index));
  await Promise.all(dropped.map((variant) => variant.close()));
  return variants.filter(isKept);
}

/** All layouts and modes that work; what does not is told. */
async function allVariants(
  { python, version }: PyTorch,
  network: NetworkName,
  threads: number,
  { batchSize, tell }: VariantOptions,
): Promise<readonly Contender[]> {
  const contenders: Contender[] = [];
  for (const mode of modes) {
    for (const layout of layouts) {
      // One is enough where there are no images after the first layer.
      if (['mlp', 'lstm', 'gru', 'transformer'].includes(network) && layout === 'channels-last') continue;
      const files = ['images-idx3', 'labels-idx1'].map((part) => join(samplePath, `train-${part}-ubyte.gz`));
      const options = {
        label: `PyTorch ${version}, ${plural(threads, 'thread')}, ${layout}, ${mode}`,
        program: python,
        args: [script, network, String(batchSize), String(threads), layout, mode, ...files],
        env: { OMP_NUM_THREADS: String(threads) },
        timeoutMs: READY_MS,
      };
      try {
        contenders.push(await processContender(options));
      } catch (error) {
        if (!(error instanceof BenchError)) throw error;
        tell(`${network}: ${error.message.replace(/^bench: /, '')}`);
        break;
      }
    }
  }
  return contenders;
}
