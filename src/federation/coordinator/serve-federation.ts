/**
 * A federation whose participants are elsewhere: what `run-federation.ts` puts together for one
 * machine, without anybody's data. The transport is the caller's. Node only.
 */
import { link, mkdir, rm } from 'node:fs/promises';
import { availableParallelism } from 'node:os';
import { join } from 'node:path';
import { InterruptedError } from '../../base/interrupted.js';
import { categoriesOf, type Dataset } from '../../data/dataset.js';
import { loadDataset } from '../../data/images/node/load-dataset.js';
import type { OnDataProgress } from '../../data/progress.js';
import { encodeModel } from '../../engine/nn/model-file.js';
import { updatesProblem } from '../../merge/memory/checks.js';
import type { ConfigurationInput } from '../../protocol/configuration/configuration.js';
import { hasClasses } from '../../protocol/configuration/task-metrics.js';
import { type Signer, signer as signerOf } from '../../protocol/signed.js';
import type { Status } from '../../protocol/status.js';
import type { Overview } from '../../protocol/view.js';
import { layoutSize, type StateDict } from '../../tensor/state-dict.js';
import { WorkerPool } from '../../training/threads/node/worker-pool.js';
import { mostBytes } from '../../transforms/codec/coded-file.js';
import { plain } from '../../transforms/codec/plain.js';
import { blobFolder } from '../../transport/blob-folder.js';
import { FencedError } from '../../transport/error.js';
import type { RunOperator } from '../../transport/run-operator.js';
import type { BlobFolder, CoordinatorEnd, LendShare, SignedReception } from '../../transport/transport.js';
import { afterMergeOf } from '../methods/after-merge.js';
import { checkRefit, featureLayout } from '../methods/refit.js';
import { hasDemonstration } from '../participant/demonstration-share.js';
import { chooseStrategies } from '../plan/chosen-strategies.js';
import { compileFederation } from '../plan/compile-federation.js';
import { checkPartition } from '../plan/dealt-shares.js';
import { describeFederation, requireDistributed } from '../plan/description.js';
import { federationPlan } from '../plan/federation-plan.js';
import { versionsOfThis } from '../plan/node/versions.js';
import { checkTestExamples, participantsOf } from '../plan/rules.js';
import { concludeRun, type FederationOutcome, finalRole } from '../record/conclude-run.js';
import { continueRun } from '../record/continued-run.js';
import { returnProblem } from '../record/returning.js';
import { claimRun, jobOf, lastEpochOf } from '../record/run-claim.js';
import { keepRunData } from '../record/run-data.js';
import { openRunFolder, prepareRunFolder, stateFile } from '../record/run-folder.js';
import { stateCoding } from '../record/state-coding.js';
import { twoCopies } from '../record/two-copies.js';
import { systemClock } from '../rounds/clock.js';
import { membersHere } from '../rounds/membership.js';
import { baseOf, type RunState } from '../rounds/round.js';
import type { RoundEvent } from '../rounds/round-events.js';
import type { RunStore, StateRole } from '../rounds/run-store.js';
import { type LiveView, liveView, shownDetails } from '../watch/live-view.js';
import { fileChecker } from './check-files.js';
import { IN_MEMORY_BYTES } from './closing/files-of-received.js';
import { concludeReceived } from './conclude-received.js';
import { coordinatorKey } from './coordinator-key.js';
import { giveBlobs } from './given-blobs.js';
import { configurationWith } from './initial-model.js';
import { lendShares } from './lend-shares.js';
import { withOwnSettings } from './own-settings.js';
import { discardReceived, receivingStore } from './received-updates.js';
import { type RemoteObserver, remoteRounds } from './remote/remote-rounds.js';
import type { FederationOptions } from './run-federation.js';
import { servedData } from './served-data.js';

/** What a transport is opened with. */
export interface Opening {
  readonly reception: SignedReception;
  readonly blobs: BlobFolder;
  /** The run's folder, for what the transport keeps itself. */
  readonly folder: string;
  /** The coordinator's own data as it finds them: participants are told the name alone. */
  readonly dataset: string;
  /** The size of a model's file. */
  readonly modelBytes: number;
  status(): Status;
  /** What observers may see. */
  readonly view: LiveView;
  /** What an operator asks for. */
  readonly operator: RunOperator;
  /** Of a public data set; missing where there is none to be lent. */
  readonly lendShare?: LendShare;
}

/** What a coordinator takes the lead of. */
export interface LeadWanted {
  readonly signer: Signer;
  /** The largest epoch that the run has had. */
  lastEpoch(): Promise<number>;
}

/** Ends when another coordinator has taken over. */
export interface Leadership {
  readonly epoch: number;
  readonly signal: AbortSignal;
}

/** As for a run on one machine; workers only evaluate here, on the coordinator's test examples. */
export interface ServeOptions
  extends Pick<
    FederationOptions,
    | 'workers'
    | 'dataDir'
    | 'network'
    | 'task'
    | 'strategies'
    | 'methods'
    | 'codecs'
    | 'init'
    | 'signal'
    | 'source'
  > {
  /** Where the run is kept, and taken up again. */
  readonly out: string;
  /**
   * What the coordinator tests with, in place of the configuration's data set; with no examples it
   * says only what the data are.
   */
  readonly test?: Dataset | undefined;
  /**
   * Waits until this coordinator is the one that leads, where others stand by; the folder's own
   * lock decides without it.
   */
  lead?(wanted: LeadWanted): Promise<Leadership>;
  open(opening: Opening): Promise<CoordinatorEnd>;
  readonly observer?: RemoteObserver & {
    onData?: OnDataProgress;
    onNotice?(notice: string): void;
    /** The run is over: these have not fetched the final model yet. */
    onFarewell?(waitingFor: readonly string[]): void;
  };
  /**
   * Offers the plan also of a network that is part of this package: for participants written in
   * other languages.
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
  const { out, observer = {}, signal, source = 'options', farewellSeconds = 600 } = options;
  const named = withOwnSettings(input, { dataset: options.test, task: options.task });
  const { configuration: parsed, init } = await configurationWith(named, options.init, source);
  requireDistributed(parsed, source);
  checkPartition(parsed, source);
  const strategies = chooseStrategies(parsed, options.strategies ?? [], source, options.methods);
  const after = afterMergeOf(parsed, source);
  checkRefit(parsed, source);
  const { configuration, facts, test } = await servedData(parsed, input, {
    ...{ out, test: options.test, dataDir: options.dataDir, signal },
    ...{ onProgress: observer.onData, onNotice: observer.onNotice },
  });
  checkTestExamples(configuration, { test }, source);
  const compiled = compileFederation(
    configuration,
    facts,
    {
      ...{ ...strategies, methods: options.methods, codecs: options.codecs },
      ...{ network: options.network, task: options.task, init },
    },
    source,
  );
  const { plan, network, inputs, task, methods, refit, codec, frozen, model, initialState } = compiled;
  const participants = participantsOf(configuration);
  const encode = (state: StateDict) => encodeModel(state, model);
  // Weights tell about data: they are for whoever leads, and for nobody else on this machine.
  await mkdir(out, { recursive: true, mode: 0o700 }).catch(() => undefined);
  await prepareRunFolder(out, configuration);
  const job = await jobOf(out);
  const signer = signerOf(await coordinatorKey(out), job);
  const lead = await options.lead?.({ signer, lastEpoch: () => lastEpochOf(out) });
  const claim = await claimRun(out, { leads: lead?.epoch, signal, onWaiting: observer.onNotice });
  const epoch = lead?.epoch ?? claim.number;
  const coding = stateCoding(plan.layout, codec, model);
  const folder = await openRunFolder(out, configuration, coding, claim).catch(async (error: unknown) => {
    await claim.release();
    throw error;
  });
  let pool: WorkerPool | undefined;
  try {
    await keepRunData(out, { train: test, test }, []);
    const blobs = await blobFolder(join(out, 'blobs'));
    const {
      initial,
      plan: foreignPlan,
      frozen: held,
      bytesOf,
    } = await giveBlobs(blobs, compiled, init !== undefined, options.offerPlan);
    const copies = twoCopies({ path: out, blobs, given: bytesOf, onMended: observer.onNotice });
    const { store, details } = await shownDetails(out, ledBy(lead, receivingStore(folder, blobs, copies)));
    const clock = systemClock();
    const version = versionsOfThis().commonweight;
    const description = await describeFederation(compiled, {
      ...{ job, participants, version, foreignPlan, frozen: held },
    });
    const nobodysData = participants.map((name) => ({ name, train: NO_EXAMPLES, validation: NO_EXAMPLES }));
    const planned = federationPlan(configuration, plan, nobodysData, { test }, strategies, initialState, {
      ...after,
      ...{ methods, refit, codec },
    });
    const check = fileChecker(planned, blobs);
    const workshop = {
      plan: planned,
      ...{ model, folder, store, blobs, copies, initial },
      tasks() {
        // Nobody trains here: the test examples are all that the threads need.
        pool ??= new WorkerPool(
          { plan, frozen: frozen?.values.data, train: test, test },
          options.workers ?? availableParallelism(),
        );
        return pool;
      },
    };
    const mend = (sha256: string): Promise<void> => copies.mendBlob(sha256, rounds.state().rounds);
    const discardAfter = (event: RoundEvent, state: RunState) =>
      discardReceived(event, state, {
        folder,
        blobs,
        keep: configuration.keep,
        given: bytesOf.keys(),
        methods: methods.map(({ name }) => name),
      });
    const leastUpdates = configuration.quorum ?? configuration.participantsPerRound;
    const rounds = remoteRounds({
      rules: workshop.plan.rules,
      ...{ description, store, blobs, initial, observer, clock },
      mend,
      check(participant, announcement, state) {
        const base = announcement.type === 'update' ? baseOf(state, announcement.round, initial) : undefined;
        return check(participant, announcement, base);
      },
      conclude: (phase, round, state) => concludeReceived(phase, round, state, workshop),
      discardAfter,
      tooFew(count) {
        const problem = updatesProblem(strategies.strategy, Math.min(count, leastUpdates ?? count));
        return problem && `the strategy "${strategies.strategy.name}" ${problem}`;
      },
      cannotReturn: (to, state) => returnProblem(to, state, { path: out, blobs, copies }),
      finalModel: (state) => finalRole(state, configuration)?.sha256,
    });
    await continueRun(folder, configuration, rounds.state());
    claim.signal.addEventListener('abort', () => rounds.reception.onFenced?.(claim.signal.reason));
    // A coordinator that was killed right after it recorded this left it undone.
    const lastEvent = store.events.at(-1);
    if (lastEvent !== undefined) await discardAfter(lastEvent, rounds.state());
    const overview: Overview = {
      configuration: description.configuration,
      metrics: [...workshop.plan.rules.metrics],
      participants: [...participants],
      ...(hasClasses(configuration) && { classNames: [...categoriesOf(facts)] }),
      testExamples: test.examples > 0,
      ...(version !== undefined && { commonweight: version }),
    };
    const modelBytes = 4 * layoutSize(plan.layout);
    const largestBytes = Math.max(
      mostBytes(plan.layout, codec.update),
      mostBytes(plan.layout, codec.model),
      refit === undefined ? 0 : 4 * layoutSize(featureLayout(refit.features)),
    );
    const end = await options.open({
      ...{ reception: { ...rounds.reception, epoch, signer, onDamaged: mend }, blobs, folder: out },
      dataset: configuration.dataset,
      modelBytes: largestBytes + 65_536,
      status: rounds.status,
      view: liveView({ overview, rounds, details, test, clock }),
      operator: rounds,
      ...(options.test === undefined &&
        hasDemonstration(description) && {
          lendShare: lendShares(configuration, participants, () =>
            loadDataset(configuration.dataset, { dataDir: options.dataDir }),
          ),
        }),
    });
    const conclusion = {
      ...{ out, configuration, network, inputs, task, store, encode, frozen },
      ...(modelBytes > IN_MEMORY_BYTES &&
        frozen === undefined &&
        codec.model === plain && {
          async linkFinal(role: StateRole) {
            const final = finalRole(rounds.state(), configuration);
            if (final !== undefined) await copies.mendFile(role, final.sha256);
            await rm(join(out, 'model.safetensors'), { force: true });
            await link(join(out, stateFile(role)), join(out, 'model.safetensors'));
          },
        }),
    };
    try {
      const state = await rounds.conduct(end, epoch, signal);
      const outcome = await concludeRun(conclusion, state);
      observer.onFarewell?.(membersHere(rounds.state().members));
      await rounds.farewell(farewellSeconds, signal);
      return outcome;
    } catch (error) {
      if (error instanceof InterruptedError)
        return await concludeRun(conclusion, rounds.state(), 'interrupted');
      throw error;
    } finally {
      await end.close();
    }
  } finally {
    await pool?.close();
    await folder.close();
    await claim.release();
  }
}

const NO_EXAMPLES = new Uint32Array(0);

/** Who does not lead any more records nothing: another reads the same journal. */
function ledBy(lead: Leadership | undefined, store: RunStore): RunStore {
  if (lead === undefined) return store;
  return {
    ...store,
    async append(event) {
      if (lead.signal.aborted) throw new FencedError('federation: another coordinator has taken over');
      await store.append(event);
    },
  };
}
