/**
 * The store of a run whose updates come from other machines. Received blobs are stored under their
 * hashes. What the coordinator makes is stored in the run folder under a name, and as a blob, too,
 * if participants fetch it. Node only.
 */

import { join } from 'node:path';
import type { MetricFacts } from '../../metrics/metric.js';
import { decodeSafetensors } from '../../tensor/safetensors.js';
import type { BlobFolder } from '../../transport/transport.js';
import { type RunFolder, stateFile } from '../record/run-folder.js';
import type { TwoCopies } from '../record/two-copies.js';
import { bestRound, staleRound } from '../rounds/best-round.js';
import type { RunState } from '../rounds/round.js';
import type { RoundEvent } from '../rounds/round-events.js';
import type { RunStore, StateRole } from '../rounds/run-store.js';
import { constantsOf } from '../rounds/survey-phases.js';

/**
 * The roles that participants send beside updates, which are read as files
 * (closing/files-of-received.ts).
 */
const received = new Set<StateRole['type']>(['attachment', 'survey', 'features']);
/** The roles that are stored twice: participants fetch them, or the next round needs them. */
const twice = new Set<StateRole['type']>([
  ...(['constants', 'merged', 'common', 'average', 'server', 'solution', 'refitted'] as const),
]);

export function receivingStore(folder: RunFolder, blobs: BlobFolder, copies: TwoCopies): RunStore {
  return {
    ...folder,
    async put(role, state, base) {
      const sha256 = await folder.put(role, state, base);
      if (twice.has(role.type)) await blobs.copy(join(folder.path, stateFile(role)));
      return sha256;
    },
    async get(role, sha256, base) {
      if (twice.has(role.type)) await copies.mendFile(role, sha256);
      if (!received.has(role.type)) return folder.get(role, sha256, base);
      return decodeSafetensors(await blobs.get(sha256), `the ${role.type} ${sha256.slice(0, 12)}…`).state;
    },
  };
}

/** The states that a round leaves to later rounds. */
const left = (round: number, methods: readonly string[]): StateRole[] => [
  ...(['merged', 'server', 'average', 'refitted'] as const).map((type) => ({ type, round })),
  ...methods.map((name) => ({ type: 'common' as const, name, round })),
];

/**
 * Removes files that no later step reads: files of finished rounds; models, with their slots and
 * averages, that are void or older than the last `keep`; and blobs that nothing refers to, such as
 * a late update.
 */
export async function discardReceived(
  event: RoundEvent,
  { rounds }: RunState,
  { folder, blobs, methods, keep, bestBy, given }: Discarding,
): Promise<void> {
  if (event.type === 'rolled-back') {
    for (let round = event.to + 1; round <= event.round; round++) {
      for (const role of left(round, methods)) await folder.discard(role);
    }
  }
  if (event.type !== 'merged' && event.type !== 'refitted') return;
  const { round } = event;
  if (event.type === 'refitted') await folder.discard({ type: 'solution', round });
  const stale = staleRound(rounds, round - keep, bestBy);
  if (stale !== undefined) {
    for (const role of left(stale, methods)) await folder.discard(role);
  }
  const kept = rounds.slice(Math.max(0, round - keep), round);
  const best = bestBy && bestRound(rounds.slice(0, Math.max(0, round - keep)), bestBy);
  const needed = [...rounds.filter((one) => one.round === best?.round), ...kept].flatMap(
    ({ merged, refitted }) => {
      if (merged === undefined) return [];
      const { sha256, average, server, common = {} } = merged;
      return [sha256, average, server, ...Object.values(common), refitted?.sha256];
    },
  );
  const all = [...needed, constantsOf(rounds), ...given];
  await blobs.discardOthers(new Set(all.filter((sha256) => sha256 !== undefined)));
}

interface Discarding {
  readonly folder: RunFolder;
  readonly blobs: BlobFolder;
  /** The names of the run's methods. */
  readonly methods: readonly string[];
  /** The number of rounds whose models are kept. */
  readonly keep: number;
  readonly bestBy: MetricFacts | undefined;
  /** The blobs that existed before round 1. */
  readonly given: Iterable<string>;
}
