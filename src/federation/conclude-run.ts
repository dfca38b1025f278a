/** What a run leaves behind when it ends, or is interrupted: its result, and the final model as files. Node only. */
import { join } from 'node:path';
import { exportInference } from '../nn/export-inference.js';
import type { Network } from '../nn/network.js';
import type { Configuration } from '../protocol/configuration.js';
import type { StateDict } from '../tensor/state-dict.js';
import { isFinished, type RunState } from './round.js';
import { sha256Of, writeResult } from './run-folder.js';
import { metricsCsv, type RunResult, runResult } from './run-result.js';
import type { RunStore, StateRole } from './run-store.js';
import { versionsOfThis, versionsThen } from './versions.js';

/** Why a run that is not finished ended. */
export type CutShort = 'interrupted' | 'diverged';

/** The result, and the model of the last round where there is one. */
export interface FederationOutcome {
  readonly result: RunResult;
  readonly model: StateDict | undefined;
}

export interface Conclusion {
  readonly out: string | undefined;
  readonly configuration: Configuration;
  readonly network: Network;
  readonly imageShape: readonly [number, number, number];
  readonly store: RunStore;
  /** The file of a model. */
  encode(model: StateDict): Uint8Array;
}

export async function concludeRun(
  { out, configuration, network, imageShape, store, encode }: Conclusion,
  state: RunState,
  cutShort?: CutShort,
): Promise<FederationOutcome> {
  const final = finalRole(state, configuration);
  const model = final && (await store.get(final.role, final.sha256));
  const { normalization } = configuration;
  const files = model && {
    safetensors: encode(model),
    onnx: () =>
      exportInference({ network, layout: model.layout, state: model.data, imageShape, normalization }),
  };
  return { result: await writeResults(out, configuration, state, files, cutShort), model };
}

/** The model of the last round that was merged, refitted where it was, or the average where that is to be the final one. */
export function finalRole(
  { rounds }: RunState,
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

async function writeResults(
  out: string | undefined,
  configuration: Configuration,
  state: RunState,
  files: { safetensors: Uint8Array; onnx: () => Uint8Array } | undefined,
  cutShort: CutShort | undefined,
): Promise<RunResult> {
  const file = out === undefined ? '' : join(out, 'model.safetensors');
  const result = runResult({
    configuration,
    state,
    versions: (isFinished(state) && (await versionsThen(out))) || versionsOfThis(),
    ...(cutShort && { cutShort }),
    ...(files && { model: { file, sha256: sha256Of(files.safetensors) } }),
  });
  if (out !== undefined) {
    if (files !== undefined) {
      await writeResult(out, 'model.safetensors', files.safetensors);
      await writeResult(out, 'model.onnx', files.onnx());
    }
    await writeResult(out, 'metrics.csv', metricsCsv(result));
    await writeResult(out, 'result.json', `${JSON.stringify(result, null, 2)}\n`);
  }
  return result;
}
