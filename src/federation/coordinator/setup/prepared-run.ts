/**
 * Prepares a run on this machine: settings, data and a program's extensions → the shares, the
 * compiled plan, and the work of each participant. Node only.
 */
import { availableParallelism } from 'node:os';
import { bytesOf, checkSplit, closeDatasets, type TrainTestSplit } from '../../../data/dataset.js';
import { loadDataOf, locatedData } from '../../../data/node/load-data.js';
import { pagingIn } from '../../../data/paged/node/paging.js';
import type { Share } from '../../../data/partition/partition.js';
import type { OnDataProgress } from '../../../data/progress.js';
import type { Plan } from '../../../engine/nn/plan.js';
import type { GpuAdapter } from '../../../engine/runtime/gpu-adapter.js';
import type { NodeDevice } from '../../../engine/runtime/node/find-gpu.js';
import type { Configuration, ConfigurationInput } from '../../../protocol/configuration/configuration.js';
import { afterMergeOf } from '../../methods/after-merge.js';
import { checkEachClass } from '../../methods/class-weights.js';
import { untrainedLayerNotice } from '../../methods/corrected-rounds.js';
import { balancesClasses } from '../../methods/made-constants.js';
import { checkRefit } from '../../methods/refit.js';
import { compileFederation, type FederationWithNetwork } from '../../plan/compile-federation.js';
import { sharesOf } from '../../plan/dealt-shares.js';
import { checkDemands } from '../../plan/demands.js';
import { type Extensions, namedParts } from '../../plan/extensions.js';
import { federationPlan } from '../../plan/federation-plan.js';
import { learnerOf } from '../../plan/learner.js';
import { gpuFor, planOnGpu } from '../../plan/node/device.js';
import { machineMemory } from '../../plan/node/machine-memory.js';
import type { FederationPlan } from '../../plan/plan-parts.js';
import { checkTestExamples } from '../../plan/rules.js';
import type { RecordedRound } from '../../rounds/round.js';
import { configurationWith } from './initial-model.js';
import { withOwnNormalization } from './own-normalization.js';
import { withOwnPreprocessing } from './own-preprocessing.js';
import { withOwnSettings } from './own-settings.js';

/** The settings of a run beside its configuration. */
export interface RunSettings {
  /** The run folder, from which the run can be resumed; without it nothing is written. */
  readonly out?: string | undefined;
  /**
   * The number of worker threads, on the CPU; the number of cores by default, and one on a GPU.
   */
  readonly workers?: number | undefined;
  /**
   * Where it computes: by default on a GPU in hardware, if there is one and `workers` is not given.
   */
  readonly device?: NodeDevice | undefined;
  /** The most memory that the run may take; the machine's memory by default. */
  readonly mostMemoryBytes?: number | undefined;
  /** A folder with the data set's files. */
  readonly dataDir?: string | undefined;
  /** The data, in place of the configuration's. */
  readonly data?: TrainTestSplit | undefined;
  /** The extensions of the program. */
  readonly extensions?: Extensions | undefined;
  /** A safetensors file with the weights to start from. */
  readonly init?: string | undefined;
  /** Interrupts the run between two steps. It can be resumed if it has a folder. */
  readonly signal?: AbortSignal | undefined;
  /** Rounds of an earlier run of this configuration, to be repeated (`replay.ts`). */
  readonly recorded?: readonly RecordedRound[] | undefined;
  /** The name of the configuration in errors: a file's name; "options" by default. */
  readonly source?: string | undefined;
  readonly observer?: {
    onData?: OnDataProgress;
    /** What is worth knowing about data and settings, such as that pictures were resized. */
    onNotice?(notice: string): void;
  };
}

export interface PreparedRun {
  readonly configuration: Configuration;
  /** To be closed after the run if it was loaded for it (`closeDatasets`). */
  readonly data: TrainTestSplit;
  readonly shares: readonly Share[];
  /** The number of worker threads. */
  readonly workers: number;
  /** Computes in place of the CPU. */
  readonly gpu: GpuAdapter | undefined;
  /** The plan of the workers: `compiled.plan`, its batches cut for the device. */
  readonly cutPlan: Plan;
  readonly compiled: FederationWithNetwork;
  readonly plan: FederationPlan;
}

/**
 * @throws CommonweightError when a setting or the data are at fault, or the run needs more memory
 *   than there is
 */
export async function prepareRun(input: ConfigurationInput, options: RunSettings): Promise<PreparedRun> {
  const { source = 'options', extensions = {}, device } = options;
  const completed = withOwnSettings(input, { dataset: options.data?.train, task: extensions.task });
  const { configuration: parsed, init, notes } = await configurationWith(completed, options.init, source);
  for (const note of notes) options.observer?.onNotice?.(note);
  if (options.data !== undefined) checkSplit(options.data);
  const named = namedParts(parsed, extensions, source);
  const after = afterMergeOf(parsed, source);
  checkRefit(parsed, source);
  const untrained = untrainedLayerNotice(parsed);
  if (untrained !== undefined) options.observer?.onNotice?.(`${source}: ${untrained}`);
  const data = options.data ?? (await dataOf(parsed, options));
  const prepareWith = async (): Promise<PreparedRun> => {
    const shares = sharesOf(parsed, data, source);
    checkTestExamples(parsed, data, source);
    if (balancesClasses(parsed)) checkEachClass(data.train, shares, source);
    const located = options.data ? parsed : locatedData(parsed);
    const normalized = await withOwnNormalization(located, input, data.train, options.out);
    const configuration = withOwnPreprocessing(normalized, data.train);
    const learner = learnerOf(configuration, data.train, named, source);
    const limit = machineMemory(options.mostMemoryBytes);
    const { onNotice } = options.observer ?? {};
    const chosen = { device, workers: options.workers, mostBytes: limit.bytes, onNotice };
    const gpu = await gpuFor(configuration, learner, chosen);
    const workers = gpu === undefined ? (options.workers ?? availableParallelism()) : 1;
    checkDemands(configuration, learner, shares.length, limit, {
      threads: workers,
      simulated: shares.length,
      dataBytes: bytesOf(data.train) + bytesOf(data.test),
    });
    const compiled = compileFederation(configuration, data.train, named, source, { init });
    const { plan, methods, refit, codec, own, statistics, survey, frozen, initialState } = compiled;
    const steps = { ...after, refit, methods, codec, own, statistics, survey, frozen };
    const planned = federationPlan(configuration, plan, shares, data, named, initialState, steps);
    const rules = { ...planned.rules, recorded: options.recorded };
    const cutPlan = gpu === undefined ? plan : planOnGpu(configuration, learner, gpu);
    return { configuration, data, shares, workers, gpu, cutPlan, compiled, plan: { ...planned, rules } };
  };
  return prepareWith().catch((error: unknown) => {
    if (options.data === undefined) closeDatasets(data.train, data.test);
    throw error;
  });
}

function dataOf(
  configuration: Configuration,
  { dataDir, observer = {}, signal, out, mostMemoryBytes }: RunSettings,
) {
  const { onData: onProgress, onNotice } = observer;
  const paging = pagingIn(machineMemory(mostMemoryBytes).bytes, out);
  return loadDataOf(configuration, { dataDir, onProgress, onNotice, signal, paging });
}
