/**
 * The store of a run whose updates come from other machines. What is received lies among the blobs, under its hash; what the
 * coordinator makes lies in the run folder, under a name, and among the blobs too where participants fetch it. Node only.
 */
import { join } from 'node:path';
import { decodeSafetensors } from '../tensor/safetensors.js';
import type { BlobFolder } from '../transport/transport.js';
import type { RunState } from './round.js';
import type { RoundEvent } from './round-events.js';
import { fileOf, type RunFolder } from './run-folder.js';
import type { RunStore, StateRole } from './run-store.js';

/** What participants send, and what they fetch. */
const received = new Set<StateRole['type']>(['update', 'fisher', 'control-change']);
const fetched = new Set<StateRole['type']>(['merged', 'control', 'average']);

export function receivingStore(folder: RunFolder, blobs: BlobFolder): RunStore {
  return {
    ...folder,
    async put(role, state) {
      const sha256 = await folder.put(role, state);
      if (fetched.has(role.type)) await blobs.link(join(folder.path, fileOf(role)));
      return sha256;
    },
    async get(role, sha256) {
      if (!received.has(role.type)) return folder.get(role, sha256);
      return decodeSafetensors(await blobs.get(sha256), `the ${role.type} ${sha256.slice(0, 12)}…`).state;
    },
  };
}

/** Removes what no later step reads: updates that are merged, models that are older than the last `keep`. */
export async function discardReceived(
  event: RoundEvent,
  { rounds }: RunState,
  { folder, blobs, keep }: { folder: RunFolder; blobs: BlobFolder; keep: number },
): Promise<void> {
  if (event.type !== 'merged') return;
  const { round } = event;
  for (const { sha256, fisher, controls } of rounds[round - 1]?.updates.values() ?? []) {
    for (const blob of [sha256, fisher, controls?.change]) if (blob !== undefined) await blobs.discard(blob);
  }
  const before = rounds[round - 2]?.merged;
  if (event.server !== undefined) await folder.discard({ type: 'server', round: round - 1 });
  if (event.control !== undefined && before?.control !== undefined) {
    await folder.discard({ type: 'control', round: round - 1 });
    await blobs.discard(before.control);
  }
  if (event.average !== undefined && before?.average !== undefined) {
    await folder.discard({ type: 'average', round: round - 1 });
    await blobs.discard(before.average);
  }
  const old = rounds[round - keep - 1]?.merged;
  if (old === undefined) return;
  await folder.discard({ type: 'merged', round: round - keep });
  await blobs.discard(old.sha256);
}
