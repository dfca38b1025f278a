/**
 * Says after which rounds a run can be resumed: those whose model is kept, with everything else
 * that the next round needs. Node only.
 */
import { access } from 'node:fs/promises';
import { join } from 'node:path';
import type { BlobFolder } from '../../transport/transport.js';
import { FederationError } from '../error.js';
import type { RoundRecord, RunState } from '../rounds/round.js';
import type { StateRole } from '../rounds/run-store.js';
import { constantsOf } from '../rounds/survey-phases.js';
import { stateFile } from './run-folder.js';
import type { TwoCopies } from './two-copies.js';

export interface RunFiles {
  /** The run folder. */
  readonly path: string;
  readonly blobs: BlobFolder;
  readonly copies: TwoCopies;
}

/**
 * Says in words why the run cannot be resumed after round `to`, which is over. Undefined if it can,
 * and its files are sound.
 */
export async function returnProblem(
  to: number,
  { rounds }: RunState,
  kept: RunFiles,
): Promise<string | undefined> {
  try {
    for (const { role, sha256 } of filesUntil(to, rounds)) {
      await kept.copies.mendFile(role, sha256);
      await kept.copies.mendBlob(sha256, rounds);
    }
    return undefined;
  } catch (error) {
    if (!(error instanceof FederationError)) throw error;
  }
  const left: number[] = [];
  for (let round = 0; round < rounds.length; round++) {
    const files = await Promise.all(filesUntil(round, rounds).map((file) => isThere(file, kept)));
    if (round !== to && files.every(Boolean)) left.push(round);
  }
  return `the model of round ${to} is not kept any more, or is damaged; it can go back to ${listed(left)} ("keep" says of how many rounds the models stay)`;
}

interface File {
  readonly role: StateRole;
  readonly sha256: string;
}

/** The files that later rounds need: of this one, and the constants made before round 1. */
function filesUntil(round: number, rounds: readonly RoundRecord[]): File[] {
  const constants = round === 0 ? undefined : constantsOf(rounds);
  return [
    ...filesOf(rounds[round - 1]),
    ...(constants === undefined
      ? []
      : [{ role: { type: 'constants', round: 1 } as const, sha256: constants }]),
  ];
}

/** Those from one round. */
function filesOf(record: RoundRecord | undefined): File[] {
  if (record?.merged === undefined) return [];
  const { round, merged, refitted } = record;
  const files = [{ role: { type: 'merged', round } as StateRole, sha256: merged.sha256 }];
  for (const [name, sha256] of Object.entries(merged.common ?? {})) {
    files.push({ role: { type: 'common', name, round }, sha256 });
  }
  for (const type of ['average', 'server'] as const) {
    const sha256 = merged[type];
    if (sha256 !== undefined) files.push({ role: { type, round }, sha256 });
  }
  if (refitted !== undefined) files.push({ role: { type: 'refitted', round }, sha256: refitted.sha256 });
  return files;
}

const isThere = async ({ role, sha256 }: File, { path, blobs }: RunFiles) =>
  (await blobs.has(sha256)) ||
  access(join(path, stateFile(role))).then(
    () => true,
    () => false,
  );

/** The rounds in words; round 0 is always among them. */
const listed = (rounds: readonly number[]) =>
  rounds.length === 1 ? `${rounds[0]}` : `${rounds.slice(0, -1).join(', ')} and ${rounds.at(-1)}`;
