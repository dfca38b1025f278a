/** The updates of a round as files of a run folder, for participants on this machine. Node only. */
import { join } from 'node:path';
import type { SafetensorsMetadata } from '../../../tensor/safetensors-header.js';
import { describeFile } from '../../../transport/blob-folder.js';
import { auxiliaryNames } from '../../methods/methods.js';
import type { FederationPlan } from '../../plan/plan-parts.js';
import { type RunFolder, stateFile } from '../../record/run-folder.js';
import type { RoundRecord } from '../../rounds/round.js';
import { copiedOf, recordOf } from './base-state.js';
import { decodedFiles } from './decoded-files.js';
import type { RoundUpdates } from './round-updates.js';
import { startFiles } from './start-files.js';
import { type UpdateFile, type UpdateFiles, updatesInFiles } from './updates-in-files.js';

export interface FolderRounds {
  readonly plan: FederationPlan;
  readonly folder: Pick<RunFolder, 'path' | 'soundFile'>;
  readonly rounds: readonly RoundRecord[];
  /** The metadata of a model's file. */
  readonly metadata?: SafetensorsMetadata | undefined;
}

/** Opens the updates of each round of a run. */
export const updatesOfFolder =
  (plan: FederationPlan, folder: FolderRounds['folder'], metadata?: SafetensorsMetadata) =>
  async (round: number, { rounds }: Pick<FolderRounds, 'rounds'>): Promise<RoundUpdates> =>
    updatesInFiles(await filesOfRun(round, { plan, folder, rounds, metadata }), plan);

/** @throws FederationError when a file is not the one in the journal. */
export async function filesOfRun(
  round: number,
  { plan, folder, rounds, metadata }: FolderRounds,
): Promise<UpdateFiles> {
  const record = recordOf(rounds, round);
  const names = auxiliaryNames([plan.strategy, ...plan.compared]);
  const updates: UpdateFile[] = [];
  for (const participant of record.closed.train?.counted ?? []) {
    const update = record.updates.get(participant);
    if (update === undefined) throw new Error(`internal: the update of "${participant}" is not in`);
    const attachments: Record<string, string> = {};
    for (const name of names) {
      const attached = update.attachments?.[name];
      if (attached === undefined) continue;
      attachments[name] = await folder.soundFile({ type: 'attachment', name, round, participant }, attached);
    }
    const path = await folder.soundFile({ type: 'update', round, participant }, update.sha256);
    updates.push({ participant, examples: update.examples, path, attachments });
  }
  const output = join(folder.path, stateFile({ type: 'merged', round }));
  const copied = round === 1 ? undefined : copiedOf(round - 1, plan, rounds);
  const starts = startFiles(
    folder.path,
    plan,
    copied && (() => folder.soundFile({ type: copied.type, round: round - 1 }, copied.sha256)),
  );
  const files = {
    ...{ updates, starts, output, metadata, hasColumns: true },
    keep: async () => (await describeFile(output)).sha256,
    remove: starts.remove,
  };
  return decodedFiles(files, plan, folder.path);
}
