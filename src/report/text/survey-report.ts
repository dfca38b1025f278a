/** A survey for a terminal: the table, how to read it, and in sentences where the sites differ. */
import { listed } from '../../base/excerpt.js';
import { comparisonOfSites } from '../../data/survey/site-comparison.js';
import type { SitesSurvey } from '../../data/survey/site-survey.js';
import { plural } from '../numbers.js';
import { wrapped } from '../text-table.js';
import { sentenceOf } from './difference-sentences.js';
import { FEW, surveyTable } from './survey-table.js';

export interface SurveyReportOptions {
  /** In characters. */
  readonly width: number;
  /** Whether only all rows together are shown. */
  readonly isTotal: boolean;
}

export function surveyReport(survey: SitesSurvey, { width, isTotal }: SurveyReportOptions): string {
  const sentences = isTotal ? [] : differenceSentences(survey);
  return [
    ...surveyTable(survey, width, isTotal),
    '',
    ...legend(survey).map((line) => wrapped(line, width)),
    ...tooFew(survey, isTotal).map((line) => wrapped(line, width)),
    ...(sentences.length === 0 ? [] : ['', 'where the sites differ:']),
    ...sentences.map((line) => wrapped(`- ${line}`, width, 2)),
  ].join('\n');
}

function legend({ smallestCount, total }: SitesSurvey): string[] {
  const hides = total.variables.some(({ hidden }) => hidden.some((owners) => owners > 0));
  return [
    'Percentages of categories are of rows with a value; medians and quartiles come from a histogram.',
    ...(hides
      ? [
          `Counts below ${smallestCount} are hidden as "${FEW}", and their rows are added to a count with "~".`,
        ]
      : []),
  ];
}

/** At most ten, the most striking first. */
export const differenceSentences = (survey: SitesSurvey): string[] =>
  comparisonOfSites(survey).differences.map(sentenceOf);

/** Sites that answer nothing are in no figure. */
function tooFew({ sites, smallestCount }: SitesSurvey, isTotal: boolean): string[] {
  const silent = sites.filter(({ rows }) => rows === 0).map(({ name }) => name);
  if (silent.length === 0) return [];
  const who = isTotal ? plural(silent.length, 'table') : listed(silent, 5);
  return [`Left out, with fewer than ${smallestCount} rows: ${who}.`];
}
