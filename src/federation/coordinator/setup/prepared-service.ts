/**
 * Prepares a federation across machines, as `prepared-run.ts` does on one machine: settings and a
 * program's extensions → the compiled plan, and the coordinator's test data. Node only.
 */
import type { DataFacts, Dataset } from '../../../data/dataset.js';
import { pagingIn } from '../../../data/paged/node/paging.js';
import type { Strategy } from '../../../merge/strategy.js';
import type { Configuration, ConfigurationInput } from '../../../protocol/configuration/configuration.js';
import { afterMergeOf } from '../../methods/after-merge.js';
import { untrainedLayerNotice } from '../../methods/corrected-rounds.js';
import { checkRefit } from '../../methods/refit.js';
import { compileFederation, type FederationWithNetwork } from '../../plan/compile-federation.js';
import { checkPartition } from '../../plan/dealt-shares.js';
import { requireDistributed } from '../../plan/description.js';
import { namedParts } from '../../plan/extensions.js';
import { federationPlan } from '../../plan/federation-plan.js';
import { machineMemory } from '../../plan/node/machine-memory.js';
import { type FederationPlan, isPersonal } from '../../plan/plan-parts.js';
import { checkTestExamples, participantsOf } from '../../plan/rules.js';
import { configurationWith } from './initial-model.js';
import { withOwnPreprocessing } from './own-preprocessing.js';
import { withOwnSettings } from './own-settings.js';
import type { RunSettings } from './prepared-run.js';
import { servedData } from './served-data.js';

/**
 * The settings of a run on one machine that apply here too. Workers only evaluate, on the
 * coordinator's test examples.
 */
export interface ServiceSettings
  extends Pick<
    RunSettings,
    'workers' | 'dataDir' | 'extensions' | 'init' | 'signal' | 'source' | 'observer'
  > {
  /** The run folder, from which the run can be resumed. */
  readonly out: string;
  /**
   * The coordinator's test data, in place of the configuration's data set. Without examples they
   * only describe the columns.
   */
  readonly test?: Dataset | undefined;
}

export interface PreparedService {
  readonly configuration: Configuration;
  readonly participants: readonly string[];
  /** The facts that all participants' data share. */
  readonly facts: DataFacts;
  /** The coordinator's test data; they may have no examples. To be closed at the end. */
  readonly test: Dataset;
  readonly strategy: Strategy;
  readonly compiled: FederationWithNetwork;
  readonly plan: FederationPlan;
  /** Whether there is a model to start from. */
  readonly isGiven: boolean;
}

/** @throws CommonweightError when a setting or the data are at fault */
export async function prepareService(
  input: ConfigurationInput,
  options: ServiceSettings,
): Promise<PreparedService> {
  const { out, observer = {}, signal, source = 'options', extensions = {} } = options;
  const completed = withOwnSettings(input, { dataset: options.test, task: extensions.task });
  const { configuration: parsed, init, notes } = await configurationWith(completed, options.init, source);
  for (const note of notes) observer.onNotice?.(note);
  requireDistributed(parsed, source);
  checkPartition(parsed, source);
  const named = namedParts(parsed, extensions, source);
  const after = afterMergeOf(parsed, source);
  checkRefit(parsed, source);
  const untrained = untrainedLayerNotice(parsed);
  if (untrained !== undefined) observer.onNotice?.(`${source}: ${untrained}`);
  const {
    configuration: served,
    facts,
    test,
  } = await servedData(parsed, input, {
    ...{ out, test: options.test, dataDir: options.dataDir, signal },
    ...{ onProgress: observer.onData, onNotice: observer.onNotice },
    paging: pagingIn(machineMemory().bytes, out),
  });
  const configuration = withOwnPreprocessing(served, facts);
  checkTestExamples(configuration, { test }, source);
  const compiled = compileFederation(configuration, facts, named, source, { init });
  const { methods, refit, codec, own, statistics, survey, frozen, initialState } = compiled;
  const participants = participantsOf(configuration);
  const shares = participants.map((name) => ({ name, train: NO_EXAMPLES, validation: NO_EXAMPLES }));
  const steps = { ...after, methods, refit, codec, own, statistics, survey, frozen };
  const planned = federationPlan(configuration, compiled.plan, shares, { test }, named, initialState, steps);
  // The coordinator does not have what is the participants' own, so it has no whole model to test.
  const plan = isPersonal(compiled) ? { ...planned, testExamples: 0 } : planned;
  const { strategy } = named;
  return { configuration, participants, facts, test, strategy, compiled, plan, isGiven: init !== undefined };
}

const NO_EXAMPLES = new Uint32Array(0);
