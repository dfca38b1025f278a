/**
 * Runs a recorded run again on one machine, from its configuration, its journal and the data set.
 * In each round it merges the updates that were merged then, and compares the result with the
 * journal, fact by fact. So anybody can check that the model is the one in the journal. Node only.
 */
import { readFile, realpath } from 'node:fs/promises';
import { join } from 'node:path';
import { fileNameOf } from '../base/names.js';
import { sha256Of } from '../base/node/sha256-of.js';
import { closeDatasets, type TrainTestSplit } from '../data/dataset.js';
import { loadRecordedData } from '../data/node/load-data.js';
import { pagingIn } from '../data/paged/node/paging.js';
import type { Share } from '../data/partition/partition.js';
import { sitesOf } from '../data/settings.js';
import { encodeModel } from '../engine/nn/model-file.js';
import { type FederationOptions, runFederation } from '../federation/coordinator/run-federation.js';
import { readInitialModel } from '../federation/coordinator/setup/initial-model.js';
import { FederationError } from '../federation/error.js';
import { personalDescription } from '../federation/plan/compile-federation.js';
import { OWN_DATA, sharesOf } from '../federation/plan/dealt-shares.js';
import { machineMemory } from '../federation/plan/node/machine-memory.js';
import { versionsOfThis } from '../federation/plan/node/versions.js';
import { type FederationOutcome, finalRole } from '../federation/record/conclude-run.js';
import { followsRounds } from '../federation/record/continued-run.js';
import { type RecordedRun, readRun } from '../federation/record/read-run.js';
import type { RunResult } from '../federation/record/run-result.js';
import { recordedRounds } from '../federation/rounds/recorded-rounds.js';
import type { RoundRecord, RunState } from '../federation/rounds/round.js';
import { isFinished } from '../federation/rounds/rounds.js';
import type { MetricFacts } from '../metrics/metric.js';
import { hasOwnParts } from '../protocol/configuration/own-parts.js';
import type { StateDict } from '../tensor/state-dict.js';

export interface ReplayOptions
  extends Pick<
    FederationOptions,
    'out' | 'workers' | 'device' | 'dataDir' | 'data' | 'extensions' | 'init' | 'signal'
  > {
  /** Where the data set is now; by default where its configuration says. */
  readonly dataset?: string | undefined;
  readonly observer?: Pick<NonNullable<FederationOptions['observer']>, 'onData' | 'onNotice'> & {
    /**
     * Called before the first training.
     * @param finished whether all has been replayed before, into the same folder
     */
    onStart?(run: RecordedRun, finished: boolean): void;
    /** Called after each round with the recorded and the replayed facts. */
    onRound?(recorded: RoundRecord, replayed: RoundRecord): void;
  };
}

/** A fact that differs. */
export interface ReplayDifference {
  readonly round: number;
  /**
   * The file is that of the final model, or of a participant's own model, as the run left it: its
   * SHA-256 is `replayed`.
   */
  readonly of: 'update' | 'own' | 'model' | 'common' | 'average' | 'refitted' | 'figure' | 'pooled' | 'file';
  /** The participant whose update, or whose copy's main figure, it is, or with whom it stays. */
  readonly participant?: string | undefined;
  /** The method whose state it is. */
  readonly name?: string | undefined;
  /** A SHA-256, or a figure. */
  readonly recorded: string | number;
  readonly replayed: string | number | undefined;
}

export interface ReplayOutcome {
  readonly run: RecordedRun;
  /** The result of the replay. */
  readonly result: RunResult;
  /** The first is where the replay departed: each later one follows from those before. */
  readonly differences: readonly ReplayDifference[];
  /** Versions on which the same bytes depend and that differ. */
  readonly versions: readonly { readonly of: string; readonly recorded: string; readonly here: string }[];
}

/**
 * @param path the folder of a run
 * @throws FederationError when there is no run, or it cannot be replayed here; also what
 * `runFederation` throws
 */
export async function replayRun(path: string, options: ReplayOptions = {}): Promise<ReplayOutcome> {
  const { observer = {}, signal, dataDir } = options;
  const run = await readRun(path);
  const { configuration } = run;
  const rounds = recordedRounds(run.state);
  requireReplayable(run, rounds.length);
  await requireOther(path, options.out);
  await requireModel(run, options.init);
  const data =
    options.data ??
    (await loadRecordedData(configuration, options.dataset, {
      ...{ dataDir, signal, paging: pagingIn(machineMemory().bytes, options.out) },
      ...{ onProgress: observer.onData, onNotice: observer.onNotice },
    }));
  const source = join(path, 'configuration.yaml');
  requireShares(run, data, sharesOf(configuration, data, source));

  let state: RunState | undefined;
  let told = 0;
  const tell = (next: RunState) => {
    state = next;
    const over = next.stopped === undefined ? next.rounds.length - 1 : rounds.length;
    for (; told < Math.min(over, rounds.length); told++) {
      const [then, now] = [run.rounds[told], next.rounds[told]] as [RoundRecord, RoundRecord];
      // Pooled training follows the rounds, and may be some behind.
      if (then.pooled !== undefined && now.pooled === undefined) break;
      observer.onRound?.(then, now);
    }
  };
  const { out, workers, extensions, init, device = deviceThen(run) } = options;
  const { result, model, personal } = await runFederation(configuration, {
    ...{ out, workers, device, extensions, init, signal, data, source, recorded: rounds },
    observer: {
      onStart(start) {
        observer.onStart?.(run, isFinished(start.state));
        tell(start.state);
      },
      onEvent: (_, next) => tell(next),
    },
  }).finally(() => {
    if (options.data === undefined) closeDatasets(data.train, data.test);
  });
  const replayed = state?.rounds ?? [];
  const differences = rounds.flatMap((_, index) => {
    const [then, now] = [run.rounds[index], replayed[index]];
    return then === undefined || now === undefined ? [] : roundDifferences(then, now, run.result.metrics[0]);
  });
  differences.push(...(await fileDifferences(run, replayed, { result, model, personal, out })));
  return { run, result, differences, versions: versionsChanged(run.result.versions, result.versions.device) };
}

/** The differences in a round, in the order of cause and effect. */
export function roundDifferences(
  recorded: RoundRecord,
  replayed: RoundRecord,
  metric: MetricFacts,
): ReplayDifference[] {
  const now = factsOf(replayed, metric);
  return factsOf(recorded, metric).flatMap(({ of, participant, name, is }) => {
    const same = now.find((fact) => fact.of === of && fact.participant === participant && fact.name === name);
    if (is === undefined || same?.is === is) return [];
    return [
      { round: recorded.round, of, participant, ...(name && { name }), recorded: is, replayed: same?.is },
    ];
  });
}

type Fact = Pick<ReplayDifference, 'of' | 'participant' | 'name'> & {
  readonly is: string | number | undefined;
};

function factsOf(record: RoundRecord, metric: MetricFacts): Fact[] {
  const { participants, updates, merged, refitted, copied, pooled } = record;
  return [
    ...participants.map((name): Fact => ({ of: 'update', participant: name, is: updates.get(name)?.sha256 })),
    ...participants.flatMap((participant) =>
      Object.entries(updates.get(participant)?.own ?? {}).map(
        ([name, is]): Fact => ({ of: 'own', participant, name, is }),
      ),
    ),
    { of: 'model', is: merged?.sha256 },
    ...Object.entries(merged?.common ?? {}).map(([name, is]): Fact => ({ of: 'common', name, is })),
    { of: 'average', is: merged?.average },
    { of: 'refitted', is: refitted?.sha256 },
    ...[...copied].map(
      ([name, figures]): Fact => ({ of: 'figure', participant: name, is: figures[metric.name] }),
    ),
    { of: 'pooled', is: pooled?.sha256 },
  ];
}

/**
 * Whether the files of models that the run left are those of its last round, where that has been
 * replayed. A file that is not there any more is no difference.
 */
async function fileDifferences(
  run: RecordedRun,
  rounds: readonly RoundRecord[],
  made: Pick<FederationOutcome, 'result' | 'model' | 'personal'> & { readonly out: string | undefined },
): Promise<ReplayDifference[]> {
  const { path, state, configuration, finished } = run;
  const final = finalRole(state, configuration);
  const { model } = made.result;
  const isSame = final?.sha256 === finalRole({ rounds }, configuration)?.sha256;
  if (!finished || final === undefined || model === undefined || !isSame) return [];
  const expected: [file: string, sha256: string | undefined, participant?: string][] = [
    ['model.safetensors', sharedCutOffHash(run, made.model) ?? model.sha256],
  ];
  for (const participant of hasOwnParts(configuration) ? state.rules.participants : []) {
    const file = join('personal', `${fileNameOf(participant)}.safetensors`);
    expected.push([file, await personalHash(run, file, made.out, made.personal?.[participant]), participant]);
  }
  const differences: ReplayDifference[] = [];
  for (const [file, recorded, participant] of expected) {
    const bytes = await readFile(join(path, file)).catch(() => undefined);
    const replayed = bytes && sha256Of(bytes);
    if (recorded === undefined || replayed === undefined || replayed === recorded) continue;
    differences.push({ round: final.role.round, of: 'file', participant, recorded, replayed });
  }
  return differences;
}

/**
 * The SHA-256 of the final model with the recorded cut-off, if that was chosen on what participants
 * shared: a replay has all their rows, and would choose another one.
 */
function sharedCutOffHash({ model, result }: RecordedRun, state: StateDict | undefined): string | undefined {
  const { cutOff, participants } = result.decision ?? {};
  const description = model?.description;
  if (participants === undefined || state === undefined || description === undefined) return undefined;
  return sha256Of(encodeModel(state, { ...description, cutOff }));
}

/** The SHA-256 of a participant's own model by the replay, in a folder or in memory. */
async function personalHash(
  { model }: RecordedRun,
  file: string,
  out: string | undefined,
  state: StateDict | undefined,
): Promise<string | undefined> {
  if (out !== undefined) return readFile(join(out, file)).then(sha256Of, () => undefined);
  const description = model?.description;
  return state && description && sha256Of(encodeModel(state, personalDescription(description)));
}

function requireReplayable({ path, configuration, extended }: RecordedRun, rounds: number): void {
  const { dataset, partition, data } = configuration;
  const why =
    dataset === 'none'
      ? 'its "dataset" is "none": the data were never in one place'
      : partition.name === OWN_DATA && sitesOf(data) === undefined
        ? `its "partition" is "${OWN_DATA}": the data were never in one place`
        : rounds === 0
          ? 'none of its rounds was merged'
          : extended && followsRounds(configuration)
            ? 'its "rounds" was raised after some were done, and the result of a round depends on their number'
            : undefined;
  if (why === undefined) return;
  throw new FederationError(`"${path}" cannot be replayed: ${why}`, {
    ...(rounds > 0 && {
      hint: 'only a run whose data set is on this machine and is dealt out by a partitioner can be replayed',
    }),
  });
}

/** The run's own folder would be taken for a finished replay. */
async function requireOther(path: string, out: string | undefined): Promise<void> {
  if (out === undefined) return;
  const [here, there] = await Promise.all([realpath(path), realpath(out).catch(() => undefined)]);
  if (here !== there) return;
  throw new FederationError(`"${out}" holds the run that is to be replayed`, {
    hint: 'keep the replay in another folder',
  });
}

async function requireModel({ path, configuration }: RecordedRun, init: string | undefined): Promise<void> {
  if (init === undefined) return;
  const { sha256 } = await readInitialModel(init, configuration.model);
  if (sha256 === configuration.initialModel) return;
  const began = configuration.initialModel ?? 'none';
  throw new FederationError(
    `"${init}" has the SHA-256 ${sha256}, expected ${began}, with which "${path}" began`,
  );
}

/** A participant whose number of examples differs from its share had other data. */
function requireShares({ path, rounds }: RecordedRun, { train }: TrainTestSplit, shares: readonly Share[]) {
  for (const { round, updates } of rounds) {
    // In the order of the participants, whichever finished first.
    for (const { name: participant, train: dealt } of shares) {
      const examples = updates.get(participant)?.examples;
      if (examples === undefined || examples === dealt.length) continue;
      throw new FederationError(
        `"${path}" cannot be replayed: "${participant}" trained on ${examples} examples in round ${round}, of "${train.name}" it has ${dealt.length}`,
        { hint: 'it had other data, or another part of this set than its own (`join --partition`)' },
      );
    }
  }
}

function versionsChanged(
  recorded: Readonly<Record<string, string>>,
  device = 'cpu',
): ReplayOutcome['versions'] {
  return Object.entries({ ...versionsOfThis(), device }).flatMap(([of, here]) => {
    const then = recorded[of];
    return then === undefined || then === here ? [] : [{ of, recorded: then, here }];
  });
}

/** On a GPU, if the run was made on one and there is one. */
const deviceThen = ({ result }: RecordedRun) =>
  result.versions.device?.startsWith('webgpu') ? 'auto' : 'cpu';
