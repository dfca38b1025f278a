import { describe, expect, it } from 'vitest';
import { classificationMetrics } from '../../metrics/classification.js';
import { type Row, summaryOf } from './participant-rows.js';

type Presence = Row['participant']['presence'];

const row = (presence: Presence, isDone = false): Row => ({
  ...{ participant: { name: 'site', presence }, part: '', isDone, own: undefined, copy: undefined },
  ...{ attacks: false, metric: classificationMetrics[0] },
});

describe('the summary of who takes part', () => {
  it('counts participants by what they do, who is missing first', () => {
    expect(summaryOf([row('here'), row('gone'), row('here'), row('not joined')])).toBe(
      '1 gone, 1 not joined, 2 here',
    );
    expect(summaryOf([row('unknown')])).toBe('');
  });

  it('calls those done who went at the end of a run, but not who missed the final model', () => {
    expect(summaryOf([row('gone', true), row('gone', true), row('left', true)])).toBe('2 done, 1 left');
    expect(summaryOf([row('gone', true), row('gone')])).toBe('1 done, 1 gone');
  });
});
