import { describe, expect, it } from 'vitest';
import { classificationMetrics } from '../../metrics/classification.js';
import type { RoundDetails } from '../../protocol/round-details.js';
import { startRun } from '../rounds/rounds.js';
import { keptDetails } from './kept-details.js';

const detailsOf = (round: number): RoundDetails => ({
  round,
  sha256: `${round}`.repeat(64),
  participants: ['a'],
  drift: { norms: [1], cosines: [[1]] },
});
const [empty] = startRun({
  participants: ['a'],
  rounds: 1,
  metrics: classificationMetrics,
  reference: undefined,
  pooled: false,
}).rounds;
const mergedRound = (round: number, sha256 = `${round}`.repeat(64)) => ({
  ...empty!,
  round,
  merged: { type: 'merged', round, sha256, merged: {}, own: {}, seconds: 1 } as const,
});

describe('the details that observers are shown', () => {
  const one = JSON.stringify(detailsOf(1)).length;

  it('are those of the newest rounds, in whatever order they came', () => {
    for (const order of [
      [1, 2, 3],
      [3, 2, 1],
    ]) {
      const kept = keptDetails(2 * one);
      expect(order.map((round) => kept.keep(detailsOf(round)))).toEqual([true, false, false]);
      expect([1, 2, 3].map((round) => kept.of(mergedRound(round))?.round)).toEqual([undefined, 2, 3]);
    }
  });

  it('are none where those of one round are too many, and none of another model', () => {
    const small = keptDetails(one - 1);
    small.keep(detailsOf(1));
    expect(small.of(mergedRound(1))).toBeUndefined();
    const kept = keptDetails();
    kept.keep(detailsOf(1));
    expect(kept.of({ ...empty!, round: 1 })).toBeUndefined();
    expect(kept.of(mergedRound(1, 'f'.repeat(64)))).toBeUndefined();
    expect(kept.of(mergedRound(1))).toEqual(detailsOf(1));
  });
});
