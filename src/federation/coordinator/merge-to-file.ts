/**
 * The model that a strategy makes of received updates, written as a file: from files, chunk by chunk; in memory only where
 * units are put in another order first. Both give the same bytes as merging in memory. Node only.
 */
import { writeFileWhole } from '../../base/node/whole-file.js';
import { turnTaker } from '../../base/turns.js';
import { encodeModel, type ModelDescription, modelMetadata } from '../../engine/nn/model-file.js';
import { mergeFiles } from '../../merge/files/merge-files.js';
import { mergeInTurns } from '../../merge/memory/merge.js';
import type { Strategy } from '../../merge/strategy.js';
import type { StateDict } from '../../tensor/state-dict.js';
import type { BlobFolder } from '../../transport/transport.js';
import type { FederationPlan } from '../plan/plan-parts.js';
import type { UpdateRecord } from '../rounds/round-events.js';

export type MergeTo = (strategy: Strategy, output: string) => Promise<void>;

/** What is merged: the updates of a round, in the order of the participants. */
export interface Received {
  readonly updates: readonly UpdateRecord[];
  /** The file that they began with; nothing where everybody began with weights of its own. */
  readonly base: string | undefined;
}

export function mergeInFiles(
  { updates, base }: Received,
  mergeOn: FederationPlan['mergeOn'],
  model: ModelDescription,
  blobs: BlobFolder,
): MergeTo {
  const filesOf = (name: string) => [
    name,
    updates.map(({ attachments }) => blobs.pathOf(attachments?.[name] as string)),
  ];
  return async (strategy, output) => {
    const on = base === undefined ? 'weights' : (strategy.on ?? mergeOn);
    await mergeFiles({
      inputs: updates.map(({ sha256 }) => blobs.pathOf(sha256)),
      examples: updates.map(({ examples }) => examples),
      strategy,
      output,
      on,
      ...(on === 'updates' && base !== undefined && { base }),
      ...(strategy.auxiliaries && { auxiliaries: Object.fromEntries(strategy.auxiliaries.map(filesOf)) }),
      metadata: modelMetadata(model),
    });
  };
}

interface Alignment {
  readonly align: NonNullable<FederationPlan['align']>;
  readonly mergeOn: FederationPlan['mergeOn'];
  /** The names of the attachments that strategies need. */
  readonly auxiliaries: readonly string[];
}

export function mergeAligned(
  { updates, base }: Received,
  { align, mergeOn, auxiliaries: names }: Alignment,
  model: ModelDescription,
  load: (path: string) => Promise<StateDict>,
  blobs: BlobFolder,
): MergeTo {
  const prepare = async () => {
    const states = [];
    for (const { participant: name, examples, sha256, attachments } of updates) {
      const state = await load(blobs.pathOf(sha256));
      const auxiliaries: Record<string, StateDict> = {};
      for (const auxiliary of names) {
        const attached = attachments?.[auxiliary];
        if (attached !== undefined) auxiliaries[auxiliary] = await load(blobs.pathOf(attached));
      }
      states.push({ name, examples, state, auxiliaries });
    }
    const common = base === undefined ? undefined : await load(base);
    return { common, aligned: align(states, mergeOn === 'updates' ? common : undefined) };
  };
  let prepared: ReturnType<typeof prepare> | undefined;
  return async (strategy, output) => {
    prepared ??= prepare();
    const { common, aligned } = await prepared;
    const options = common === undefined ? ({ on: 'weights' } as const) : { on: mergeOn, base: common };
    await writeFileWhole(
      output,
      encodeModel(await mergeInTurns(strategy, aligned, options, turnTaker()), model),
    );
  };
}
