/**
 * Everybody's work in every round: how long, at which learning rates, whether corrected. With
 * epochs a round begins its data anew; with steps a participant's batches go on from round to
 * round, and so do those of the pooled training.
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
   * The pooled training that belongs to a round: it sees as many examples as all participants did.
   * @param seenBefore that it saw in each earlier round
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
  /** Where a round lies in the run, counted in steps of which this round has so many. */
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
 * Where a participant's batches are when a round begins: after the steps of every earlier round
 * that it was drawn for. A round that was closed without it counts too: the coordinator's deadline
 * is nothing that its data know of.
 */
function stepsOfEarlier(
  steps: StepSchedule,
  { participants, sampling }: Pick<RoundRules, 'participants' | 'sampling'>,
) {
  if (sampling === undefined) return (_: string, round: number) => stepsBefore(steps, round);
  /** Of the rounds so far: it would be drawn again and again. */
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
