/**
 * Leads a federation whose participants are on other machines, as `run-federation.ts` does on one
 * machine. The caller brings the transport. Node only.
 */

import { link, rm } from 'node:fs/promises';
import { availableParallelism } from 'node:os';
import { join } from 'node:path';
import { InterruptedError } from '../../base/interrupted.js';
import { categoriesOf, closeDatasets } from '../../data/dataset.js';
import { loadDataset } from '../../data/images/node/load-dataset.js';
import { encodeModel } from '../../engine/nn/model-file.js';
import type { Decision } from '../../metrics/cut-off.js';
import type { ConfigurationInput } from '../../protocol/configuration/configuration.js';
import { hasClasses } from '../../protocol/configuration/task-metrics.js';
import type { Status } from '../../protocol/status.js';
import type { Overview } from '../../protocol/view.js';
import { layoutSize, type StateDict } from '../../tensor/state-dict.js';
import { evaluateInParts } from '../../training/evaluate-parts.js';
import type { TaskRunner } from '../../training/tasks.js';
import { WorkerPool } from '../../training/threads/node/worker-pool.js';
import { mostBytes } from '../../transforms/codec/coded-file.js';
import { plain } from '../../transforms/codec/plain.js';
import type { RunOperator } from '../../transport/run-operator.js';
import type { BlobFolder, CoordinatorEnd, LendShare, SigningHandlers } from '../../transport/transport.js';
import { frozenAtStart, withMadeConstants } from '../methods/frozen-weights.js';
import { featureLayout } from '../methods/refit.js';
import { hasDemonstration } from '../participant/demonstration-share.js';
import { isPersonal } from '../plan/plan-parts.js';
import { type Conclusion, concludeRun, type FederationOutcome, finalRole } from '../record/conclude-run.js';
import { readSurvey } from '../record/read-run.js';
import { stateFile } from '../record/run-folder.js';
import { type Clock, systemClock } from '../rounds/clock.js';
import { membersHere } from '../rounds/membership.js';
import { type LiveView, liveView } from '../watch/live-view.js';
import { measuredCutOff } from './closing/decided-model.js';
import { IN_MEMORY_BYTES } from './closing/files-of-received.js';
import { sharedDecision } from './closing/shared-decision.js';
import { type Leadership, type LeadWanted, type LedFolder, leadFolder } from './led-folder.js';
import { lendShares } from './lend-shares.js';
import type { RemoteObserver } from './remote/remote-rounds.js';
import { openRecord, type ServedRecord } from './served-record.js';
import { positiveOf, type ServedRounds, servedRounds } from './served-rounds.js';
import { type PreparedService, prepareService, type ServiceSettings } from './setup/prepared-service.js';

/** The parts with which a transport is opened. */
export interface Opening {
  readonly handlers: SigningHandlers;
  readonly blobs: BlobFolder;
  /** The run folder, for the transport's own files. */
  readonly folder: string;
  /** The coordinator's own data set, as it was given; participants learn only its name. */
  readonly dataset: string;
  /** The size of a model file. */
  readonly modelBytes: number;
  status(): Status;
  /** The view for observers. */
  readonly view: LiveView;
  /** Carries out an operator's requests. */
  readonly operator: RunOperator;
  /** Lends shares of a public data set; undefined if there is none to lend. */
  readonly lendShare?: LendShare;
}

export interface ServeOptions extends ServiceSettings {
  /**
   * Waits until this coordinator leads, if others stand by. Without it, the folder's own claim
   * decides.
   */
  lead?(wanted: LeadWanted): Promise<Leadership>;
  open(opening: Opening): Promise<CoordinatorEnd>;
  readonly observer?: ServiceSettings['observer'] &
    RemoteObserver & {
      /**
       * Called at the end of the run with the participants that have not fetched the final model
       * yet.
       */
      onFarewell?(waitingFor: readonly string[]): void;
    };
  /**
   * Also offers the plan of a network that is part of this package, for participants in other
   * languages.
   */
  readonly offerPlan?: boolean | undefined;
  /** How long participants have at the end to fetch the final model; ten minutes by default. */
  readonly farewellSeconds?: number | undefined;
}

/**
 * Leads the run to its end.
 * @throws CommonweightError when a setting, the data or the folder is at fault
 */
export async function serveFederation(
  input: ConfigurationInput,
  options: ServeOptions,
): Promise<FederationOutcome> {
  const { out, observer = {}, signal, lead, offerPlan } = options;
  const { onNotice } = observer;
  const prepared = await prepareService(input, options);
  const encode = (state: StateDict, cutOff?: number) =>
    encodeModel(state, { ...prepared.compiled.model, ...(cutOff !== undefined && { cutOff }) });
  const led = await leadFolder(prepared, { out, signal, lead, onWaiting: onNotice });
  const tester = testPool(prepared, options.workers);
  try {
    const record = await openRecord(prepared, led, { out, offerPlan, onNotice });
    const clock = systemClock();
    const served = await servedRounds(prepared, led, record, { clock, observer, tasks: tester.open });
    const service = { prepared, led, record, served, clock, encode, tasks: tester.open };
    const end = await options.open(openingOf(service, options));
    return await conduct(service, end, options).finally(() => end.close());
  } finally {
    await tester.close();
    await led.close();
    if (options.test === undefined) closeDatasets(prepared.test);
  }
}

/** The threads that evaluate models on the test examples, if there are any; nobody trains here. */
function testPool({ compiled, test }: PreparedService, workers = availableParallelism()) {
  let pool: WorkerPool | undefined;
  const setup = { plan: compiled.plan, frozen: frozenAtStart(compiled.frozen), train: test, test };
  return {
    open() {
      pool ??= new WorkerPool(setup, workers);
      return pool;
    },
    close: async () => pool?.close(),
  };
}

/** A federation that is led, before participants can reach it and after. */
interface Service {
  readonly prepared: PreparedService;
  readonly led: LedFolder;
  readonly record: ServedRecord;
  readonly served: ServedRounds;
  readonly clock: Clock;
  /** The file of a model. @param cutOff of the second of two categories, if one was chosen */
  encode(state: StateDict, cutOff?: number): Uint8Array;
  /** The runner that evaluates models; called only if there are test examples. */
  tasks(): TaskRunner;
}

function openingOf(service: Service, options: ServeOptions): Opening {
  const { prepared, led, record, served, clock } = service;
  const { configuration, participants, test, compiled } = prepared;
  const { rounds, mend } = served;
  const sums = compiled.refit && featureLayout(compiled.refit.features);
  const { layout, survey } = compiled;
  const largestBytes = Math.max(
    mostBytes(layout, compiled.codec.update),
    mostBytes(layout, compiled.codec.model),
    sums === undefined ? 0 : 4 * layoutSize(sums),
    survey === undefined ? 0 : 4 * layoutSize(survey.answer),
  );
  const handlers = { ...rounds.handlers, epoch: led.epoch, signer: led.signer, onDamaged: mend };
  const load = () => loadDataset(configuration.dataset, { dataDir: options.dataDir });
  const isLent = options.test === undefined && hasDemonstration(record.description);
  return {
    ...{ handlers, blobs: record.blobs, folder: options.out, dataset: configuration.dataset },
    modelBytes: largestBytes + 65_536,
    status: rounds.status,
    view: liveView({
      ...{ overview: overviewOf(service), rounds, details: record.details, test, clock },
      readSurvey: survey && ((first) => readSurvey(options.out, survey, first)),
    }),
    operator: rounds,
    ...(isLent && { lendShare: lendShares(configuration, participants, load) }),
  };
}

/** The part of the view that does not change. */
function overviewOf({ prepared, record: { description, version } }: Service): Overview {
  const { configuration, participants, facts, plan } = prepared;
  return {
    configuration: description.configuration,
    inputs: [...description.inputs],
    metrics: [...plan.rules.metrics],
    participants: [...participants],
    ...(hasClasses(configuration) && { categories: [...categoriesOf(facts)] }),
    testExamples: plan.testExamples > 0,
    ...(version !== undefined && { commonweight: version }),
  };
}

/** Leads all rounds that are left, and waits while participants fetch the final model. */
async function conduct(
  service: Service,
  end: CoordinatorEnd,
  { out, observer = {}, signal, farewellSeconds = 600 }: ServeOptions,
): Promise<FederationOutcome> {
  const { led, served } = service;
  const { rounds } = served;
  const conclusion = conclusionOf(service, out);
  try {
    const state = await rounds.conduct(end, led.epoch, signal);
    const outcome = await concludeRun(conclusion, state);
    observer.onFarewell?.(membersHere(rounds.state().members));
    await rounds.farewell(farewellSeconds, signal);
    return outcome;
  } catch (error) {
    if (!(error instanceof InterruptedError)) throw error;
    return await concludeRun(conclusion, rounds.state(), 'interrupted');
  }
}

function conclusionOf(service: Service, out: string): Conclusion {
  const { prepared, record, served, encode } = service;
  const { configuration, compiled } = prepared;
  const { finalNetwork: network, inputs, task, codec, frozen } = compiled;
  const { store, copies } = record;
  const { inputs: columns, targets } = compiled.facts;
  const isPart = isPersonal(compiled);
  const conclusion = {
    ...{ out, configuration, network, inputs, columns, targets, task, store, encode, frozen, isPart },
    decide: configuration.decision && ((...of: [StateDict, StateDict | undefined]) => decide(service, ...of)),
  };
  const isLinked =
    4 * layoutSize(compiled.layout) > IN_MEMORY_BYTES &&
    frozen === undefined &&
    // A model with a cut-off is another file.
    configuration.decision === undefined &&
    codec.model === plain;
  if (!isLinked) return conclusion;
  return {
    ...conclusion,
    async linkFinal(role) {
      const final = finalRole(served.rounds.state(), configuration);
      if (final !== undefined) await copies.mendFile(role, final.sha256);
      await rm(join(out, 'model.safetensors'), { force: true });
      await link(join(out, stateFile(role)), join(out, 'model.safetensors'));
    },
  };
}

/** The cut-off, measured on the coordinator's own test examples, too, if there are any. */
async function decide(
  { prepared, served, tasks }: Service,
  { data: model }: StateDict,
  made: StateDict | undefined,
): Promise<Decision | undefined> {
  const { configuration, plan } = prepared;
  const chosen = sharedDecision(served.rounds.state(), configuration, positiveOf(prepared));
  if (chosen === undefined || plan.testExamples === 0) return chosen?.decision;
  const { testExamples, bootstrap } = plan;
  const measuring = withMadeConstants(tasks(), plan.frozen, made);
  const tested = await evaluateInParts(measuring, model, 'test', testExamples, bootstrap !== undefined);
  return { ...chosen.decision, test: await measuredCutOff(tested, chosen.bin, bootstrap) };
}
