import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Figures, MetricFacts } from '../../metrics/metric.js';
import { bestRound, staleRound } from './best-round.js';
import type { RoundRecord } from './round.js';

const higher: MetricFacts = { name: 'auroc', better: 'higher', format: 'fraction' };
const lower: MetricFacts = { name: 'auroc', better: 'lower', format: 'fraction' };

/** One round for each list of figures; participant k has 10·(k + 1) examples. */
const roundsOf = (all: readonly (readonly (number | undefined)[])[]) =>
  all.map((figures, index) => {
    const entries = figures.map((auroc, k) => {
      const one: Figures = auroc === undefined ? { loss: 1 } : { loss: 1, auroc };
      return [`site-${k}`, one] as const;
    });
    return {
      ...{ round: index + 1, merged: {}, copied: new Map(entries) },
      updates: new Map(figures.map((_, k) => [`site-${k}`, { examples: 10 * (k + 1) }])),
    } as unknown as RoundRecord;
  });

describe('the best round', () => {
  it('is that of the best mean, weighted by examples, and the first among equals', () => {
    const rounds = roundsOf([
      [0.9, 0.6],
      [0.6, 0.9],
      [0.6, 0.9],
    ]);
    expect(bestRound(rounds, higher)).toEqual({ round: 2, figure: (10 * 0.6 + 20 * 0.9) / 30 });
    expect(bestRound(rounds, lower)?.round).toBe(1);
  });

  it('is chosen by those who have the figure, and is none where nobody has', () => {
    expect(bestRound(roundsOf([[undefined, 0.6]]), higher)).toEqual({ round: 1, figure: 0.6 });
    expect(bestRound(roundsOf([[undefined, undefined], []]), higher)).toBeUndefined();
  });
});

describe('models that are removed', () => {
  it('are those of old rounds', () => {
    expect(staleRound([], 4, undefined)).toBe(4);
  });

  it('are never the best of any round that a rollback may go back to', () => {
    fc.assert(
      fc.property(
        fc.array(fc.integer({ min: 0, max: 5 }), { minLength: 1, maxLength: 12 }),
        fc.integer({ min: 1, max: 4 }),
        (figures, keep) => {
          const rounds = roundsOf(figures.map((figure) => [figure / 10]));
          const there = new Set<number>();
          for (const { round } of rounds) {
            there.add(round);
            const stale = round > keep ? staleRound(rounds.slice(0, round), round - keep, higher) : undefined;
            if (stale !== undefined) there.delete(stale);
            for (let to = Math.max(1, round - keep + 1); to <= round; to++) {
              expect(there).toContain(to);
              expect(there).toContain(bestRound(rounds.slice(0, to), higher)!.round);
            }
            expect(there.size).toBeLessThanOrEqual(keep + 1);
          }
        },
      ),
    );
  });
});
