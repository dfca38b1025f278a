/**
 * The number of local steps in each round, if local training is set in steps: a number, or numbers
 * that change at rounds.
 */
import type { Configuration } from '../protocol/configuration/configuration.js';

/**
 * Such as 64, or [{ from: 1, steps: 64 }, { from: 50, steps: 16 }]: 64 up to round 49, 16 from
 * round 50 on.
 */
export type StepSchedule = NonNullable<Configuration['local']['steps']>;

/** Rounds count from 1. */
export function stepsIn(schedule: StepSchedule, round: number): number {
  if (typeof schedule === 'number') return schedule;
  return schedule.findLast(({ from }) => from <= round)?.steps ?? 0;
}

/** The steps of all rounds before this one. */
export function stepsBefore(schedule: StepSchedule, round: number): number {
  if (typeof schedule === 'number') return schedule * (round - 1);
  return schedule.reduce((sum, { from, steps }, index) => {
    const end = Math.min(schedule[index + 1]?.from ?? Infinity, round);
    return sum + steps * Math.max(0, end - from);
  }, 0);
}
