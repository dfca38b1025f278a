import { describe, expect, it } from 'vitest';
import { SITES, surveyTable as tableOf } from '../../../test/survey-table.js';
import { arrayDataset } from '../../data/arrays/array-dataset.js';
import { surveySites } from '../../data/survey/site-survey.js';
import { wholeShare } from '../numbers.js';
import { differenceSentences, surveyReport } from './survey-report.js';

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

  it('shows the most frequent of many names, and how many rows have another', () => {
    const names = Array.from({ length: 30 }, (_, i) => `ward ${i}`);
    // Ward 29 has the most rows, ward 0 the fewest.
    const wards = names.flatMap((_, i) => Array.from({ length: 10 + i }, () => i));
    const meaning = { kind: 'features', features: [{ kind: 'category', name: 'ward', names }] } as const;
    const dataset = arrayDataset({
      name: 'wards',
      inputs: [{ name: 'categories', shape: [1], values: Int32Array.from(wards), meaning }],
      targets: [{ name: 'target', shape: [], values: new Float32Array(wards.length) }],
    });
    const report = surveyReport(surveySites([{ name: 'wards', dataset }]), { width: 80, isTotal: false });
    const shown = [...report.matchAll(/^ +ward (\d+) /gm)].map(([, ward]) => Number(ward));
    expect(shown).toEqual([20, 21, 22, 23, 24, 25, 26, 27, 28, 29]);
    const less = wards.filter((ward) => ward < 20).length;
    expect(report).toMatch(new RegExp(`20 more names +${less} \\(`));
  });

  it('has at most ten sentences, and none about a single table', () => {
    expect(differenceSentences(surveySites(sites)).length).toBeLessThanOrEqual(10);
    expect(differenceSentences(surveySites(sites.slice(0, 1)))).toEqual([]);
  });

  it('does not round a part away', () => {
    expect([0, 0.004, 0.5, 0.997, 1].map(wholeShare)).toEqual(['0%', '<1%', '50%', '>99%', '100%']);
  });
});
