/**
 * A claim on a folder: one process at a time works in it. The next process takes the next number,
 * by creating a file that only one process can create:
 *
 *     lease-3.json    which process it is; touched every two seconds while it is at work
 *
 * The largest number holds the folder, and only a holder with a larger number removes its file. So
 * of many processes that try at once exactly one gets the folder. A process that was wrongly taken
 * for dead notices it by `check`: it is fenced, and records nothing more. A holder that ends writes
 * so into its file. If a holder was killed on this system, its process is gone, and a restart does
 * not wait. Elsewhere it counts as killed if its lease did not change while we watched. No two
 * clocks are compared. Node only.
 */
import { open, readdir, rm, utimes } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';
import { InterruptedError } from '../../base/interrupted.js';
import { reasonOf } from '../../base/node/reason.js';
import { writeFileWhole } from '../../base/node/whole-file.js';
import { FencedError } from '../../transport/error.js';
import { FederationError } from '../error.js';
import { type Clock, systemClock } from '../rounds/clock.js';
import {
  identityOfThis,
  isRunning,
  type ProcessIdentity,
  processIdentitySchema,
} from './process-identity.js';
import { cannotWrite } from './write-result.js';

const BEAT_SECONDS = 2;
/** The holder counts as gone after so many beats without a change. */
const BEATS_MISSED = 5;

export interface FolderClaim {
  /** The number of the claim: from 1, larger with every process that holds the folder. */
  readonly number: number;
  /** Aborted when another process has taken the folder; its reason is the error. */
  readonly signal: AbortSignal;
  /** @throws FencedError when another process has taken the folder */
  check(): Promise<void>;
  release(): Promise<void>;
}

export interface ClaimOptions {
  /** Numbers up to this one have been used before. */
  readonly floor?: number | undefined;
  /** Fences the present holder at once: the caller knows that it no longer leads. */
  readonly force?: boolean | undefined;
  /** Whether to wait for a live holder, because it has been told to end. */
  readonly patient?: boolean | undefined;
  /** Told in words which process we wait for, and how long. */
  readonly onWaiting?: ((notice: string) => void) | undefined;
  readonly signal?: AbortSignal | undefined;
  readonly clock?: Pick<Clock, 'after'> | undefined;
  /** The process that claims; this one by default. */
  readonly identity?: ProcessIdentity | undefined;
}

const leaseSchema = z.union([
  z.strictObject({ released: z.literal(true) }),
  z.strictObject({ holder: processIdentitySchema }),
]);

interface Lease {
  readonly number: number;
  /** Undefined if the holder has ended. */
  readonly holder: ProcessIdentity | undefined;
  /** Changes with every beat of the holder. */
  readonly sign: string;
}

/**
 * Claims the folder, which must exist.
 * @throws FederationError when another process works in it
 * @throws InterruptedError when the signal is aborted while it waits
 */
export async function claimFolder(path: string, options: ClaimOptions = {}): Promise<FolderClaim> {
  const { floor = 0, force = false } = options;
  const holder = options.identity ?? (await identityOfThis());
  for (;;) {
    const latest = await latestLease(path);
    if (latest !== undefined && !force) await waitUntilFree(path, latest, holder, options);
    const number = Math.max(latest?.number ?? 0, floor) + 1;
    if (!(await make(path, number, holder))) continue;
    // Others may have claimed and removed files since we looked, so the numbers are read again.
    const numbers = await numbersIn(path);
    if (numbers.some((other) => other > number)) {
      await rm(leaseFile(path, number), { force: true });
      continue;
    }
    for (const other of numbers) if (other < number) await rm(leaseFile(path, other), { force: true });
    return hold(path, number, options.clock ?? systemClock());
  }
}

/** @throws FederationError when a process that is known to run works in the folder */
export async function requireUnused(path: string): Promise<void> {
  const { holder } = (await latestLease(path).catch(() => undefined)) ?? {};
  if (holder !== undefined && (await isRunning(holder, await identityOfThis()))) throw inUse(path, holder);
}

/** Creates the file; of many processes that try, one succeeds. */
async function make(path: string, number: number, holder: ProcessIdentity): Promise<boolean> {
  const file = leaseFile(path, number);
  try {
    await writeFileWhole(file, `${JSON.stringify({ holder })}\n`, { exclusive: true, mode: 0o600 });
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EEXIST') return false;
    throw cannotWrite(file, error);
  }
}

function hold(path: string, number: number, clock: Pick<Clock, 'after'>): FolderClaim {
  const file = leaseFile(path, number);
  const ending = new AbortController();
  let cancel = () => {};
  let released = false;
  const isHeld = async () => {
    const numbers = await numbersIn(path);
    return numbers.includes(number) && numbers.every((other) => other <= number);
  };
  const check = async () => {
    if (!ending.signal.aborted && !(await isHeld())) ending.abort(fenced(path));
    if (ending.signal.aborted) throw ending.signal.reason;
  };
  const beat = async () => {
    const now = new Date();
    // A file that cannot be touched now may be later. Every fact checks the claim anyway.
    await utimes(file, now, now).catch(() => undefined);
    await check().catch(() => undefined);
    if (!released && !ending.signal.aborted) goOn();
  };
  const goOn = () => {
    cancel = clock.after(BEAT_SECONDS, () => void beat());
  };
  goOn();
  return {
    number,
    signal: ending.signal,
    check,
    async release() {
      cancel();
      if (released) return;
      released = true;
      // If the end cannot be written, others notice that the process is gone or silent.
      if (await isHeld().catch(() => false))
        await writeFileWhole(file, `${JSON.stringify({ released: true })}\n`, { mode: 0o600 }).catch(
          () => undefined,
        );
    },
  };
}

/** @throws FederationError when the holder is alive */
async function waitUntilFree(
  path: string,
  { number, holder, sign }: Lease,
  here: ProcessIdentity,
  { patient = false, onWaiting, signal, clock = systemClock() }: ClaimOptions,
): Promise<void> {
  if (holder === undefined) return;
  const running = await isRunning(holder, here);
  if (running === false) return;
  if (running && !patient) throw inUse(path, holder);
  onWaiting?.(
    `"${path}" was last used by ${nameOf(holder)}: this process goes on if nothing is heard of that one for ${BEAT_SECONDS * BEATS_MISSED} s`,
  );
  let alive = running === true;
  for (let missed = 0; missed < BEATS_MISSED; missed++) {
    await pause(BEAT_SECONDS, clock, signal);
    const now = await latestLease(path);
    if (now === undefined || now.number !== number || now.holder === undefined) return;
    if ((await isRunning(holder, here)) === false) return;
    alive ||= now.sign !== sign;
    if (alive && !patient) break;
  }
  if (alive) throw inUse(path, holder);
}

function pause(seconds: number, clock: Pick<Clock, 'after'>, signal: AbortSignal | undefined): Promise<void> {
  return new Promise((resolve, reject) => {
    const end = () => {
      cancel();
      reject(new InterruptedError('interrupted'));
    };
    const cancel = clock.after(seconds, () => {
      signal?.removeEventListener('abort', end);
      resolve();
    });
    signal?.addEventListener('abort', end, { once: true });
    if (signal?.aborted) end();
  });
}

const leaseFile = (path: string, number: number) => join(path, `lease-${number}.json`);

async function numbersIn(path: string): Promise<number[]> {
  const names = await readdir(path).catch((cause: unknown) => {
    throw new FederationError(`"${path}" cannot be read: ${reasonOf(cause)}`, { cause });
  });
  return names.flatMap((name) => {
    const [, number] = /^lease-([1-9]\d{0,14})\.json$/.exec(name) ?? [];
    return number === undefined ? [] : [Number(number)];
  });
}

async function latestLease(path: string): Promise<Lease | undefined> {
  const number = Math.max(0, ...(await numbersIn(path)));
  if (number === 0) return undefined;
  const file = leaseFile(path, number);
  // Opening the file makes a network file system fetch its present state.
  const handle = await open(file).catch(() => undefined);
  // A holder with a larger number removed it.
  if (handle === undefined) return latestLease(path);
  try {
    const [{ mtimeMs }, text] = [await handle.stat(), await handle.readFile('utf8')];
    return { number, holder: holderIn(text), sign: `${mtimeMs} ${text}` };
  } finally {
    await handle.close();
  }
}

/** A file that cannot be read as a lease has no holder. */
function holderIn(text: string): ProcessIdentity | undefined {
  try {
    const lease = leaseSchema.parse(JSON.parse(text));
    return 'holder' in lease ? lease.holder : undefined;
  } catch {
    return undefined;
  }
}

const nameOf = ({ host, pid }: ProcessIdentity) => `process ${pid} on ${host}`;

const inUse = (path: string, holder: ProcessIdentity) =>
  new FederationError(`"${path}" is in use by ${nameOf(holder)}`, {
    hint: 'wait until that process has ended, or end it first',
    transient: true,
  });

const fenced = (path: string) =>
  new FencedError(
    `federation: another process has taken over "${path}": nothing more is recorded by this one`,
    {
      hint: 'end one of the two; what was recorded before counts',
    },
  );
