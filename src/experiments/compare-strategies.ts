/**
 * Runs the same federation under several strategies and seeds, one run after the other. For one
 * seed, all strategies have the same partition and initial weights; the next seed draws both anew.
 * Each run merges, copies and continues with its own strategy. Training that does not depend on the
 * strategy is done once. Node only.
 */
import { join } from 'node:path';
import { InterruptedError } from '../base/interrupted.js';
import { makeFolder } from '../base/node/make-folder.js';
import { closeDatasets, type TrainTestSplit } from '../data/dataset.js';
import { loadDataOf } from '../data/node/load-data.js';
import { pagingIn } from '../data/paged/node/paging.js';
import {
  type FederationOptions,
  type RunStart,
  runFederation,
} from '../federation/coordinator/run-federation.js';
import { withOwnNormalization } from '../federation/coordinator/setup/own-normalization.js';
import { withOwnSettings } from '../federation/coordinator/setup/own-settings.js';
import { FederationError } from '../federation/error.js';
import { type Extensions, namedParts } from '../federation/plan/extensions.js';
import { machineMemory } from '../federation/plan/node/machine-memory.js';
import { DivergedRunError } from '../federation/record/diverged-run.js';
import { claimFolder, type FolderClaim } from '../federation/record/folder-claim.js';
import type { RunResult } from '../federation/record/run-result.js';
import { cannotWrite } from '../federation/record/write-result.js';
import type { RunState } from '../federation/rounds/round.js';
import type { RoundEvent } from '../federation/rounds/round-events.js';
import {
  type Configuration,
  type ConfigurationInput,
  parseConfiguration,
} from '../protocol/configuration/configuration.js';
import { keepThreads } from '../training/threads/node/threads.js';
import { shareTasks } from './shared-tasks.js';

/** One of the runs of a comparison. */
export interface RunPosition {
  readonly strategy: string;
  readonly seed: number;
  /** The number of the run, from 1, and the number of runs. */
  readonly run: number;
  readonly runs: number;
}

export interface ComparisonOptions
  extends Pick<
    FederationOptions,
    'out' | 'workers' | 'device' | 'dataDir' | 'data' | 'extensions' | 'signal' | 'source' | 'mostMemoryBytes'
  > {
  /** The others are compared with the first. */
  readonly strategies: readonly string[];
  /** The number of seeds, from the configuration's own seed upwards. */
  readonly seeds: number;
  readonly observer?: Pick<NonNullable<FederationOptions['observer']>, 'onData' | 'onNotice'> & {
    onStart?(place: RunPosition, start: RunStart): void;
    onEvent?(place: RunPosition, event: RoundEvent, state: RunState): void;
    onResult?(place: RunPosition, result: RunResult): void;
  };
}

export interface ComparedResult {
  readonly strategy: string;
  readonly seed: number;
  /** The bytes of one state, four for each number. */
  readonly stateBytes: number;
  readonly result: RunResult;
}

/**
 * Runs that are stored in `out`, each in a folder of its own, are resumed, or taken as they are if
 * finished.
 * @throws InterruptedError when the signal came before the end.
 */
export async function compareStrategies(
  input: ConfigurationInput,
  options: ComparisonOptions,
): Promise<ComparedResult[]> {
  const { seeds, source = 'options', observer = {}, signal, dataDir, extensions = {} } = options;
  const own = { dataset: options.data?.train, task: extensions.task };
  const parsed = parseConfiguration(withOwnSettings(input, own), source);
  const strategies = namesOf(options.strategies, parsed, extensions, source);
  const data =
    options.data ??
    (await loadDataOf(parsed, {
      dataDir,
      signal,
      paging: pagingIn(machineMemory(options.mostMemoryBytes).bytes, options.out),
      onProgress: observer.onData,
      onNotice: observer.onNotice,
    }));
  // The same for all runs; each stores it in its folder.
  const configuration = await withOwnNormalization(parsed, input, data.train);
  const { out } = options;
  const claim = out === undefined ? undefined : await claimNewFolder(out, signal, observer.onNotice);
  const results: ComparedResult[] = [];
  const runs = seeds * strategies.length;
  const endThreads = keepThreads();
  try {
    for (let index = 0; index < seeds; index++) {
      const seed = configuration.seed + index;
      const share = shareTasks();
      for (const strategy of strategies) {
        const place = { strategy, seed, run: results.length + 1, runs };
        results.push(
          await runOne({ ...configuration, seed, strategy, compare: [] }, place, data, share, options),
        );
      }
    }
    return results;
  } finally {
    await endThreads();
    await claim?.release();
    if (options.data === undefined) closeDatasets(data.train, data.test);
  }
}

async function claimNewFolder(
  path: string,
  signal: AbortSignal | undefined,
  onWaiting: ((notice: string) => void) | undefined,
): Promise<FolderClaim> {
  await makeFolder(path).catch((cause: unknown) => {
    throw cannotWrite(path, cause);
  });
  return claimFolder(path, { signal, onWaiting });
}

async function runOne(
  configuration: Configuration,
  place: RunPosition,
  data: TrainTestSplit,
  share: ReturnType<typeof shareTasks>,
  { out, workers, device, mostMemoryBytes, extensions, source, signal, observer = {} }: ComparisonOptions,
): Promise<ComparedResult> {
  const { strategy, seed } = place;
  let stateBytes = 0;
  const outcome = runFederation(configuration, {
    data,
    workers,
    device,
    mostMemoryBytes,
    extensions,
    source,
    signal,
    out: out === undefined ? undefined : join(out, folderOf(strategy), `seed-${seed}`),
    tasks: share,
    observer: {
      onStart(start) {
        stateBytes = 4 * start.parameters;
        observer.onStart?.(place, start);
      },
      onEvent: (event, state) => observer.onEvent?.(place, event, state),
    },
  });
  const result = await outcome.then(
    ({ result }) => result,
    (error: unknown) => {
      // A comparison reports that a strategy lets training diverge.
      const merged = error instanceof DivergedRunError && error.result.rounds.some(hasMerged);
      if (merged) return error.result;
      throw error;
    },
  );
  if (result.stopped.reason === 'interrupted') throw new InterruptedError('interrupted');
  observer.onResult?.(place, result);
  return { strategy, seed, stateBytes, result };
}

const hasMerged = ({ merged }: RunResult['rounds'][number]) => Object.keys(merged).length > 0;

/** The strategies' full names. They are checked before the first run, which may take long. */
function namesOf(
  strategies: readonly string[],
  configuration: Configuration,
  extensions: Extensions,
  source: string,
): string[] {
  const names = strategies.map(
    (strategy) => namedParts({ ...configuration, strategy, compare: [] }, extensions, source).strategy.name,
  );
  const twice = names.find(
    (name, place) => names.findIndex((other) => folderOf(other) === folderOf(name)) < place,
  );
  if (twice !== undefined) {
    throw new FederationError(`federation: the strategy "${twice}" is named twice`, {
      hint: 'name each once',
    });
  }
  return names;
}

/** "trimmed-mean(trim=0.2)" → "trimmed-mean-trim-0.2" */
const folderOf = (strategy: string) => strategy.replace(/[^\w.]+/g, '-').replace(/-$/, '');
