/**
 * Identifies a process, so that another process can tell later whether it still runs. A process
 * number alone is not enough: after a reboot it belongs to another process, and every container has
 * a process 1. On Linux the boot ID, the namespace of process numbers and the start time make it
 * unique. On other systems we know only when a process is gone. Node only.
 */
import { readFile, readlink } from 'node:fs/promises';
import { hostname } from 'node:os';
import { z } from 'zod';

export const processIdentitySchema = z.strictObject({
  host: z.string(),
  pid: z.int().positive(),
  /** The kernel's ID of the boot. */
  boot: z.string().optional(),
  /** The namespace of process numbers: a container has its own. */
  namespace: z.string().optional(),
  /** Clock ticks from the boot to the start of the process. */
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

/** Whether the process runs; undefined if that cannot be known from here. */
export async function isRunning(other: ProcessIdentity, here: ProcessIdentity): Promise<boolean | undefined> {
  if (other.boot !== here.boot || other.namespace !== here.namespace) return undefined;
  if (here.boot !== undefined && other.started !== undefined)
    return (await startOf(other.pid)) === other.started;
  // Another process may have its number by now.
  return other.host !== here.host || exists(other.pid) ? undefined : false;
}

/** Field 22 of the line in /proc. The program's name, in brackets before it, may contain spaces. */
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
