/**
 * The rounds of a federation whose participants are on other machines, over the coordinator's
 * files: how these are checked, merged, repaired and removed. Node only.
 */
import { categoriesOf } from '../../data/dataset.js';
import { updatesProblem } from '../../merge/memory/checks.js';
import type { MeasuredSums } from '../../metrics/shared/sums-problem.js';
import { sizeOf } from '../../tensor/shape.js';
import type { TaskRunner } from '../../training/tasks.js';
import { madeConstants, withMadeConstants } from '../methods/frozen-weights.js';
import { finalRole } from '../record/conclude-run.js';
import { continueRun } from '../record/continued-run.js';
import { returnProblem } from '../record/returning.js';
import type { Clock } from '../rounds/clock.js';
import { baseOf, type RunState } from '../rounds/round.js';
import type { RoundEvent } from '../rounds/round-events.js';
import { fileChecker } from './admission/check-announced-files.js';
import { sharedDecision } from './closing/shared-decision.js';
import { concludeReceived } from './conclude-received.js';
import type { LedFolder } from './led-folder.js';
import { discardReceived } from './received-store.js';
import { type RemoteObserver, type RemoteRounds, remoteRounds } from './remote/remote-rounds.js';
import type { ServedRecord } from './served-record.js';
import type { PreparedService } from './setup/prepared-service.js';

export interface ServedRounds {
  readonly rounds: RemoteRounds;
  /** Repairs a blob that was damaged on the disk. */
  mend(sha256: string): Promise<void>;
}

interface RoundsOptions {
  readonly clock: Clock;
  readonly observer: RemoteObserver;
  /** The runner that evaluates models; called only if there are test examples. */
  readonly tasks: () => TaskRunner;
}

/** Opens the rounds, and resumes where an earlier coordinator ended. */
export async function servedRounds(
  service: PreparedService,
  { folder, claimed }: LedFolder,
  { blobs, given, copies, store, description }: ServedRecord,
  { clock, observer, tasks }: RoundsOptions,
): Promise<ServedRounds> {
  const { configuration, compiled, plan, strategy } = service;
  const { initial } = given;
  const workshop = { plan, model: compiled.model, folder, store, blobs, copies, initial };
  const mend = (sha256: string): Promise<void> => copies.mendBlob(sha256, rounds.state().rounds);
  const check = fileChecker(plan, blobs);
  const methods = compiled.methods.map(({ name }) => name);
  const discardAfter = (event: RoundEvent, state: RunState) =>
    discardReceived(event, state, {
      ...{ folder, blobs, methods, keep: plan.keep, bestBy: plan.bestBy, given: given.bytesOf.keys() },
    });
  const rounds = remoteRounds({
    ...{ rules: plan.rules, description, store, blobs, initial, observer, clock, mend, discardAfter },
    measured: measuredSums(compiled),
    check(participant, announcement, state) {
      const base = announcement.type === 'update' ? baseOf(state, announcement.round, initial) : undefined;
      return check(participant, announcement, { base, examples: state.members.get(participant)?.examples });
    },
    async conclude(phase, round, state) {
      const made = await madeConstants({ store, rounds: state.rounds });
      const held = () => withMadeConstants(tasks(), plan.frozen, made);
      return concludeReceived(phase, round, state, { ...workshop, tasks: held });
    },
    tooFew(count) {
      const { quorum, participantsPerRound = count } = configuration;
      const problem = updatesProblem(strategy, Math.min(count, quorum ?? participantsPerRound));
      return problem && `the strategy "${strategy.name}" ${problem}`;
    },
    cannotReturn: (to, state) => returnProblem(to, state, { path: folder.path, blobs, copies }),
    finalModel: (state) => finalRole(state, configuration)?.sha256,
    cutOff: (state) => sharedDecision(state, configuration, positiveOf(service))?.decision.cutOff,
  });
  await continueRun(folder, configuration, rounds.state());
  claimed.addEventListener('abort', () => rounds.handlers.onFenced?.(claimed.reason));
  // A coordinator that was killed right after it recorded the last fact may not have removed old
  // files.
  const lastEvent = store.events.at(-1);
  if (lastEvent !== undefined) await discardAfter(lastEvent, rounds.state());
  return { rounds, mend };
}

/** What an evaluation by the plan measures. */
const measuredSums = ({ plan, task }: PreparedService['compiled']): MeasuredSums => ({
  sizes: Object.fromEntries(plan.measures.sums.map(({ name, shape }) => [name, sizeOf(shape)])),
  mostUnits: task.unit === 'example' ? 1 : sizeOf(task.output),
});

/** The name of the second of two categories. */
export const positiveOf = ({ facts }: Pick<PreparedService, 'facts'>): string => categoriesOf(facts)[1] ?? '';
