/**
 * A claim on a folder: one process at a time works in it. The next process takes the next number,
 * by a file that only one can make:
 *
 *     lease-3.json    which process it is; touched every two seconds while it is at work
 *
 * The largest number holds the folder, and only a larger one removes it. So of many processes that
 * try at once exactly one gets the folder. A process that was wrongly taken for dead finds out by
 * looking (`check`): it is fenced, and records nothing any more. A holder that has ended says so in
 * its file. A killed holder is recognized by its process if it ran on this system, so that a
 * restart does not wait; elsewhere by its lease, if that has not changed while we watched. No two
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
/** After so many beats without a sign the holder counts as gone. */
const BEATS_MISSED = 5;

export interface FolderClaim {
  /** From 1, larger with every process that has held the folder. */
  readonly number: number;
  /** Ends when another has taken the folder; its reason is the error. */
  readonly signal: AbortSignal;
  /** @throws FencedError when another has taken the folder */
  check(): Promise<void>;
  release(): Promise<void>;
}

export interface ClaimOptions {
  /** Numbers up to this one have been given before. */
  readonly floor?: number | undefined;
  /**
   * Its present holder is fenced at once: it is known from elsewhere that it may do nothing any
   * more.
   */
  readonly force?: boolean | undefined;
  /** Waits a while for a holder that is alive: it has been told to end. */
  readonly patient?: boolean | undefined;
  /** Told whom we wait for, and how long. */
  readonly onWaiting?: ((notice: string) => void) | undefined;
  readonly signal?: AbortSignal | undefined;
  readonly clock?: Pick<Clock, 'after'> | undefined;
  /** Who claims; this process. */
  readonly identity?: ProcessIdentity | undefined;
}

const leaseSchema = z.union([
  z.strictObject({ released: z.literal(true) }),
  z.strictObject({ holder: processIdentitySchema }),
]);

interface Lease {
  readonly number: number;
  /** Undefined where it has ended. */
  readonly holder: ProcessIdentity | undefined;
  /** Changes with every sign of life. */
  readonly sign: string;
}

/**
 * Takes the folder, which must be there.
 * @throws FederationError when another process is at work in it
 * @throws InterruptedError when the signal came while it waited
 */
export async function claimFolder(path: string, options: ClaimOptions = {}): Promise<FolderClaim> {
  const { floor = 0, force = false } = options;
  const holder = options.identity ?? (await identityOfThis());
  for (;;) {
    const latest = await latestLease(path);
    if (latest !== undefined && !force) await waitUntilFree(path, latest, holder, options);
    const number = Math.max(latest?.number ?? 0, floor) + 1;
    if (!(await make(path, number, holder))) continue;
    // We may have looked before others came and went: what they removed stood in nobody's way.
    const numbers = await numbersIn(path);
    if (numbers.some((other) => other > number)) {
      await rm(leaseFile(path, number), { force: true });
      continue;
    }
    for (const other of numbers) if (other < number) await rm(leaseFile(path, other), { force: true });
    return hold(path, number, options.clock ?? systemClock());
  }
}

/** @throws FederationError when a process that is known to run is at work in the folder */
export async function requireUnused(path: string): Promise<void> {
  const { holder } = (await latestLease(path).catch(() => undefined)) ?? {};
  if (holder !== undefined && (await isRunning(holder, await identityOfThis()))) throw inUse(path, holder);
}

/** One of many who try makes the file. */
async function make(path: string, number: number, holder: ProcessIdentity): Promise<boolean> {
  const file = leaseFile(path, number);
  try {
    await writeFileWhole(file, `${JSON.stringify({ holder })}\n`, { exclusive: true });
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
    // What cannot be read or touched now may be later; what must be known is asked again at every
    // fact.
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
      // Who cannot say that it ends is known by its process, or by its silence.
      if (await isHeld().catch(() => false))
        await writeFileWhole(file, `${JSON.stringify({ released: true })}\n`).catch(() => undefined);
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
  // Opening it asks the server of a shared folder how it is now.
  const handle = await open(file).catch(() => undefined);
  // It was removed by a larger one.
  if (handle === undefined) return latestLease(path);
  try {
    const [{ mtimeMs }, text] = [await handle.stat(), await handle.readFile('utf8')];
    return { number, holder: holderIn(text), sign: `${mtimeMs} ${text}` };
  } finally {
    await handle.close();
  }
}

/** What a person or a fault has made of the file holds nobody back. */
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
