/**
 * Settings, data and what a program brings → a federation on this machine that is ready to be run:
 * its shares, its compiled plan, and what each participant does in every round. Node only.
 */
import { availableParallelism } from 'node:os';
import { bytesOf, checkSplit, type TrainTestSplit } from '../../../data/dataset.js';
import { datasetPath, loadDatasetOf } from '../../../data/images/node/load-dataset.js';
import type { Share } from '../../../data/partition/partition.js';
import type { OnDataProgress } from '../../../data/progress.js';
import type { Configuration, ConfigurationInput } from '../../../protocol/configuration/configuration.js';
import { afterMergeOf } from '../../methods/after-merge.js';
import { untrainedLayerNotice } from '../../methods/corrected-rounds.js';
import { checkRefit } from '../../methods/refit.js';
import { compileFederation, type FederationWithNetwork } from '../../plan/compile-federation.js';
import { sharesOf } from '../../plan/dealt-shares.js';
import { checkDemands } from '../../plan/demands.js';
import { type Extensions, namedParts } from '../../plan/extensions.js';
import { federationPlan } from '../../plan/federation-plan.js';
import { learnerOf } from '../../plan/learner.js';
import { machineMemory } from '../../plan/node/machine-memory.js';
import type { FederationPlan } from '../../plan/plan-parts.js';
import { checkTestExamples } from '../../plan/rules.js';
import type { RecordedRound } from '../../rounds/round.js';
import { configurationWith } from './initial-model.js';
import { withOwnNormalization } from './own-normalization.js';
import { withOwnSettings } from './own-settings.js';

/** What decides which federation is run. */
export interface RunSettings {
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
  /** What the program brings itself. */
  readonly extensions?: Extensions | undefined;
  /** A safetensors file with the weights to start from. */
  readonly init?: string | undefined;
  /** Interrupts the run between two steps; it can be taken up again where it has a folder. */
  readonly signal?: AbortSignal | undefined;
  /** Rounds of a run of this configuration, to be run again as they were (`replay.ts`). */
  readonly recorded?: readonly RecordedRound[] | undefined;
  /** What errors call the configuration: a file's name; "options" by default. */
  readonly source?: string | undefined;
  readonly observer?: {
    onData?: OnDataProgress;
    /** What is worth knowing about data and settings, such as that pictures were resized. */
    onNotice?(notice: string): void;
  };
}

export interface PreparedRun {
  readonly configuration: Configuration;
  readonly data: TrainTestSplit;
  readonly shares: readonly Share[];
  /** Worker threads. */
  readonly workers: number;
  readonly compiled: FederationWithNetwork;
  readonly plan: FederationPlan;
}

/**
 * @throws CommonweightError when a setting or the data are at fault, or it needs more memory than
 *   there is.
 */
export async function prepareRun(input: ConfigurationInput, options: RunSettings): Promise<PreparedRun> {
  const { source = 'options', workers = availableParallelism(), extensions = {} } = options;
  const completed = withOwnSettings(input, { dataset: options.data?.train, task: extensions.task });
  const { configuration: parsed, init } = await configurationWith(completed, options.init, source);
  if (options.data !== undefined) checkSplit(options.data);
  const named = namedParts(parsed, extensions, source);
  const after = afterMergeOf(parsed, source);
  checkRefit(parsed, source);
  const untrained = untrainedLayerNotice(parsed);
  if (untrained !== undefined) options.observer?.onNotice?.(`${source}: ${untrained}`);
  const data = options.data ?? (await dataOf(parsed, options));
  const shares = sharesOf(parsed, data, source);
  checkTestExamples(parsed, data, source);
  const located = options.data ? parsed : { ...parsed, dataset: datasetPath(parsed.dataset) };
  const configuration = await withOwnNormalization(located, input, data.train, options.out);
  checkDemands(
    configuration,
    learnerOf(configuration, data.train, named, source),
    shares.length,
    machineMemory(options.mostMemoryBytes),
    {
      threads: workers,
      simulated: shares.length,
      dataBytes: bytesOf(data.train) + bytesOf(data.test),
    },
  );
  const compiled = compileFederation(configuration, data.train, named, source, { init });
  const { plan, methods, refit, codec, own: tensors, initialState } = compiled;
  const { strategy, compared } = named;
  const strategies = { strategy, compared };
  const steps = { ...after, refit, methods, codec, own: tensors };
  const planned = federationPlan(configuration, plan, shares, data, strategies, initialState, steps);
  const rules = { ...planned.rules, recorded: options.recorded };
  return { configuration, data, shares, workers, compiled, plan: { ...planned, rules } };
}

function dataOf(configuration: Configuration, { dataDir, observer = {}, signal }: RunSettings) {
  const { onData: onProgress, onNotice } = observer;
  return loadDatasetOf(configuration, { dataDir, onProgress, onNotice, signal });
}
