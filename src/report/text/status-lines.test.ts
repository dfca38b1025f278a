import { describe, expect, it } from 'vitest';
import { classificationMetrics } from '../../metrics/classification.js';
import type { Status } from '../../protocol/status.js';
import { PROTOCOL_VERSION } from '../../protocol/version.js';
import { statusLines, waiting } from './status-lines.js';

const status: Status = {
  protocol: PROTOCOL_VERSION,
  phase: 'training',
  round: 2,
  rounds: 5,
  waitingFor: ['site-b', 'site-c'],
  received: ['site-a'],
  participants: [
    {
      ...{ name: 'site-a', presence: 'here', examples: 1100 },
      progress: { round: 2, activity: 'waiting' },
    },
    { name: 'site-b', presence: 'gone', since: '2030-01-01T03:00:00.000Z', examples: 50 },
    { name: 'site-c', presence: 'not joined', since: '2030-01-01T02:00:00.000Z' },
  ],
  test: { accuracy: 0.75 },
  metric: classificationMetrics[0],
  copied: { 'site-a': { accuracy: 0.5 }, 'site-b': { accuracy: 0.625 } },
};
const deadline = '2030-01-01T04:00:00.000Z';
const now = new Date('2030-01-01T03:58:50Z');
const lines = (changes: Partial<Status> = {}) => statusLines({ ...status, ...changes }, now);

describe('the status of a run', () => {
  it('says who is waited for, and until when', () => {
    const names = 'waits for site-b (gone), site-c (not joined)';
    const says = (changes: Partial<Status>) => waiting({ ...status, ...changes }, now);
    expect(says({})).toEqual([`${names}: all of them are needed`]);
    expect(says({ quorum: 2 })).toEqual([`${names}, or until they leave: 2 updates are enough then`]);
    expect(says({ quorum: 1, phase: 'evaluating' })).toEqual([
      `${names}, or until they leave: 1 answer is enough then`,
    ]);
    const others = status.participants.slice(2);
    expect(says({ quorum: 2, participants: others })).toEqual([
      'waits for site-b, site-c (not joined): at least 2 are needed',
    ]);
    const until = `${names} until 2030-01-01T04:00:00Z (1 min 10 s from now)`;
    expect(says({ quorum: 2, deadline })).toEqual([`${until}: then 1 more is enough`]);
    expect(says({ quorum: 3, deadline })).toEqual([`${until}: then 2 more are enough`]);
    expect(says({ quorum: 1, deadline })).toEqual([`${until}: then the others are enough`]);
    expect(says({ quorum: 2, deadline, deadlinePassed: true })).toEqual([
      `${names}: the deadline has passed, 1 more is enough`,
    ]);
    expect(says({ waitingFor: [] })).toEqual([]);
  });

  it('names the metric unless it is the accuracy, and the speed by what the task counts', () => {
    const [first, ...others] = status.participants;
    const speeds = { examplesPerSecond: 40, unitsPerSecond: 8000 };
    const training = { round: 2, activity: 'training', ...speeds } as const;
    const participants = [{ ...first, progress: training } as (typeof others)[number], ...others];
    const tagging = lines({
      ...{ metric: { name: 'perplexity', better: 'lower', format: 'number' }, test: { perplexity: 1.696 } },
      ...{ unit: 'token', participants, copied: {} },
    });
    expect(tagging).toContain('the last merged model on the test examples: perplexity 1.696');
    expect(tagging.join('\n')).toContain('training, 8,000 tokens/s');
    expect(lines({ participants }).join('\n')).toContain('training, 40 examples/s');
    expect(lines()).toContain('the last merged model on the test examples: 75.00%');
  });

  it('says that a deadline is behind us of which no coordinator has taken note', () => {
    const late = new Date('2030-01-01T06:00:00Z');
    expect(waiting({ ...status, quorum: 2, deadline }, late)[0]).toContain(
      'until 2030-01-01T04:00:00Z (2 h 0 min ago): then 1 more is enough',
    );
  });

  it('names ten, and says how many more there are', () => {
    const waitingFor = Array.from({ length: 200 }, (_, k) => `site-${k}`);
    const participants = waitingFor.map((name) => ({ name, presence: 'here' as const }));
    const [line] = waiting({ ...status, waitingFor, participants }, now);
    expect(line).toMatch(/^waits for site-0, site-1, .*, site-9 and 190 more: all of them are needed$/);
  });

  it('in training', () => {
    const progress: Status['participants'][number]['progress'] = {
      ...{ round: 2, activity: 'training', epoch: 3, epochs: 20, step: 5, steps: 7 },
      examplesPerSecond: 12_345.6,
    };
    const participants = [
      ...status.participants.slice(0, 2),
      { ...status.participants[0]!, name: 'site-c', progress },
    ];
    expect(lines({ participants })).toEqual([
      'round 2 of 5, training: 1 of 3 updates in',
      'waits for site-b (gone), site-c: all of them are needed',
      'the last merged model on the test examples: 75.00%',
      '',
      'participant  presence                         examples  this round  copied model  at work',
      'site-a       here                                1,100  in                50.00%  waiting',
      'site-b       gone since 2030-01-01T03:00:00Z        50  awaited           62.50%',
      'site-c       here                                1,100  awaited                   training, epoch 3 of 20, step 5 of 7, 12,346 examples/s',
    ]);
  });

  it('while the coordinator merges, when no participant is missing', () => {
    const all = lines({ phase: 'merging', waitingFor: [], received: ['site-a', 'site-b'] });
    expect(all.slice(0, 2)).toEqual([
      'round 2 of 5, merging: 2 updates in, none missing',
      'the last merged model on the test examples: 75.00%',
    ]);
  });

  it('while the copies are evaluated', () => {
    expect(lines({ phase: 'evaluating' })[0]).toMatch(/^round 2 of 5, evaluating: 1 of 3 participants/);
  });

  it('at the end, with who has still to fetch the final model', () => {
    const reason = 'every-participant-passed';
    const over: Partial<Status> = { phase: 'finished', received: [], reason };
    expect(lines({ ...over, deadline }).slice(0, 2)).toEqual([
      'finished in round 2 of 5: the copied model reaches the reference with every participant',
      'waits for site-b (gone), site-c (not joined) to fetch the final model, until 2030-01-01T04:00:00Z (1 min 10 s from now)',
    ]);
    const left = status.participants.map((one) => ({
      ...one,
      presence: 'left' as const,
      reason: 'the run is over',
    }));
    const done = lines({ ...over, waitingFor: [], participants: left });
    expect(done[1]).toBe('the last merged model on the test examples: 75.00%');
    expect(done.at(-1)).toMatch(/^site-c {7}left .* the run is over$/);
    expect(lines({ ...over, reason: 'max-rounds' })[0]).toContain(': all rounds are done');
    expect(lines({ ...over, reason: 'stopped' })[0]).toContain(': stopped by an operator');
  });

  it('of a run on one machine leaves out what there is nothing to say of', () => {
    const participants = ['a', 'b'].map((name) => ({ name, presence: 'unknown' as const, examples: 10 }));
    const { test: _, ...rest } = {
      ...status,
      participants,
      waitingFor: ['b'],
      received: ['a'],
      copied: {},
    };
    expect(statusLines(rest, now)).toEqual([
      'round 2 of 5, training: 1 of 2 updates in',
      'waits for b: all of them are needed',
      '',
      'participant  examples  this round',
      'a                  10  in',
      'b                  10  awaited',
    ]);
  });
});
