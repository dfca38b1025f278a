import { describe, expect, it } from 'vitest';
import { classificationMetrics } from '../../metrics/classification.js';
import type { RunState } from './round.js';
import type { RoundEvent } from './round-events.js';
import { applyEvent, startRun } from './rounds.js';
import { DRIFTS, FAR, warningsOf } from './warnings.js';

const sha256 = 'a'.repeat(64);
const names = ['a', 'b', 'c', 'd'];

function state(events: readonly RoundEvent[], participants = names): RunState {
  const rules = {
    participants,
    rounds: 4,
    evaluateEvery: 4,
    metrics: classificationMetrics,
    reference: undefined,
    pooled: false,
  };
  return events.reduce(applyEvent, startRun(rules));
}
const joined = (participant: string, examples: number): RoundEvent => ({
  ...{ type: 'joined', round: 1, participant, examples, validationExamples: 1 },
});
const update = (participant: string, moved: number | undefined, round = 1): RoundEvent => ({
  ...{ type: 'update-received', round },
  update: {
    ...{ participant, sha256, examples: 10, epochs: 1, examplesSeen: 10, loss: 1, seconds: 0 },
    ...(moved !== undefined && { moved }),
  },
});
const updates = (moved: readonly (number | undefined)[]) =>
  moved.map((one, k) => update(names[k] as string, one));

describe('what an operator should look at', () => {
  it('is an update that lies far from the others', () => {
    const [warning, ...more] = warningsOf(state(updates([0.2, 0.1, 0.3, 0.2 * FAR + 1])));
    expect(warning).toMatch(/^round 1: the update of d lies 35 times as far .* `commonweight drop`/);
    expect(more).toEqual([]);
    expect(
      warningsOf(state([...updates([0.2, 0.1, 0.3, 9]), { type: 'dropped', round: 1, participant: 'd' }])),
    ).toEqual([]);
  });

  it('is a participant whose updates drift: each is not far enough to be named', () => {
    const merged = (round: number): RoundEvent => ({
      ...{ type: 'merged', round, sha256, merged: {}, own: {}, seconds: 0 },
    });
    const rounds = (last: number, moved: readonly number[], who = names) =>
      Array.from({ length: last }, (_, k) => [
        ...who.map((name, at) => update(name, moved[at], k + 1)),
        ...(k + 1 < last ? [merged(k + 1)] : []),
      ]).flat();
    const drifting = [0.1, 0.1, 0.1, 0.1 * DRIFTS + 0.4];
    expect(warningsOf(state(rounds(2, drifting)))).toEqual([]);
    expect(warningsOf(state(rounds(3, drifting)))).toEqual([
      expect.stringMatching(
        /^round 3: the update of d lies 14 times .* more than 10 times in each of 3 rounds/,
      ),
    ]);
    expect(warningsOf(state(rounds(3, [0.1, 0.1, 0.1, 0.1 * DRIFTS - 0.1])))).toEqual([]);
    // Of two, one may have a hundred times the data.
    expect(warningsOf(state(rounds(3, [0.1, 2], ['a', 'b']), ['a', 'b']))).toEqual([]);
  });

  it.each([
    ['those of different data', [0.05, 0.3, 0.9, 0.1]],
    ['those of a late round, where one still moves', [0, 1e-6, 1e-5, 0.2]],
    ['one that did not move at all', [0.4, 0.4, 0.3, 0]],
    ['those of a run on one machine, where nobody measures it', [undefined, undefined, undefined, undefined]],
  ])('is none of %s', (_, moved) => {
    expect(warningsOf(state(updates(moved)))).toEqual([]);
  });

  it('is not said before the round is closed', () => {
    expect(warningsOf(state(updates([0.1, 90])))).toEqual([]);
  });

  it('is a participant with nearly all the weight among three or more', () => {
    const three = ['a', 'b', 'c'];
    const heavy = [joined('a', 10), joined('b', 9_999_999), joined('c', 10)];
    expect(warningsOf(state(heavy, three))).toEqual([
      expect.stringMatching(/^b says that it has 100\.0% of all examples/),
    ]);
    expect(warningsOf(state(heavy.slice(0, 2), three))).toEqual([]);
    expect(warningsOf(state([joined('a', 60), joined('b', 800), joined('c', 60)], three))).toEqual([]);
  });
});
