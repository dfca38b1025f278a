/**
 * Settings and what a program brings → a federation of participants elsewhere that is ready to be
 * led: what `prepared-run.ts` makes for one machine, without anybody's data. Node only.
 */
import type { DataFacts, Dataset } from '../../../data/dataset.js';
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
import type { FederationPlan } from '../../plan/plan-parts.js';
import { checkTestExamples, participantsOf } from '../../plan/rules.js';
import { configurationWith } from './initial-model.js';
import { withOwnSettings } from './own-settings.js';
import type { RunSettings } from './prepared-run.js';
import { servedData } from './served-data.js';

/** As for a run on one machine; workers only evaluate here, on the coordinator's test examples. */
export interface ServiceSettings
  extends Pick<
    RunSettings,
    'workers' | 'dataDir' | 'extensions' | 'init' | 'signal' | 'source' | 'observer'
  > {
  /** Where the run is kept, and taken up again. */
  readonly out: string;
  /**
   * What the coordinator tests with, in place of the configuration's data set; with no examples it
   * says only what the data are.
   */
  readonly test?: Dataset | undefined;
}

export interface PreparedService {
  readonly configuration: Configuration;
  readonly participants: readonly string[];
  /** What the data of all are. */
  readonly facts: DataFacts;
  /** What the coordinator tests with; it may have no examples. */
  readonly test: Dataset;
  readonly strategy: Strategy;
  readonly compiled: FederationWithNetwork;
  readonly plan: FederationPlan;
  /** Whether there is a model to start from. */
  readonly isGiven: boolean;
}

/** @throws CommonweightError when a setting or the data are at fault. */
export async function prepareService(
  input: ConfigurationInput,
  options: ServiceSettings,
): Promise<PreparedService> {
  const { out, observer = {}, signal, source = 'options', extensions = {} } = options;
  const completed = withOwnSettings(input, { dataset: options.test, task: extensions.task });
  const { configuration: parsed, init } = await configurationWith(completed, options.init, source);
  requireDistributed(parsed, source);
  checkPartition(parsed, source);
  const named = namedParts(parsed, extensions, source);
  const after = afterMergeOf(parsed, source);
  checkRefit(parsed, source);
  const untrained = untrainedLayerNotice(parsed);
  if (untrained !== undefined) observer.onNotice?.(`${source}: ${untrained}`);
  const { configuration, facts, test } = await servedData(parsed, input, {
    ...{ out, test: options.test, dataDir: options.dataDir, signal },
    ...{ onProgress: observer.onData, onNotice: observer.onNotice },
  });
  checkTestExamples(configuration, { test }, source);
  const compiled = compileFederation(configuration, facts, named, source, { init });
  const { methods, refit, codec, own: tensors, initialState } = compiled;
  const participants = participantsOf(configuration);
  const shares = participants.map((name) => ({ name, train: NO_EXAMPLES, validation: NO_EXAMPLES }));
  const { strategy, compared } = named;
  const steps = { ...after, methods, refit, codec, own: tensors };
  const planned = federationPlan(
    configuration,
    compiled.plan,
    shares,
    { test },
    { strategy, compared },
    initialState,
    steps,
  );
  // Of the tensors that stay with participants it has none: there is no whole model to test.
  const plan = tensors === undefined ? planned : { ...planned, testExamples: 0 };
  return { configuration, participants, facts, test, strategy, compiled, plan, isGiven: init !== undefined };
}

const NO_EXAMPLES = new Uint32Array(0);
