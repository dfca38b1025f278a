/**
 * Participants drawn for a round, where there are more than one round needs (McMahan et al. 2017,
 * https://arxiv.org/abs/1602.05629): uniformly, without repetition, by (seed, round) alone.
 */
import { randomStream } from '../../base/random.js';

export interface Sampling {
  /** How many take part in a round, at most all. */
  readonly perRound: number;
  readonly seed: number;
}

/**
 * Those of a round, in the order of `participants`.
 * @param without these; in the place of each comes who would have been drawn next, so that it does
 *   not matter when they went
 */
export function sampleParticipants(
  participants: readonly string[],
  { perRound, seed }: Sampling,
  round: number,
  without: ReadonlySet<string> = new Set(),
): readonly string[] {
  const order = randomStream(seed, round, 'participants').permutation(participants.length);
  const there = order.filter((index) => !without.has(participants[index] as string));
  const drawn = new Set(there.subarray(0, perRound));
  return participants.filter((_, index) => drawn.has(index));
}
