import { describe, expect, it } from 'vitest';
import type { RoundRules } from '../../federation/rounds/round.js';
import type { RoundEvent } from '../../federation/rounds/round-events.js';
import { applyEvent, startRun } from '../../federation/rounds/rounds.js';
import { classificationMetrics } from '../../metrics/classification.js';
import type { Words } from '../words.js';
import { eventLine } from './event-line.js';

const ofImages: Words = { example: 'image', examples: 'images', units: 'images' };

const sha256 = 'a'.repeat(64);
const rules: RoundRules = {
  ...{
    participants: ['a', 'b', 'c'],
    rounds: 2,
    metrics: classificationMetrics,
    reference: undefined,
    pooled: false,
  },
  quorum: 2,
};
const joined = (participant: string): RoundEvent => ({
  ...{ type: 'joined', round: 1, participant, examples: 1234, validationExamples: 9 },
});
const update = (participant: string, accuracy?: number): RoundEvent => ({
  ...{ type: 'update-received', round: 1 },
  update: {
    ...{ participant, sha256, examples: 10, epochs: 1, examplesSeen: 10, loss: 0.51251, seconds: 2.25 },
    ...(accuracy !== undefined && { validation: { accuracy } }),
  },
});
const merged: RoundEvent = {
  type: 'merged',
  round: 1,
  sha256,
  merged: { mean: { accuracy: 0.5 }, max: { accuracy: 0.25 } },
  own: {},
  seconds: 0,
};
const copy = (participant: string): RoundEvent => ({
  ...{ type: 'copy-evaluated', round: 1, participant, validation: { accuracy: 0.5 } },
});
const passed = (phase: 'train' | 'evaluate'): RoundEvent => ({ type: 'deadline-passed', round: 1, phase });

/** What is said of the events, one after the other. */
function told(events: readonly RoundEvent[], of: RoundRules = rules): (string | undefined)[] {
  let state = startRun(of);
  return events.map((event) => {
    state = applyEvent(state, event);
    return eventLine(event, state, ofImages);
  });
}

describe('what happened in a federation', () => {
  it('says who has answered a survey before round 1, and when the constants are made', () => {
    const given = (participant: string): RoundEvent => ({
      ...{ type: 'contributed', round: 1, phase: 'survey', participant, sha256 },
    });
    const made: RoundEvent = { type: 'computed', round: 1, phase: 'constants', sha256 };
    expect(told([given('b'), given('a'), given('c'), made], { ...rules, survey: true })).toEqual([
      expect.stringMatching(/^round 1 {2}b has answered the survey; waits for a, c$/),
      expect.stringMatching(/a has answered the survey; waits for c$/),
      expect.stringMatching(/c has answered the survey$/),
      expect.stringMatching(/^round 1 .*3 answers/),
    ]);
  });

  it('warns of data that changed', () => {
    expect(told([{ ...joined('a'), dataChanged: true } as RoundEvent])).toEqual([
      'a takes part, with 1,234 examples; warning: from round 1 on it trains on other data than before',
    ]);
  });

  it('is told with who is still waited for', () => {
    expect(
      told([
        ...[joined('a'), { type: 'left', round: 1, participant: 'a', reason: 'holidays' } as const],
        { type: 'left', round: 1, participant: 'b' },
        ...[update('b', 0.75), update('a'), update('c'), merged, copy('c'), copy('a'), copy('b')],
      ]),
    ).toEqual([
      'a takes part, with 1,234 examples',
      'a has left: holidays',
      'b has left',
      'round 1  update of b: loss 0.513, own validation 75.00%, after 2.3 s; waits for a, c',
      'round 1  update of a: loss 0.513, after 2.3 s; waits for c',
      'round 1  update of c: loss 0.513, after 2.3 s',
      'round 1  merged 3 updates, on the test images: mean 50.00%, max 25.00%',
      'round 1  the copy with c: 50.00%; waits for a, b',
      'round 1  the copy with a: 50.00%; waits for b',
      'round 1  the copy with b: 50.00%',
    ]);
  });

  it('is told where a deadline goes by, with what follows', () => {
    expect(
      told([
        ...[joined('a'), joined('b'), joined('c')],
        ...[{ type: 'deadline-set', round: 1, phase: 'train', at: '2030-01-01T00:00:00Z' } as const],
        ...[passed('train'), update('b'), update('a')],
        ...[{ ...merged, merged: {}, counted: ['a', 'b'] }, copy('a'), copy('c'), passed('evaluate')],
      ]).slice(3),
    ).toEqual([
      undefined,
      'round 1  the deadline has passed: 0 of the 2 that are needed are in, waits for 2 more',
      'round 1  update of b: loss 0.513, after 2.3 s; waits for a, c',
      'round 1  update of a: loss 0.513, after 2.3 s',
      'round 1  merged 2 of 3 updates',
      'round 1  the copy with a: 50.00%; waits for b, c',
      'round 1  the copy with c: 50.00%; waits for b',
      'round 1  the deadline has passed: goes on',
    ]);
    expect(told([update('c'), update('b'), passed('train')]).at(-1)).toBe(
      'round 1  the deadline has passed: goes on without a',
    );
  });

  it('is told of what was damaged, and of the end', () => {
    const events: RoundEvent[] = [
      ...[update('a'), { type: 'work-lost', round: 1, phase: 'train', participant: 'a' } as const],
      { type: 'stopped', round: 1 },
    ];
    const [lost, stopped] = told(events).slice(1);
    expect(lost).toMatch(/^round 1 .*\ba\b.*"train".*damaged.*again/);
    expect(stopped).toBe('an operator has stopped the run');
  });
});
