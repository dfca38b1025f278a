import { describe, expect, it } from 'vitest';
import { SITES, surveyTable as tableOf } from '../../../test/survey-table.js';
import { surveySites } from '../../data/survey/site-survey.js';
import { differenceSentences, surveyReport } from './survey-report.js';
import { wholeShare } from './survey-table.js';

const sites = Array.from({ length: 12 }, (_, i) => ({
  name: `site-${String.fromCharCode(97 + i)}`,
  dataset: tableOf(SITES[i % SITES.length]),
}));

describe('the report of a survey', () => {
  it('puts sites that do not fit beside each other into further tables, each with all rows', () => {
    const survey = surveySites(sites);
    const lines = surveyReport(survey, { width: 80, isTotal: false }).split('\n');
    for (const line of lines) expect(line.length).toBeLessThanOrEqual(80);
    const heads = lines.filter((line) => /^ +all( +site-[a-l])+$/.test(line));
    expect(heads.length).toBeGreaterThan(1);
    expect(heads.flatMap((line) => line.trim().split(/ +/).slice(1))).toEqual(sites.map(({ name }) => name));
    expect(lines.filter((line) => line.startsWith('rows ')).length).toBe(heads.length);
  });

  it('has at most ten sentences, and none about a single table', () => {
    expect(differenceSentences(surveySites(sites)).length).toBeLessThanOrEqual(10);
    expect(differenceSentences(surveySites(sites.slice(0, 1)))).toEqual([]);
  });

  it('does not round a part away', () => {
    expect([0, 0.004, 0.5, 0.997, 1].map(wholeShare)).toEqual(['0%', '<1%', '50%', '>99%', '100%']);
  });
});
