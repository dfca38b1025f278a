/**
 * A whole federation on this machine: data, partition, plan, workers and run folder put together
 * for a configuration. Node only.
 */

import { availableParallelism } from 'node:os';
import { InterruptedError } from '../../base/interrupted.js';
import { bytesOf, checkSplit, type TrainTestSplit } from '../../data/dataset.js';
import { datasetPath, loadDataset } from '../../data/images/node/load-dataset.js';
import type { Share } from '../../data/partition/partition.js';
import type { OnDataProgress } from '../../data/progress.js';
import type { Network } from '../../engine/nn/layers/network.js';
import { encodeModel, modelMetadata } from '../../engine/nn/model-file.js';
import type { Task } from '../../engine/nn/tasks/task.js';
import type { Strategy } from '../../merge/strategy.js';
import type { Configuration, ConfigurationInput } from '../../protocol/configuration/configuration.js';
import { layoutSize, type StateDict } from '../../tensor/state-dict.js';
import { DivergedError } from '../../training/error.js';
import type { TaskRunner } from '../../training/tasks.js';
import { WorkerPool } from '../../training/threads/node/worker-pool.js';
import type { Codec } from '../../transforms/codec/codec.js';
import { afterMergeOf } from '../methods/after-merge.js';
import type { Method } from '../methods/method.js';
import { workersFor } from '../methods/methods.js';
import { checkRefit } from '../methods/refit.js';
import type { Attackers } from '../plan/attackers.js';
import { chooseStrategies } from '../plan/chosen-strategies.js';
import { compileFederation } from '../plan/compile-federation.js';
import { sharesOf } from '../plan/dealt-shares.js';
import { checkDemands } from '../plan/demands.js';
import { federationPlan } from '../plan/federation-plan.js';
import { learnerOf } from '../plan/learner.js';
import { machineMemory } from '../plan/node/machine-memory.js';
import { checkTestExamples } from '../plan/rules.js';
import { type CutShort, concludeRun, type FederationOutcome } from '../record/conclude-run.js';
import { continueRun } from '../record/continued-run.js';
import { DivergedRunError } from '../record/diverged-run.js';
import { keepLabelCounts, labelCountsOf } from '../record/label-counts.js';
import { memoryStore } from '../record/memory-store.js';
import { claimRun } from '../record/run-claim.js';
import { keepRunData } from '../record/run-data.js';
import { openRunFolder, prepareRunFolder, sha256Of } from '../record/run-folder.js';
import { type StateCoding, stateCoding } from '../record/state-coding.js';
import type { RecordedRound, RunState } from '../rounds/round.js';
import { applyEvent, isFinished, startRun } from '../rounds/rounds.js';
import { updatesOfFolder } from './closing/files-of-run.js';
import { coordinate, type Observer } from './coordinator.js';
import { configurationWith } from './initial-model.js';
import { withOwnNormalization } from './own-normalization.js';
import { withOwnSettings } from './own-settings.js';

export interface FederationOptions {
  /** Where the run is kept, and taken up again; without it nothing is written. */
  readonly out?: string | undefined;
  /** Worker threads; the number of cores by default. */
  readonly workers?: number | undefined;
  /** That all of it may take; the machine's memory by default. */
  readonly mostMemoryBytes?: number | undefined;
  /** A folder with the data set's files. */
  readonly dataDir?: string | undefined;
  /** The data, in place of the configuration's. */
  readonly data?: TrainTestSplit | undefined;
  /** A network of one's own; the configuration's model is then `{ name: 'custom' }`. */
  readonly network?: Network | undefined;
  /**
   * What is learned, where that is a task of one's own; the configuration's is then `{ name:
   * 'custom' }`.
   */
  readonly task?: Task | undefined;
  /** Strategies of one's own, which the configuration may name. */
  readonly strategies?: readonly Strategy[] | undefined;
  /** Methods of one's own: every update carries what they compute. */
  readonly methods?: readonly Method[] | undefined;
  /** Codecs of one's own, which the configuration may name. */
  readonly codecs?: readonly Codec[] | undefined;
  /** A safetensors file with the weights to start from. */
  readonly init?: string | undefined;
  /** Interrupts the run between two steps; it can be taken up again where it has a folder. */
  readonly signal?: AbortSignal | undefined;
  /** What stands between the run and its workers, such as a memory of what others have done. */
  readonly tasks?: ((workers: TaskRunner) => TaskRunner) | undefined;
  /** Rounds of a run of this configuration, to be run again as they were (`replay.ts`). */
  readonly recorded?: readonly RecordedRound[] | undefined;
  /** What errors call the configuration: a file's name; "options" by default. */
  readonly source?: string | undefined;
  readonly observer?: Observer & {
    onData?: OnDataProgress;
    /** What is worth knowing about the data, such as that pictures were resized. */
    onNotice?(notice: string): void;
    /** Before the first training. */
    onStart?(start: RunStart): void;
  };
}

export interface RunStart {
  readonly configuration: Configuration;
  readonly data: TrainTestSplit;
  readonly shares: readonly Share[];
  readonly attackers?: Attackers | undefined;
  readonly workers: number;
  /** Numbers in the network's state. */
  readonly parameters: number;
  /** What an earlier start of this run has left, or the beginning. */
  readonly state: RunState;
}

/**
 * Runs the federation to its end.
 * @throws CommonweightError when a setting, the data or the folder is at fault, or the loss
 *   diverges.
 */
export async function runFederation(
  input: ConfigurationInput,
  options: FederationOptions = {},
): Promise<FederationOutcome> {
  const { observer = {}, signal, source = 'options' } = options;
  const named = withOwnSettings(input, { dataset: options.data?.train, task: options.task });
  const { configuration: parsed, init } = await configurationWith(named, options.init, source);
  if (options.data !== undefined) checkSplit(options.data);
  const strategies = chooseStrategies(parsed, options.strategies ?? [], source, options.methods);
  const after = afterMergeOf(parsed, source);
  checkRefit(parsed, source);
  const data =
    options.data ??
    (await loadDataset(parsed.dataset, {
      dataDir: options.dataDir,
      onProgress: observer.onData,
      onNotice: observer.onNotice,
      signal,
    }));
  const shares = sharesOf(parsed, data, source);
  checkTestExamples(parsed, data, source);
  const located = options.data ? parsed : { ...parsed, dataset: datasetPath(parsed.dataset) };
  const configuration = await withOwnNormalization(located, input, data.train, options.out);
  const workers = options.workers ?? availableParallelism();
  checkDemands(
    configuration,
    learnerOf(configuration, data.train, options, source),
    shares.length,
    machineMemory(options.mostMemoryBytes),
    {
      threads: workers,
      simulated: shares.length,
      dataBytes: bytesOf(data.train) + bytesOf(data.test),
    },
  );
  const compiled = compileFederation(
    configuration,
    data.train,
    {
      ...{ ...strategies, methods: options.methods, codecs: options.codecs },
      ...{ network: options.network, task: options.task, init },
    },
    source,
  );
  const { network, inputs, task, plan, methods, refit, codec, frozen, model, initialState } = compiled;
  const planned = federationPlan(configuration, plan, shares, data, strategies, initialState, {
    ...after,
    ...{ refit, methods, codec },
  });
  const federation = { ...planned, rules: { ...planned.rules, recorded: options.recorded } };
  const { attackers } = federation;
  const encode = (state: StateDict) => encodeModel(state, model);
  const { store, folder, claim, close } = await openStore(
    options,
    configuration,
    stateCoding(plan.layout, codec, model),
  );
  let pool: WorkerPool | undefined;
  const stop = () => pool?.stop();
  claim?.signal.addEventListener('abort', stop);
  signal?.addEventListener('abort', stop);
  const conclusion = {
    ...{ out: options.out, configuration, network, inputs, task, store, shares, encode, frozen },
  };
  const conclude = (state: RunState, cutShort?: CutShort) => concludeRun(conclusion, state, cutShort);
  let state: RunState | undefined;
  try {
    if (options.out !== undefined) {
      const shared = configuration.shareLabelCounts ? labelCountsOf(data.train, shares) : undefined;
      await keepLabelCounts(options.out, shared);
      await keepRunData(options.out, data, shares);
    }
    state = store.events.reduce(applyEvent, startRun(federation.rules));
    if (folder !== undefined) await continueRun(folder, configuration, state);
    const parameters = layoutSize(plan.layout);
    observer.onStart?.({ configuration, data, shares, attackers, workers, parameters, state });
    if (isFinished(state)) return await conclude(state);

    const poisoned = attackers?.attack.from === 'data' ? attackers.attack.poison(data.train) : undefined;
    const { train, test } = data;
    pool = new WorkerPool(
      {
        ...{ plan, frozen: frozen?.values.data, train, test, poisoned },
        ...{ features: refit?.features, ...workersFor(methods) },
      },
      workers,
    );
    const watching: Observer = {
      ...observer,
      onEvent: (event, next) => {
        state = next;
        observer.onEvent?.(event, next);
      },
    };
    if (signal?.aborted) pool.stop();
    state = await coordinate(federation, options.tasks?.(pool) ?? pool, store, {
      observer: watching,
      openUpdates: folder && updatesOfFolder(federation, folder, modelMetadata(model)),
      // While one participant's update is written, the next one trains.
      atOnce: 2 * workers,
    });
    return await conclude(state);
  } catch (error) {
    await claim?.check();
    if (error instanceof InterruptedError && state !== undefined) return await conclude(state, 'interrupted');
    if (!(error instanceof DivergedError) || state === undefined) throw error;
    const { message, hint } = error;
    const { result } = await conclude(state, 'diverged');
    throw new DivergedRunError(message, { ...(hint && { hint }), cause: error, result });
  } finally {
    signal?.removeEventListener('abort', stop);
    await pool?.close();
    await close();
  }
}

/** Where the run is kept: a folder, which is this process's alone until it is closed, or memory. */
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
