/** The machine that figures come from, and what a process of it has used. */
import { readFileSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { availableParallelism, cpus, release, totalmem, type } from 'node:os';
import { ortNode } from '../src/engine/runtime/node/ort-node.js';
import type { PyTorch } from './pytorch.js';

/** A Python with pandas. */
export interface PandasPython {
  readonly python: string;
  readonly version: string;
}

const { version } = createRequire(import.meta.url)('../package.json') as { version: string };

export interface Machine {
  readonly date: string;
  readonly processor: string;
  readonly cores: number;
  readonly memoryBytes: number;
  readonly system: string;
  readonly versions: Readonly<Record<string, string>>;
}

export const describeMachine = (
  pyTorches: readonly PyTorch[],
  pandas: PandasPython | undefined,
): Machine => ({
  date: new Date().toISOString(),
  processor: cpus()[0]?.model.trim() ?? 'unknown',
  cores: availableParallelism(),
  memoryBytes: totalmem(),
  system: `${type()} ${release()}`,
  versions: {
    commonweight: version,
    node: process.version,
    engine: ortNode().name,
    ...(pandas && { [`pandas (${pandas.python})`]: pandas.version }),
    ...Object.fromEntries(pyTorches.map(({ python, version }) => [`PyTorch (${python})`, version])),
  },
});

const peakIn = (status: string) => 1024 * Number(/^VmHWM:\s+(\d+) kB$/m.exec(status)?.[1] ?? Number.NaN);

/**
 * The most memory that this process has had at any time, in bytes; NaN on systems without /proc.
 */
export function ownPeakBytes(): number {
  try {
    return peakIn(readFileSync('/proc/self/status', 'utf8'));
  } catch {
    return Number.NaN;
  }
}

/** The same of another one; undefined when it has ended. */
export async function peakBytesOf(pid: number): Promise<number | undefined> {
  const peak = peakIn(await readFile(`/proc/${pid}/status`, 'utf8').catch(() => ''));
  return Number.isNaN(peak) ? undefined : peak;
}
