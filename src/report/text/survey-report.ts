/** A survey for a terminal: the table, how to read it, and in sentences where the sites differ. */
import { listed } from '../../base/excerpt.js';
import { type SiteDifference, type SiteRows, siteDifferences } from '../../data/survey/site-differences.js';
import type { SitesSurvey } from '../../data/survey/site-survey.js';
import { count, plural } from '../numbers.js';
import { wrapped } from '../text-table.js';
import { FEW, meanText, surveyTable, wholeShare } from './survey-table.js';

const MOST_SENTENCES = 10;

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
  siteDifferences(survey).slice(0, MOST_SENTENCES).map(sentenceOf);

function sentenceOf(difference: SiteDifference): string {
  const { column } = difference;
  switch (difference.kind) {
    case 'missing': {
      const { sites, least } = difference;
      const [first, ...others] = sites;
      const more = others.map((part) => `; ${part.site}: ${rowsText(part)}`);
      const shown = more.length > 3 ? [...more.slice(0, 2), `; and ${more.length - 2} more sites`] : more;
      return `${first?.site}: ${first && rowsText(first)} rows have no ${column}${shown.join('')} (fewest at ${least.site}: ${rowsText(least)})`;
    }
    case 'mean': {
      const { site, figures, total } = difference;
      const unit = total.variable.unit === undefined ? '' : ` ${total.variable.unit}`;
      return `${site}: the mean ${column} is ${meanText(figures)}${unit}, that of all is ${meanText(total)}`;
    }
    case 'lacking': {
      const { sites, isTarget, value, elsewhere } = difference;
      const what = isTarget ? `of the class "${value}"` : `with ${column} "${value}"`;
      return `${listed(sites, 5)}: no row ${what}, which ${wholeShare(elsewhere)} of the rows elsewhere have`;
    }
    case 'balance': {
      const { rows, value, elsewhere } = difference;
      return `${rows.site}: ${rowsText(rows)} rows are "${value}" (${wholeShare(rows.rows / rows.of)}), elsewhere ${wholeShare(elsewhere)}`;
    }
  }
}

const rowsText = ({ rows, of, hidden }: SiteRows) => {
  if (rows === of) return `${hidden ? 'nearly all' : 'all'} ${count(of)}`;
  const some = rows === 0 && hidden ? FEW : `${hidden ? '~' : ''}${count(rows)}`;
  return `${some} of ${count(of)}`;
};

/** Sites that answer nothing are in no figure. */
function tooFew({ sites, smallestCount }: SitesSurvey, isTotal: boolean): string[] {
  const silent = sites.filter(({ rows }) => rows === 0).map(({ name }) => name);
  if (silent.length === 0) return [];
  const who = isTotal ? plural(silent.length, 'table') : listed(silent, 5);
  return [`Left out, with fewer than ${smallestCount} rows: ${who}.`];
}
