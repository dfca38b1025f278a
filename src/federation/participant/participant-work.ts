/**
 * A participant's work in a round: it trains from the copied model on its own data, computes the
 * attachments of its update, and evaluates a copy. It depends only on the plan, the data and the
 * round's start, so it is the same on one machine and on many.
 */

import type { Share } from '../../data/partition/partition.js';
import type { Figures } from '../../metrics/metric.js';
import type { Metrics } from '../../metrics/metrics.js';
import type { StateDict } from '../../tensor/state-dict.js';
import type { LocalProgress, LocalResult, LocalWork } from '../../training/local-training.js';
import type { TaskRunner, TrainTask } from '../../training/tasks.js';
import { transformed } from '../../transforms/transform.js';
import type { MethodMemories } from '../methods/attachments.js';
import { checkBound } from '../methods/check-bound.js';
import { methodsOf } from '../methods/methods.js';
import { besideOwnTensors, OWN_TENSORS } from '../methods/own-tensors.js';
import { STATISTICS } from '../methods/site-statistics.js';
import type { ParticipantPlan } from '../plan/plan-parts.js';

export interface Participant {
  readonly plan: ParticipantPlan;
  /** Its own part of the workers' training set. */
  readonly share: Share;
  readonly tasks: TaskRunner;
}

/** What the participant's work in a round begins with. */
export interface RoundStart {
  readonly round: number;
  /** Whether the round's models are evaluated. */
  readonly evaluated: boolean;
  /** The shared part of the state to begin with. */
  readonly base: Float32Array;
  /** What each method of the round kept from earlier rounds; nothing in the first. */
  readonly memories?: MethodMemories;
  /** Whether the participant trains on the poisoned data: an attacker does. */
  readonly poisoned?: boolean;
}

export interface TrainedRound {
  /** The shared part of the trained state, after the chain of transforms. */
  readonly state: Float32Array;
  /**
   * Attachments that travel with the update, and states that stay here, by the name of the method.
   */
  readonly attachments: Readonly<Record<string, StateDict>>;
  readonly own: Readonly<Record<string, StateDict>>;
  readonly report: TrainingReport;
}

/** The figures that are announced with the work. */
export interface TrainingReport {
  readonly examples: number;
  /** One of the two is set, depending on how the work is counted. */
  readonly epochs?: number;
  readonly steps?: number;
  readonly examplesSeen: number;
  readonly loss: number;
  readonly validation?: Figures;
}

/**
 * @param signal gives the work up, between two steps
 * @throws DivergedError when the loss, a weight or a value of an attachment is not finite or too
 *   large
 * @throws InterruptedError when the work was given up
 */
export async function trainRound(
  { plan, share, tasks: plainTasks }: Participant,
  { round, evaluated, base, poisoned, ...start }: RoundStart,
  onProgress?: (progress: LocalProgress) => void,
  signal?: AbortSignal,
): Promise<TrainedRound> {
  const { name: participant, train } = share;
  const { tasks, memories } = await withStatistics({ plan, share, tasks: plainTasks }, start, signal);
  const work = plan.work(participant, round);
  const methods = methodsOf(plan, round, evaluated).map((method) => {
    const { common, own } = memories?.get(method.name) ?? { common: undefined, own: undefined };
    return { method, start: { round, participant, layout: plan.layout, base, common, own } };
  });
  const task = {
    type: 'train',
    work: Object.assign({ ...work }, ...methods.map(({ method, start }) => method.prepare?.(start))),
    base,
    train,
    // A threshold needs the validation examples in every round.
    validation: evaluated || work.threshold !== undefined ? share.validation : new Uint32Array(0),
    ...(poisoned && { poisoned }),
  } as const;
  const training = await trainedBy(tasks, plan, task, memories, onProgress, signal);
  const { result, kept, tasks: tasksAfter } = training;
  const { state: trained, steps } = result;
  const attachments: Record<string, StateDict> = {};
  const own: Record<string, StateDict> = {};
  // Attachments are computed from the trained state, before the chain of transforms, for an
  // attacker too.
  for (const { method, start } of methods) {
    const after = { work, state: trained, kept, steps, train, tasks: tasksAfter, signal };
    const computed = await method.compute({ ...start, ...after });
    if (computed.attachment !== undefined) {
      const { title, bound } = method;
      if (bound) checkBound(computed.attachment, bound, `the ${title} of "${participant}" in round ${round}`);
      attachments[method.name] = computed.attachment;
    }
    if (computed.own !== undefined) own[method.name] = computed.own;
  }
  const state = transformed(plan.transforms(participant), trained, base, {
    ...{ layout: plan.layout, participant, round },
  });
  return { state, attachments, own, report: reportOf(result, work, train.length) };
}

/** The tasks with the participant's own statistics, if it has some: those kept, or new ones. */
async function withStatistics(
  { plan: { statistics }, share, tasks }: Participant,
  { memories }: Pick<RoundStart, 'memories'>,
  signal: AbortSignal | undefined,
): Promise<Pick<Participant, 'tasks'> & Pick<RoundStart, 'memories'>> {
  if (statistics === undefined) return { tasks, ...(memories && { memories }) };
  const own = memories?.get(STATISTICS)?.own ?? (await statistics.of(share.train, tasks, signal));
  return {
    tasks: statistics.with(tasks, own),
    memories: new Map([...(memories ?? []), [STATISTICS, { common: undefined, own }]]),
  };
}

/**
 * Trains the shared state, together with the participant's own tensors if there are any. Later
 * tasks use the own tensors as they are then.
 */
async function trainedBy(
  tasks: TaskRunner,
  { own }: Pick<ParticipantPlan, 'own'>,
  task: TrainTask,
  memories: MethodMemories | undefined,
  ...rest: TrainingOptions
) {
  if (own === undefined) return { result: await tasks.train(task, ...rest), kept: undefined, tasks };
  const before = memories?.get(OWN_TENSORS)?.own ?? own.initial(task.work.participant);
  const { kept, ...result } = await besideOwnTensors(tasks, own.layout, before).train(task, ...rest);
  return { result, kept, tasks: besideOwnTensors(tasks, own.layout, kept) };
}

type TrainingOptions = [onProgress?: (progress: LocalProgress) => void, signal?: AbortSignal];

function reportOf(result: LocalResult, work: LocalWork, examples: number): TrainingReport {
  const { epochs, steps, examplesSeen, loss, validation } = result;
  return {
    examples,
    ...(work.stepsBefore === undefined ? { epochs } : { steps }),
    examplesSeen,
    loss,
    ...(validation && { validation }),
  };
}

/** The metrics of a state on the participant's own validation examples. */
export async function ownMetrics(
  { share, tasks }: Pick<Participant, 'share' | 'tasks'>,
  state: Float32Array,
  signal?: AbortSignal,
): Promise<Metrics> {
  const examples = { source: 'train', indices: share.validation } as const;
  return tasks.evaluate({ type: 'evaluate', state, examples }, signal);
}
