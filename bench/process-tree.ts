/**
 * What a process and its descendants take, by looking at the system's tables again and again. Linux
 * only.
 */
import { readdir, readFile } from 'node:fs/promises';
import { peakBytesOf } from './machine.js';

/** A process as /proc/PID/stat has it. */
interface ProcessState {
  readonly pid: number;
  readonly parent: number;
  /** Of its own, and of its children that have ended. */
  readonly cpuSeconds: number;
}

export interface TreeUse {
  /**
   * Of all processes together: the sum of the high-water marks of those that live at a time, at its
   * largest. They need not reach their marks at once, and what they share counts for each, so they
   * never had more than this.
   */
  readonly peakBytes: number;
  /** Of the first process alone. */
  readonly mainPeakBytes: number;
  readonly cpuSeconds: number;
}

/** One that is called until the process ends; the last value is that of the whole time. */
export function processTree(root: number): () => Promise<TreeUse> {
  let use: TreeUse = { peakBytes: 0, mainPeakBytes: 0, cpuSeconds: 0 };
  return async () => {
    const tree = descendants(await runningProcesses(), root);
    const peaks = await Promise.all(tree.map(async ({ pid }) => (await peakBytesOf(pid)) ?? 0));
    const cpuSeconds = tree.reduce((sum, one) => sum + one.cpuSeconds, 0);
    use = {
      peakBytes: Math.max(use.peakBytes, ...[peaks.reduce((sum, bytes) => sum + bytes, 0)]),
      mainPeakBytes: Math.max(use.mainPeakBytes, peaks[0] ?? 0),
      cpuSeconds: Math.max(use.cpuSeconds, cpuSeconds),
    };
    return use;
  };
}

/** The process first; empty when it has ended. */
export function descendants(all: readonly ProcessState[], root: number): readonly ProcessState[] {
  const own = all.filter(({ pid }) => pid === root);
  const children = all.filter(({ parent }) => parent === root);
  return [...own, ...children.flatMap(({ pid }) => descendants(all, pid))];
}

async function runningProcesses(): Promise<readonly ProcessState[]> {
  const pids = (await readdir('/proc').catch(() => [])).map(Number).filter(Number.isInteger);
  const states = await Promise.all(
    pids.map(async (pid) => stateIn(pid, await readFile(`/proc/${pid}/stat`, 'utf8').catch(() => ''))),
  );
  return states.filter((state) => state !== undefined);
}

/** @see https://man7.org/linux/man-pages/man5/proc_pid_stat.5.html */
export function stateIn(pid: number, stat: string): ProcessState | undefined {
  // The name of the program, in brackets, may contain spaces. Times are in hundredths of a second.
  const fields = stat
    .slice(stat.lastIndexOf(')') + 2)
    .split(' ')
    .map(Number);
  const [parent, ...times] = [fields[1], ...fields.slice(11, 15)];
  if (parent === undefined || times.length < 4) return undefined;
  return { pid, parent, cpuSeconds: times.reduce((sum, ticks) => sum + ticks, 0) / 100 };
}
