/**
 * Concludes a run that ends or is interrupted: makes its result, and writes the final model as
 * files. Node only.
 */
import { join } from 'node:path';
import { fileNameOf } from '../../base/names.js';
import { makeFolder } from '../../base/node/make-folder.js';
import { sha256Of } from '../../base/node/sha256-of.js';
import type { ColumnFacts } from '../../data/dataset.js';
import type { Share } from '../../data/partition/partition.js';
import { exportInference } from '../../engine/nn/export-inference.js';
import type { Network } from '../../engine/nn/layers/network.js';
import { inputNamesOfFile } from '../../engine/nn/network-of-file.js';
import type { Task } from '../../engine/nn/tasks/task.js';
import type { Decision } from '../../metrics/cut-off.js';
import type { Configuration } from '../../protocol/configuration/configuration.js';
import { metricsOf } from '../../protocol/configuration/task-metrics.js';
import type { ColumnSpec } from '../../tensor/column-spec.js';
import type { StateDict } from '../../tensor/state-dict.js';
import { type FrozenWeights, madeConstants } from '../methods/frozen-weights.js';
import { versionsOfThis, versionsThen } from '../plan/node/versions.js';
import { bestRound } from '../rounds/best-round.js';
import type { RoundRecord, RunState } from '../rounds/round.js';
import { isFinished } from '../rounds/rounds.js';
import type { RunStore, StateRole } from '../rounds/run-store.js';
import { metricsCsv, type PersonalFile, type RunResult, runResult } from './run-result.js';
import { writeResult } from './write-result.js';

/** Why a run ended before it was finished. */
export type CutShort = 'interrupted' | 'diverged';

/** The result, and the model of the last round if there is one and memory can hold it. */
export interface FederationOutcome {
  readonly result: RunResult;
  readonly model: StateDict | undefined;
  /**
   * The participants' own models by name, if some tensors stay with their owners and the run has no
   * folder. In a folder they are files, which the result names.
   */
  readonly personal?: Readonly<Record<string, StateDict>> | undefined;
}

/**
 * The participants' own models, if some tensors stay with their owners. Each is a whole model: the
 * shared tensors of the final model, and the participant's own tensors after its last update.
 */
export interface PersonalModels {
  readonly participants: readonly string[];
  /** @param shared the shared tensors of the final model */
  model(participant: string, shared: StateDict, rounds: readonly RoundRecord[]): Promise<StateDict>;
  /** The file of a participant's own model. */
  encode(model: StateDict): Uint8Array;
}

export interface Conclusion {
  readonly out: string | undefined;
  readonly configuration: Configuration;
  readonly network: Network;
  readonly inputs: readonly ColumnSpec[];
  /** What the inputs mean. */
  readonly columns: readonly ColumnFacts[];
  readonly targets: readonly ColumnFacts[];
  readonly task: Task;
  readonly store: RunStore;
  /** Of this program and the device that computes. */
  readonly versions?: Readonly<Record<string, string>> | undefined;
  /** The shares of the participants, if they are on this machine. */
  readonly shares?: readonly Share[] | undefined;
  /** Frozen weights: the final model has them, the models in the store do not. */
  readonly frozen?: FrozenWeights | undefined;
  /** Set if some tensors stay with their owners, and these are on this machine. */
  readonly personal?: PersonalModels | undefined;
  /**
   * Whether the store's models are only the shared part of a model. No graph can be made from a
   * part.
   */
  readonly isPart?: boolean | undefined;
  /**
   * The file of a model.
   * @param cutOff the probability from which on the second of two categories is predicted
   */
  encode(model: StateDict, cutOff?: number): Uint8Array;
  /**
   * Chooses the cut-off of the final model, if the run asks for it.
   * @param model without its frozen tensors
   * @param made the constants that the run has made
   */
  readonly decide?:
    | ((model: StateDict, made: StateDict | undefined) => Promise<Decision | undefined>)
    | undefined;
  /**
   * For models that are too large for memory: makes the kept file the final one. There is no ONNX
   * file then.
   */
  readonly linkFinal?: ((role: StateRole) => Promise<void>) | undefined;
}

export async function concludeRun(
  conclusion: Conclusion,
  state: RunState,
  cutShort?: CutShort,
): Promise<FederationOutcome> {
  const { out, configuration, store, shares, encode, frozen, linkFinal, personal, isPart, decide } =
    conclusion;
  const { versions = versionsOfThis() } = conclusion;
  const final = finalRole(state, configuration);
  const kept = linkFinal === undefined ? final && (await store.get(final.role, final.sha256)) : undefined;
  const made = await madeConstants({ store, rounds: state.rounds });
  const model = kept && (frozen?.complete(kept, made) ?? kept);
  const decision = kept && cutShort === undefined ? await decide?.(kept, made) : undefined;
  // In the final model, numbers are not encoded by the codec, and frozen tensors are included.
  const bytes = model && encode(model, decision?.cutOff);
  const file = out === undefined ? '' : join(out, 'model.safetensors');
  const result = runResult({
    configuration,
    state,
    versions: (isFinished(state) && (await versionsThen(out))) || versions,
    ...(cutShort && { cutShort }),
    ...(decision && { decision }),
    ...(final && { model: { file, sha256: bytes === undefined ? final.sha256 : sha256Of(bytes) } }),
    ...(final && personal && out !== undefined && { personal: personalFiles(out, personal) }),
    validationExamples: shares?.map(({ name, validation }) => ({ name, examples: validation.length })),
  });
  if (out === undefined) {
    return { result, model, ...(kept && personal && { personal: await modelsOf(personal, kept, state) }) };
  }
  if (final !== undefined) await linkFinal?.(final.role);
  if (model !== undefined && bytes !== undefined) {
    await writeResult(out, 'model.safetensors', bytes);
    if (!isPart) await writeResult(out, 'model.onnx', exported(conclusion, model));
  }
  if (kept && personal) await writePersonalModels(out, personal, kept, state.rounds);
  await writeResult(out, 'metrics.csv', metricsCsv(result));
  await writeResult(out, 'result.json', `${JSON.stringify(result, null, 2)}\n`);
  return { result, model };
}

const exported = (
  { configuration, network, inputs, columns, targets, task }: Conclusion,
  { layout, data }: StateDict,
) => {
  const inputNames = inputNamesOfFile(configuration.model, columns, task);
  return exportInference({ network, layout, state: data, inputs, inputNames, columns, targets, task });
};

async function modelsOf(
  personal: PersonalModels,
  shared: StateDict,
  { rounds }: RunState,
): Promise<Record<string, StateDict>> {
  const models: Record<string, StateDict> = {};
  for (const name of personal.participants) models[name] = await personal.model(name, shared, rounds);
  return models;
}

/**
 * The role of the final model: the last merged model, the refitted one if it was refitted, or the
 * average or that of the best round if the run asks for it.
 */
export function finalRole(
  { rounds }: Pick<RunState, 'rounds'>,
  { average, finalRound, ...settings }: Pick<Configuration, 'average' | 'finalRound' | 'task' | 'metrics'>,
): { readonly role: StateRole; readonly sha256: string } | undefined {
  const best = finalRound === 'best' ? bestRound(rounds, metricsOf(settings)[0])?.round : undefined;
  const last = rounds[(best ?? 0) - 1] ?? rounds.findLast(({ merged }) => merged !== undefined);
  if (last?.merged === undefined) return undefined;
  const { round, merged, refitted } = last;
  if (refitted !== undefined) return { role: { type: 'refitted', round }, sha256: refitted.sha256 };
  return average?.final && merged.average !== undefined
    ? { role: { type: 'average', round }, sha256: merged.average }
    : { role: { type: 'merged', round }, sha256: merged.sha256 };
}

/** The file of each participant's model in the run folder: personal/NAME.safetensors. */
const personalFiles = (out: string, { participants }: PersonalModels): PersonalFile[] =>
  participants.map((name) => ({
    name,
    file: join(out, 'personal', `${fileNameOf(name)}.safetensors`),
  }));

/**
 * Writes one model after the other, so that memory does not depend on the number of participants.
 */
async function writePersonalModels(
  out: string,
  personal: PersonalModels,
  shared: StateDict,
  rounds: readonly RoundRecord[],
): Promise<void> {
  await makeFolder(join(out, 'personal'));
  for (const { name, file } of personalFiles(out, personal)) {
    const bytes = personal.encode(await personal.model(name, shared, rounds));
    await writeResult('', file, bytes);
  }
}
