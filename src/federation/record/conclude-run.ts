/**
 * What a run leaves behind when it ends, or is interrupted: its result, and the final model as
 * files. Node only.
 */
import { join } from 'node:path';
import type { Share } from '../../data/partition/partition.js';
import { exportInference } from '../../engine/nn/export-inference.js';
import type { Network } from '../../engine/nn/layers/network.js';
import type { Task } from '../../engine/nn/tasks/task.js';
import type { Configuration } from '../../protocol/configuration/configuration.js';
import type { ColumnSpec } from '../../tensor/column-spec.js';
import type { StateDict } from '../../tensor/state-dict.js';
import type { FrozenWeights } from '../plan/compile-federation.js';
import { versionsOfThis, versionsThen } from '../plan/node/versions.js';
import type { RunState } from '../rounds/round.js';
import { isFinished } from '../rounds/rounds.js';
import type { RunStore, StateRole } from '../rounds/run-store.js';
import { sha256Of } from './run-folder.js';
import { metricsCsv, type RunResult, runResult } from './run-result.js';
import { writeResult } from './write-result.js';

/** Why a run that is not finished ended. */
export type CutShort = 'interrupted' | 'diverged';

/** The result, and the model of the last round where there is one that memory can hold. */
export interface FederationOutcome {
  readonly result: RunResult;
  readonly model: StateDict | undefined;
}

export interface Conclusion {
  readonly out: string | undefined;
  readonly configuration: Configuration;
  readonly network: Network;
  readonly inputs: readonly ColumnSpec[];
  readonly task: Task;
  readonly store: RunStore;
  /** Everybody's, where they are on this machine. */
  readonly shares?: readonly Share[] | undefined;
  /** Weights that stay as they are are no part of what the store has, but of the final model. */
  readonly frozen?: FrozenWeights | undefined;
  /** The file of a model. */
  encode(model: StateDict): Uint8Array;
  /**
   * For models that are too large to be held in memory: the kept file becomes the final one, and
   * there is no ONNX file.
   */
  readonly linkFinal?: ((role: StateRole) => Promise<void>) | undefined;
}

export async function concludeRun(
  { out, configuration, network, inputs, task, store, shares, encode, frozen, linkFinal }: Conclusion,
  state: RunState,
  cutShort?: CutShort,
): Promise<FederationOutcome> {
  const final = finalRole(state, configuration);
  const kept = linkFinal === undefined ? final && (await store.get(final.role, final.sha256)) : undefined;
  const model = kept && (frozen?.complete(kept) ?? kept);
  // What was rounded for its way is plain here, and what is frozen is part of it.
  const bytes = model && encode(model);
  const file = out === undefined ? '' : join(out, 'model.safetensors');
  const result = runResult({
    configuration,
    state,
    versions: (isFinished(state) && (await versionsThen(out))) || versionsOfThis(),
    ...(cutShort && { cutShort }),
    ...(final && { model: { file, sha256: bytes === undefined ? final.sha256 : sha256Of(bytes) } }),
    validationExamples: shares?.map(({ name, validation }) => ({ name, examples: validation.length })),
  });
  if (out === undefined) return { result, model };
  if (final !== undefined) await linkFinal?.(final.role);
  if (model !== undefined && bytes !== undefined) {
    const { layout, data } = model;
    await writeResult(out, 'model.safetensors', bytes);
    const inference = exportInference({ network, layout, state: data, inputs, task });
    await writeResult(out, 'model.onnx', inference);
  }
  await writeResult(out, 'metrics.csv', metricsCsv(result));
  await writeResult(out, 'result.json', `${JSON.stringify(result, null, 2)}\n`);
  return { result, model };
}

/**
 * The model of the last round that was merged, refitted where it was, or the average where that is
 * to be the final one.
 */
export function finalRole(
  { rounds }: Pick<RunState, 'rounds'>,
  { average }: Pick<Configuration, 'average'>,
): { readonly role: StateRole; readonly sha256: string } | undefined {
  const last = rounds.findLast(({ merged }) => merged !== undefined);
  if (last?.merged === undefined) return undefined;
  const { round, merged, refitted } = last;
  if (refitted !== undefined) return { role: { type: 'refitted', round }, sha256: refitted.sha256 };
  return average?.final && merged.average !== undefined
    ? { role: { type: 'average', round }, sha256: merged.average }
    : { role: { type: 'merged', round }, sha256: merged.sha256 };
}
