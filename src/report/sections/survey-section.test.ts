import { describe, expect, it } from 'vitest';
import { type RecordedRunParts, recordedRun } from '../../../test/recorded-run.js';
import { SITES, surveyTable } from '../../../test/survey-table.js';
import { surveySites } from '../../data/survey/site-survey.js';
import { runMarkdown } from '../pages/run-markdown.js';
import { runPage } from '../pages/run-page.js';
import { differenceSentences } from '../text/survey-report.js';

const survey = surveySites(SITES.map((name) => ({ name, dataset: surveyTable(name) })));
const parts: RecordedRunParts = {
  rounds: [{ own: [0.5, 0.6], copies: [0.5, 0.6], ownTest: [0.5, 0.6], merged: { mean: 0.7 } }],
  survey,
};

describe('the report of a run that began with a survey', () => {
  it('says where the sites differ, in sentences and in pictures', () => {
    const text = runPage(recordedRun(parts), 'no pictures');
    const sentences = differenceSentences(survey);
    expect(sentences.length).toBeGreaterThan(0);
    const shown = text.replaceAll('&quot;', '"');
    for (const sentence of sentences) expect(shown).toContain(`<li>${sentence}</li>`);
    for (const title of ['Missing values', 'Means', 'Classes']) {
      expect(text).toContain(`<strong>${title}</strong>`);
      expect(text).toContain(`${title}: ${SITES.length} rows, `);
    }
    expect(text).toContain('Counts below 5 are hidden');
    expect(runMarkdown(recordedRun(parts))).toContain('## Where the sites differ');
  });

  it('is left out where nobody was asked', () => {
    const { survey: _, ...without } = parts;
    expect(runPage(recordedRun(without), 'no pictures')).not.toContain('Where the sites differ');
  });
});
