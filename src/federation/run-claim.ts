/**
 * Who leads a run: one coordinator at a time for a folder, each with a larger epoch than the one before, and one job number
 * for the whole run. A lock that a killed coordinator left behind is taken over. Node only.
 */
import { randomBytes } from 'node:crypto';
import { link, readFile, rm, writeFile } from 'node:fs/promises';
import { hostname } from 'node:os';
import { join } from 'node:path';
import { z } from 'zod';
import { FederationError } from './error.js';
import { JOURNAL_VERSION } from './journal-version.js';
import { cannotWrite, writeResult } from './write-result.js';

const jobSchema = z.strictObject({
  job: z.string().regex(/^[0-9a-f]{16}$/),
  epoch: z.int().nonnegative(),
  /** See `checkJournalVersion`. */
  journal: z.int().positive().default(JOURNAL_VERSION),
});
const holderSchema = z.strictObject({ host: z.string(), pid: z.int().positive() });

export interface RunClaim {
  /** Of this start: from 1. */
  readonly epoch: number;
  release(): Promise<void>;
}

/** 16 hexadecimal digits, drawn at the first start, and the same at every other. */
export async function jobOf(path: string): Promise<string> {
  const file = join(path, 'job.json');
  const known = await readJob(file);
  if (known !== undefined) return known.job;
  const job = { job: randomBytes(8).toString('hex'), epoch: 0, journal: JOURNAL_VERSION };
  const mine = await writeResult(path, `job.json.${job.job}.part`, `${JSON.stringify(job)}\n`);
  // Of two that begin at once, one has its own in place: whole, whenever it is killed.
  await link(mine, file).catch((error: NodeJS.ErrnoException) => {
    if (error.code !== 'EEXIST') throw cannotWrite(file, error);
  });
  await rm(mine);
  return ((await readJob(file)) ?? job).job;
}

/**
 * Takes the run over.
 * @throws FederationError when another coordinator leads it
 */
export async function claimRun(path: string): Promise<RunClaim> {
  const lock = join(path, 'coordinator.lock');
  await takeLock(lock, path);
  const job = await jobOf(path);
  const epoch = ((await readJob(join(path, 'job.json')))?.epoch ?? 0) + 1;
  await writeResult(path, 'job.json', `${JSON.stringify({ job, epoch, journal: JOURNAL_VERSION })}\n`);
  return { epoch, release: () => rm(lock, { force: true }) };
}

async function readJob(file: string): Promise<z.output<typeof jobSchema> | undefined> {
  const text = await readFile(file, 'utf8').catch(() => undefined);
  if (text === undefined) return undefined;
  const parsed = jobSchema.safeParse(parseJson(text));
  if (parsed.success) return parsed.data;
  throw new FederationError(`"${file}" is damaged`, {
    hint: 'put back what was there: participants know the run by it',
  });
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

async function takeLock(lock: string, path: string): Promise<void> {
  const mine = JSON.stringify({ host: hostname(), pid: process.pid });
  for (let attempt = 0; ; attempt++) {
    const taken = await writeFile(lock, mine, { flag: 'wx' }).then(
      () => true,
      (error: NodeJS.ErrnoException) => {
        if (error.code !== 'EEXIST') throw cannotWrite(lock, error);
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
