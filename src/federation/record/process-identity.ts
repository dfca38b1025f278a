/**
 * Identifies a process, so that another can tell later whether it still runs. A process number
 * alone says little: after a reboot it belongs to another process, and every container has a
 * process 1. On Linux the number of the boot, the namespace of process numbers and the time of the
 * start make it unmistakable. Elsewhere only an absent process says something. Node only.
 */
import { readFile, readlink } from 'node:fs/promises';
import { hostname } from 'node:os';
import { z } from 'zod';

export const processIdentitySchema = z.strictObject({
  host: z.string(),
  pid: z.int().positive(),
  /** Of the kernel: drawn at every boot. */
  boot: z.string().optional(),
  /** In which process numbers are counted: a container has its own. */
  namespace: z.string().optional(),
  /** Clock ticks from the boot to its start. */
  started: z.string().optional(),
});
export type ProcessIdentity = z.output<typeof processIdentitySchema>;

export async function identityOfThis(): Promise<ProcessIdentity> {
  const boot = await readFile('/proc/sys/kernel/random/boot_id', 'utf8').catch(() => undefined);
  const namespace = await readlink('/proc/self/ns/pid').catch(() => undefined);
  const started = await startOf(process.pid);
  return {
    ...{ host: hostname(), pid: process.pid },
    ...(boot !== undefined && { boot: boot.trim() }),
    ...(namespace !== undefined && { namespace }),
    ...(started !== undefined && { started }),
  };
}

/** Whether it runs; undefined where that cannot be known from here. */
export async function isRunning(other: ProcessIdentity, here: ProcessIdentity): Promise<boolean | undefined> {
  if (other.boot !== here.boot || other.namespace !== here.namespace) return undefined;
  if (here.boot !== undefined && other.started !== undefined)
    return (await startOf(other.pid)) === other.started;
  // Its number may be that of another process by now.
  return other.host !== here.host || exists(other.pid) ? undefined : false;
}

/** Field 22 of its line; a program's name, in brackets before, may hold spaces. */
async function startOf(pid: number): Promise<string | undefined> {
  const line = await readFile(`/proc/${pid}/stat`, 'utf8').catch(() => undefined);
  return line?.slice(line.lastIndexOf(')') + 2).split(' ')[19];
}

function exists(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
}
