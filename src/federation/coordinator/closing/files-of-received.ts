/**
 * The updates of a round as files from other machines, in the order of the participants, not of
 * arrival. Each file is compared with its hash while it is merged, even if it has just arrived.
 * Node only.
 */
import { join } from 'node:path';
import { type ModelDescription, modelMetadata } from '../../../engine/nn/model-file.js';
import { layoutSize } from '../../../tensor/state-dict.js';
import type { BlobFolder } from '../../../transport/transport.js';
import type { FederationPlan } from '../../plan/plan-parts.js';
import { type RunFolder, stateFile } from '../../record/run-folder.js';
import type { TwoCopies } from '../../record/two-copies.js';
import { baseOf, type RunState } from '../../rounds/round.js';
import type { UpdateRecord } from '../../rounds/round-events.js';
import { recordOf } from './base-state.js';
import { decodedFiles } from './decoded-files.js';
import { requireSound } from './sound-updates.js';
import { startFiles } from './start-files.js';
import type { UpdateFiles } from './updates-in-files.js';

export interface ReceivedRounds {
  readonly plan: Omit<FederationPlan, 'shares' | 'attackers'>;
  readonly model: ModelDescription;
  readonly folder: Pick<RunFolder, 'path'>;
  readonly blobs: BlobFolder;
  readonly copies: TwoCopies;
  /** The SHA-256 of the model that round 1 begins with, if one was given. */
  readonly initial: string | undefined;
}

/** A coordinator of participants elsewhere never holds a larger model in memory. */
export const IN_MEMORY_BYTES = 128 * 2 ** 20;

/**
 * Merging fails with DamagedUpdateError if a file is not the one in the journal. The file is then
 * removed, and can be sent again.
 */
export function filesOfReceived(
  round: number,
  state: RunState,
  { plan, model, folder, blobs, copies, initial }: ReceivedRounds,
): UpdateFiles {
  const { updates, closed } = recordOf(state.rounds, round);
  const counted = (closed.train?.counted ?? []).map((name) => updates.get(name) as UpdateRecord);
  const sound = requireSound(counted, blobs);
  sound.catch(() => undefined);
  const output = join(folder.path, stateFile({ type: 'merged', round }));
  const base = baseOf(state, round, initial);
  const starts = startFiles(
    folder.path,
    plan,
    base === undefined
      ? undefined
      : async () => {
          await copies.mendBlob(base, state.rounds);
          return blobs.pathOf(base);
        },
  );
  const isLarge = 4 * layoutSize(plan.layout) > IN_MEMORY_BYTES;
  const files = {
    updates: counted.map(({ participant, examples, sha256, attachments = {} }) => ({
      ...{ participant, examples, path: blobs.pathOf(sha256) },
      attachments: Object.fromEntries(
        Object.entries(attachments).map(([name, attached]) => [name, blobs.pathOf(attached)]),
      ),
    })),
    ...{ starts, remove: starts.remove, hasColumns: !isLarge },
    output,
    metadata: modelMetadata(model),
    keep: async () => (await blobs.copy(output)).sha256,
    sound,
  };
  return decodedFiles(files, plan, folder.path);
}
