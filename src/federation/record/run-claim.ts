/**
 * A claim to lead a run: one coordinator at a time for a folder, each with a larger number than the
 * one before, and one job ID for the whole run. Node only.
 */
import { randomBytes } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';
import { writeFileWhole } from '../../base/node/whole-file.js';
import { FederationError } from '../error.js';
import { type ClaimOptions, claimFolder, type FolderClaim } from './folder-claim.js';
import { JOURNAL_VERSION } from './journal-version.js';
import { cannotWrite, writeResult } from './write-result.js';

const jobSchema = z.strictObject({
  job: z.string().regex(/^[0-9a-f]{16}$/),
  epoch: z.int().nonnegative(),
  /** See `checkJournalVersion`. */
  journal: z.int().positive(),
});

/** The job ID: 16 hexadecimal digits, drawn at the first start and kept. */
export async function jobOf(path: string): Promise<string> {
  return (await readOrMakeJob(path)).job;
}

export interface RunClaimOptions extends Pick<ClaimOptions, 'signal' | 'onWaiting' | 'clock' | 'identity'> {
  /**
   * The epoch of this leader on the transport. It becomes the number of the claim, and an earlier
   * holder is fenced.
   */
  readonly leads?: number | undefined;
}

/**
 * Takes over the run.
 * @throws FederationError when another process leads it, and as `claimFolder` does
 */
export async function claimRun(
  path: string,
  { leads, ...options }: RunClaimOptions = {},
): Promise<FolderClaim> {
  const { job, epoch } = await readOrMakeJob(path);
  const floor = Math.max(epoch, (leads ?? 1) - 1);
  const claim = await claimFolder(path, { ...options, force: leads !== undefined, floor });
  try {
    await writeResult(path, 'job.json', jobText({ job, epoch: claim.number }));
    return claim;
  } catch (error) {
    await claim.release();
    throw error;
  }
}

const jobText = (known: { readonly job: string; readonly epoch: number }) =>
  `${JSON.stringify({ ...known, journal: JOURNAL_VERSION })}\n`;

async function readOrMakeJob(path: string): Promise<z.output<typeof jobSchema>> {
  const file = join(path, 'job.json');
  const known = await readJob(file);
  if (known !== undefined) return known;
  const made = jobText({ job: randomBytes(8).toString('hex'), epoch: 0 });
  // If two processes begin at once, one of them places its file, whole even if it is killed.
  await writeFileWhole(file, made, { exclusive: true }).catch((error: NodeJS.ErrnoException) => {
    if (error.code !== 'EEXIST') throw cannotWrite(file, error);
  });
  return readOrMakeJob(path);
}

/**
 * The largest epoch that the run has had, by any leader and any transport. Participants ignore
 * leaders with smaller ones.
 */
export async function lastEpochOf(path: string): Promise<number> {
  return (await readJob(join(path, 'job.json')))?.epoch ?? 0;
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
