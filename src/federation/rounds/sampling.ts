/**
 * Draws the participants of a round, if not all of them train in each round (McMahan et al. 2017,
 * https://arxiv.org/abs/1602.05629): uniformly, without repetition, by (seed, round) alone.
 */
import { randomStream } from '../../base/random.js';

export interface Sampling {
  /** How many participants train in a round; more than there are means all. */
  readonly perRound: number;
  readonly seed: number;
}

/**
 * The participants of a round, in the order of `participants`.
 * @param without participants that are skipped. The next in the draw takes the place of each, so
 *   that it does not matter when they were dropped.
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
