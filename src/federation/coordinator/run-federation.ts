/**
 * Runs a whole federation on this machine: builds data, partition, plan, workers and run folder
 * from a configuration. Node only.
 */

import { InterruptedError } from '../../base/interrupted.js';
import { sha256Of } from '../../base/node/sha256-of.js';
import { categoriesOf, closeDatasets, type TrainTestSplit } from '../../data/dataset.js';
import type { Share } from '../../data/partition/partition.js';
import { encodeModel, modelMetadata } from '../../engine/nn/model-file.js';
import type { Decision } from '../../metrics/cut-off.js';
import type { Configuration, ConfigurationInput } from '../../protocol/configuration/configuration.js';
import { joinStates, layoutSize, type StateDict } from '../../tensor/state-dict.js';
import { DivergedError } from '../../training/error.js';
import type { TaskRunner } from '../../training/tasks.js';
import { WorkerPool } from '../../training/threads/node/worker-pool.js';
import { ownTensorsAfter, statisticsAfter } from '../methods/attachments.js';
import { frozenAtStart, madeConstants, withMadeConstants } from '../methods/frozen-weights.js';
import { surveyHere } from '../methods/site-statistics.js';
import type { Attackers } from '../plan/attackers.js';
import { personalDescription } from '../plan/compile-federation.js';
import { versionsOfThis } from '../plan/node/versions.js';
import {
  type Conclusion,
  type CutShort,
  concludeRun,
  type FederationOutcome,
  type PersonalModels,
} from '../record/conclude-run.js';
import { continueRun } from '../record/continued-run.js';
import { DivergedRunError } from '../record/diverged-run.js';
import { keepLabelCounts, labelCountsOf } from '../record/label-counts.js';
import { memoryStore } from '../record/memory-store.js';
import { claimRun } from '../record/run-claim.js';
import { keepRunData, keepTokenizer } from '../record/run-data.js';
import { openRunFolder, prepareRunFolder } from '../record/run-folder.js';
import { type StateCoding, stateCoding } from '../record/state-coding.js';
import type { RunState } from '../rounds/round.js';
import { applyEvent, isFinished, startRun } from '../rounds/rounds.js';
import type { RunStore } from '../rounds/run-store.js';
import { decidedModel } from './closing/decided-model.js';
import { updatesOfFolder } from './closing/files-of-run.js';
import { type Observer, runLocalRounds } from './local-rounds.js';
import { type PreparedRun, prepareRun, type RunSettings } from './setup/prepared-run.js';

export interface FederationOptions extends RunSettings {
  /** Wraps the workers, for example with a cache of tasks that several runs share. */
  readonly tasks?: ((workers: TaskRunner) => TaskRunner) | undefined;
  readonly observer?: RunSettings['observer'] &
    Observer & {
      /** Called before the first training. */
      onStart?(start: RunStart): void;
    };
}

export interface RunStart {
  readonly configuration: Configuration;
  readonly data: TrainTestSplit;
  readonly shares: readonly Share[];
  readonly attackers?: Attackers | undefined;
  readonly workers: number;
  /** Where it computes: "cpu", or "webgpu (adapter)". */
  readonly device: string;
  /** The number of elements of the network's state. */
  readonly parameters: number;
  /** The state that an earlier start of this run left, or the initial state. */
  readonly state: RunState;
}

/**
 * Runs the federation to its end.
 * @throws CommonweightError when a setting, the data or the folder is at fault, or the loss
 *   diverges
 */
export async function runFederation(
  input: ConfigurationInput,
  options: FederationOptions = {},
): Promise<FederationOutcome> {
  const prepared = await prepareRun(input, options);
  try {
    return await runPrepared(prepared, options);
  } finally {
    // What was given belongs to the caller.
    if (options.data === undefined) closeDatasets(prepared.data.train, prepared.data.test);
  }
}

async function runPrepared(prepared: PreparedRun, options: FederationOptions): Promise<FederationOutcome> {
  const { configuration, shares, compiled, plan } = prepared;
  const { finalNetwork: network, inputs, task, codec, frozen, model } = compiled;
  const encode = (state: StateDict, cutOff?: number) =>
    encodeModel(state, { ...model, ...(cutOff !== undefined && { cutOff }) });
  const coding = stateCoding(plan.layout, codec, model);
  const kept = await openStore(options, configuration, coding);
  const { store, folder, claim } = kept;
  const conclusion = {
    ...{ out: options.out, configuration, network, inputs, task, store, shares, encode, frozen },
    versions: versionsOfThis(prepared.gpu),
    columns: compiled.facts.inputs,
    targets: compiled.facts.targets,
    decide:
      configuration.decision &&
      ((...of: [StateDict, StateDict | undefined]) => decide(prepared, options, ...of)),
    ...personalParts(prepared, store),
  };
  const conclude = (state: RunState, cutShort?: CutShort) => concludeRun(conclusion, state, cutShort);
  let state: RunState | undefined;
  try {
    await keepFacts(prepared, options.out);
    state = store.events.reduce(applyEvent, startRun(plan.rules));
    if (folder !== undefined) await continueRun(folder, configuration, state);
    const finished = await conduct(prepared, kept, options, state, (next) => {
      state = next;
    });
    return await conclude(finished);
  } catch (error) {
    await claim?.check();
    if (error instanceof InterruptedError && state !== undefined) return await conclude(state, 'interrupted');
    if (!(error instanceof DivergedError) || state === undefined) throw error;
    const { message, hint } = error;
    const { result } = await conclude(state, 'diverged');
    throw new DivergedRunError(message, { ...(hint && { hint }), cause: error, result });
  } finally {
    await kept.close();
  }
}

/** Keeps the digests of the data, and the counts of categories if they may be shared. */
async function keepFacts({ configuration, data, shares }: PreparedRun, out: string | undefined) {
  if (out === undefined) return;
  await keepLabelCounts(out, configuration.shareLabelCounts ? labelCountsOf(data.train, shares) : undefined);
  await keepRunData(out, data, shares);
  await keepTokenizer(out, configuration.data);
}

/**
 * Runs all rounds that are left, and closes the workers after them.
 * @param onState called with the state after each fact
 */
async function conduct(
  prepared: PreparedRun,
  { store, folder, claim }: Awaited<ReturnType<typeof openStore>>,
  { observer = {}, signal, tasks }: FederationOptions,
  state: RunState,
  onState: (state: RunState) => void,
): Promise<RunState> {
  const { configuration, data, shares, workers, gpu, compiled, plan } = prepared;
  const { attackers } = plan;
  const { device = '' } = versionsOfThis(gpu);
  const parameters = layoutSize(compiled.plan.layout);
  observer.onStart?.({ configuration, data, shares, attackers, workers, device, parameters, state });
  if (isFinished(state)) return state;
  const pool = trainingPool(prepared);
  const stop = () => pool.stop();
  try {
    claim?.signal.addEventListener('abort', stop);
    signal?.addEventListener('abort', stop);
    if (claim?.signal.aborted || signal?.aborted) stop();
    const watching: Observer = {
      ...observer,
      onEvent(event, next) {
        onState(next);
        observer.onEvent?.(event, next);
      },
    };
    return await runLocalRounds(plan, tasks?.(pool) ?? pool, store, {
      observer: watching,
      openUpdates: folder && updatesOfFolder(plan, folder, modelMetadata(compiled.model)),
      // While one participant's update is written, the next one trains.
      atOnce: 2 * workers,
    });
  } finally {
    signal?.removeEventListener('abort', stop);
    claim?.signal.removeEventListener('abort', stop);
    await pool.close();
  }
}

/** Chooses the cut-off of the final model. It follows from model and data, so no fact has it. */
async function decide(
  prepared: PreparedRun,
  { signal }: FederationOptions,
  { data: state }: StateDict,
  made: StateDict | undefined,
): Promise<Decision | undefined> {
  const { configuration, data, shares, plan } = prepared;
  const { decision: rule } = configuration;
  if (rule === undefined) return undefined;
  const [, positive = ''] = categoriesOf(data.train);
  const pool = trainingPool(prepared);
  const stop = () => pool.stop();
  signal?.addEventListener('abort', stop);
  try {
    const { bootstrap } = plan;
    return await decidedModel(withMadeConstants(pool, plan.frozen, made), state, {
      ...{ rule, positive, shares, testExamples: data.test.examples, bootstrap },
    });
  } finally {
    signal?.removeEventListener('abort', stop);
    await pool.close();
  }
}

function trainingPool(prepared: PreparedRun): WorkerPool {
  const { data, workers, gpu, cutPlan, compiled, plan } = prepared;
  const { attackers } = plan;
  const { frozen, refit, methodPlans } = compiled;
  const { train, test } = data;
  const poisoned = attackers?.attack.from === 'data' ? attackers.attack.poison(train) : undefined;
  const setup = {
    ...{ plan: cutPlan, frozen: frozenAtStart(frozen), train, test, poisoned },
    ...{ features: refit?.features, sums: methodPlans },
  };
  return new WorkerPool(setup, workers, gpu);
}

/** The participants' own models, if tensors or statistics stay with their owners. */
function personalParts(
  { data: { train }, shares, compiled }: PreparedRun,
  store: RunStore,
): Pick<Conclusion, 'personal' | 'isPart'> {
  const { own, statistics, frozen, model } = compiled;
  const rowsOf = (participant: string) =>
    shares.find(({ name }) => name === participant)?.train ?? new Uint32Array(0);
  if (own === undefined && statistics === undefined) return {};
  const personal: PersonalModels = {
    participants: shares.map(({ name }) => name),
    async model(participant, shared, rounds) {
      const part = { round: rounds.length, participant };
      const state =
        own === undefined
          ? shared
          : joinStates(own.layout.whole, shared, await ownTensorsAfter(part, own, { store, rounds }));
      const made =
        statistics === undefined
          ? await madeConstants({ store, rounds })
          : ((await statisticsAfter(part, { store, rounds })) ??
            (await statistics.of(rowsOf(participant), surveyHere(train))));
      return frozen?.complete(state, made) ?? state;
    },
    encode: (state) => encodeModel(state, personalDescription(model)),
  };
  return { personal, isPart: true };
}

/**
 * Opens the run's store: a folder, which no other process can use until it is closed, or memory.
 */
async function openStore(
  { out, signal, observer }: FederationOptions,
  configuration: Configuration,
  coding: StateCoding,
) {
  if (out === undefined) {
    return {
      ...{ store: memoryStore(sha256Of, coding), folder: undefined, claim: undefined },
      close: async () => {},
    };
  }
  await prepareRunFolder(out, configuration);
  const claim = await claimRun(out, { signal, onWaiting: observer?.onNotice });
  try {
    const store = await openRunFolder(out, configuration, coding, claim);
    const close = async () => {
      await store.close();
      await claim.release();
    };
    return { store, folder: store, claim, close };
  } catch (error) {
    await claim.release();
    throw error;
  }
}
