import { expect, it } from 'vitest';
import { SITES, surveyTable } from '../../../test/survey-table.js';
import { comparisonOfSites } from '../../data/survey/site-comparison.js';
import { surveySites } from '../../data/survey/site-survey.js';
import { classificationMetrics } from '../../metrics/classification.js';
import { startRun } from '../rounds/rounds.js';
import { observedSurvey } from './observed-survey.js';

const survey = surveySites(SITES.map((name) => ({ name, dataset: surveyTable(name) })));
const [empty] = startRun({
  ...{ participants: SITES, rounds: 1, metrics: classificationMetrics, reference: undefined },
  pooled: false,
}).rounds;
/** What was begun is done. */
const settled = () => new Promise(setImmediate);
const surveyed = (constants: string) => ({ ...empty!, computed: { constants } });

it('compares the sites once the survey is over, reads the answers once, and again after a rollback', async () => {
  let reads = 0;
  const observed = observedSurvey(
    async () => {
      reads++;
      return survey;
    },
    (problem) => expect.fail(problem),
  );
  expect([observed.of(empty!), reads]).toEqual([undefined, 0]);
  expect(observed.of(surveyed('a'))).toBeUndefined();
  await settled();
  expect(observed.of(surveyed('a'))).toEqual(comparisonOfSites(survey));
  expect(observed.of(surveyed('a'))).toBe(observed.of(surveyed('a')));
  expect(reads).toBe(1);
  expect(observed.of(empty!)).toBeUndefined();
  expect(observed.of(surveyed('b'))).toBeUndefined();
  await settled();
  expect(observed.of(surveyed('b'))).toEqual(comparisonOfSites(survey));
  expect(reads).toBe(2);
});

it.each([
  ['cannot be read', async () => Promise.reject(new Error('the file is damaged')), 'the file is damaged'],
  ['are gone', async () => undefined, 'the answers are not in the run folder any more'],
])('says once in words if the answers %s', async (_, read, expected) => {
  const problems: string[] = [];
  const observed = observedSurvey(read, (problem) => problems.push(problem));
  for (let look = 0; look < 3; look++) {
    expect(observed.of(surveyed('a'))).toBeUndefined();
    await settled();
  }
  expect(problems).toEqual([expected]);
});
