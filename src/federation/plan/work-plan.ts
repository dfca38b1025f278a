/**
 * The local work of all participants in all rounds: how long, at which learning rates, with which
 * correction. With epochs, each round starts its data anew; with steps, a participant's batches
 * continue from round to round, and so do those of pooled training.
 */

import type { Share } from '../../data/partition/partition.js';
import { scheduleOf } from '../../engine/nn/by-name.js';
import { targetOf } from '../../metrics/target.js';
import type { Configuration } from '../../protocol/configuration/configuration.js';
import { metricsOf } from '../../protocol/configuration/task-metrics.js';
import { learningRates, type Span, stepsOf } from '../../training/learning-rates.js';
import type { LocalWork } from '../../training/local-training.js';
import { type StepSchedule, stepsBefore, stepsIn } from '../../training/step-schedule.js';
import { isCorrected } from '../methods/corrected-rounds.js';
import type { RoundRules } from '../rounds/round.js';
import { sampleParticipants } from '../rounds/sampling.js';

export interface WorkPlan {
  /** A participant's work in a round. */
  work(participant: string, round: number): LocalWork;
  /**
   * The pooled training of a round: it uses as many examples as all participants together.
   * @param seenBefore the number used in each earlier round
   */
  pooledWork(
    round: number,
    seen: number,
    slots: Float32Array | undefined,
    seenBefore: readonly number[],
  ): LocalWork;
}

/** @param rules who takes part, and who is drawn for a round */
export function workPlan(
  configuration: Configuration,
  shares: readonly Share[],
  rules: Pick<RoundRules, 'participants' | 'sampling'>,
): WorkPlan {
  const { local, rounds, seed, batchSize, optimizer, augmentation, correction } = configuration;
  const schedule = scheduleOf(configuration.schedule);
  const examples = new Map(shares.map(({ name, train }) => [name, train.length]));
  const ratesOf = (steps: number, span: Span) => learningRates(schedule, optimizer.learningRate, steps, span);
  /** The place of a round in the run, in steps; this round has `steps` of them. */
  const spanOf = (round: number, steps: number): Span => {
    if (local.steps === undefined) return { before: (round - 1) * steps, total: rounds * steps };
    const scale = steps / stepsIn(local.steps, round);
    return {
      before: scale * stepsBefore(local.steps, round),
      total: scale * stepsBefore(local.steps, rounds + 1),
    };
  };
  const doneBefore = local.steps === undefined ? undefined : stepsOfEarlier(local.steps, rules);
  const corrected = (round: number) =>
    correction && { correctionStrength: isCorrected(correction, round, rounds) ? 1 : 0 };
  return {
    work(participant, round) {
      const common = { participant, round, seed, augmentation, ...corrected(round) };
      if (local.steps !== undefined) {
        const steps = stepsIn(local.steps, round);
        const learningRates = ratesOf(steps, spanOf(round, steps));
        const before = doneBefore?.(participant, round);
        return { ...common, epochs: Infinity, maxSteps: steps, stepsBefore: before, learningRates };
      }
      const { epochs = 1 } = local;
      const threshold = round === 1 ? (local.firstThreshold ?? local.threshold) : local.threshold;
      const steps = stepsOf(examples.get(participant) ?? 0, batchSize, epochs);
      return {
        ...common,
        epochs,
        threshold: threshold === undefined ? undefined : targetOf(threshold, metricsOf(configuration)),
        learningRates: ratesOf(steps, spanOf(round, steps)),
      };
    },
    pooledWork(round, seen, slots, seenBefore) {
      const stepsFor = (examples: number) => Math.ceil(examples / batchSize);
      const steps = stepsFor(seen);
      return {
        participant: 'pooled',
        round,
        seed,
        epochs: Infinity,
        augmentation,
        ...(correction !== undefined && { correctionStrength: 0 }),
        maxSteps: steps,
        ...(local.steps !== undefined && {
          stepsBefore: seenBefore.reduce((sum, examples) => sum + stepsFor(examples), 0),
        }),
        learningRates: ratesOf(steps, spanOf(round, steps)),
        slots,
      };
    },
  };
}

/**
 * Where a participant's batches are when a round begins: after the steps of all earlier rounds for
 * which it was drawn. A round that was closed without it counts, too, since its data do not depend
 * on the coordinator's deadline.
 */
function stepsOfEarlier(
  steps: StepSchedule,
  { participants, sampling }: Pick<RoundRules, 'participants' | 'sampling'>,
) {
  if (sampling === undefined) return (_: string, round: number) => stepsBefore(steps, round);
  /** Kept for the rounds so far: each would be drawn again and again. */
  const drawn: ReadonlySet<string>[] = [];
  return (participant: string, round: number) => {
    let sum = 0;
    for (let earlier = 1; earlier < round; earlier++) {
      drawn[earlier] ??= new Set(sampleParticipants(participants, sampling, earlier));
      if (drawn[earlier]?.has(participant)) sum += stepsIn(steps, earlier);
    }
    return sum;
  };
}
