/**
 * Who leads a run: one coordinator at a time for a folder, each with a larger epoch than the one before, and one job number
 * for the whole run. A lock that a killed coordinator left behind is taken over. Node only.
 */
import { randomBytes } from 'node:crypto';
import { readFile, rm, writeFile } from 'node:fs/promises';
import { hostname } from 'node:os';
import { join } from 'node:path';
import { z } from 'zod';
import { FederationError } from './error.js';
import { writeResult } from './run-folder.js';

const jobSchema = z.strictObject({ job: z.string().regex(/^[0-9a-f]{16}$/), epoch: z.int().positive() });
const holderSchema = z.strictObject({ host: z.string(), pid: z.int().positive() });

export interface RunClaim {
  /** 16 hexadecimal digits, the same at every start. */
  readonly job: string;
  /** Of this start: from 1. */
  readonly epoch: number;
  release(): Promise<void>;
}

/** @throws FederationError when another coordinator leads this run. */
export async function claimRun(path: string): Promise<RunClaim> {
  const lock = join(path, 'coordinator.lock');
  await takeLock(lock, path);
  const earlier = await readFile(join(path, 'job.json'), 'utf8').then(
    (text) => jobSchema.parse(JSON.parse(text)),
    () => undefined,
  );
  const job = earlier?.job ?? randomBytes(8).toString('hex');
  const epoch = (earlier?.epoch ?? 0) + 1;
  await writeResult(path, 'job.json', `${JSON.stringify({ job, epoch })}\n`);
  return { job, epoch, release: () => rm(lock, { force: true }) };
}

async function takeLock(lock: string, path: string): Promise<void> {
  const mine = JSON.stringify({ host: hostname(), pid: process.pid });
  for (let attempt = 0; ; attempt++) {
    const taken = await writeFile(lock, mine, { flag: 'wx' }).then(
      () => true,
      (error: NodeJS.ErrnoException) => {
        if (error.code !== 'EEXIST') throw error;
        return false;
      },
    );
    if (taken) return;
    const holder = await holderOf(lock);
    if (attempt > 0 || (holder !== undefined && isAlive(holder))) {
      const who = holder === undefined ? 'somebody' : `process ${holder.pid} on ${holder.host}`;
      throw new FederationError(`"${path}" is led by ${who} already`, {
        hint: `end that coordinator first; if there is none, remove ${lock}`,
      });
    }
    await rm(lock, { force: true });
  }
}

async function holderOf(lock: string) {
  try {
    return holderSchema.parse(JSON.parse(await readFile(lock, 'utf8')));
  } catch {
    return undefined;
  }
}

/** A process on another machine that shares the folder may be: only its operator knows. */
function isAlive({ host, pid }: z.output<typeof holderSchema>): boolean {
  if (host !== hostname()) return true;
  if (pid === process.pid) return false;
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
}
