/**
 * How the sites of a survey compare, as small tables that a report and a dashboard draw: what is
 * missing, how far means lie apart, and the categories of targets. It has no more than these, of
 * sums in which small counts are hidden already.
 */
import type { NumberFigures, VariableFigures } from './figures.js';
import { type SiteDifference, siteDifferences } from './site-differences.js';
import type { SitesSurvey } from './site-survey.js';

export interface SitesComparison {
  /** Counts below are hidden in each answer. */
  readonly smallestCount: number;
  /** Those that answered; with fewer rows than the smallest count, they have no values. */
  readonly sites: readonly string[];
  /** The most striking first. */
  readonly differences: readonly SiteDifference[];
  /** Each of a column: the part of a site's rows that have no value. */
  readonly missing: readonly SiteValues[];
  /** Each of a number: how far a site's mean lies from that of all, in deviations of all. */
  readonly means: readonly SiteValues[];
  /** Each of a target's category: its part of a site's rows. */
  readonly targets: readonly SiteValues[];
}

export interface SiteValues {
  readonly name: string;
  /** By site; null where there is none. */
  readonly values: readonly (number | null)[];
}

const MOST_DIFFERENCES = 10;
/** More columns make no readable picture; those that differ most are shown. */
const MOST_COLUMNS = 20;

export function comparisonOfSites(survey: SitesSurvey): SitesComparison {
  const { smallestCount, sites } = survey;
  const answers = answersTo(survey);
  const several = sites.length > 1;
  return {
    smallestCount,
    sites: sites.map(({ name }) => name),
    differences: siteDifferences(survey).slice(0, MOST_DIFFERENCES),
    missing: several ? mostDifferent(missingOf(answers)) : [],
    means: several ? mostDifferent(meansOf(answers)) : [],
    targets: several ? mostDifferent(targetsOf(answers)) : [],
  };
}

/** What all and each site say of a variable. */
interface VariableAnswers {
  readonly all: VariableFigures;
  /** Null of a site with too few rows. */
  readonly own: readonly (VariableFigures | null)[];
}

const answersTo = ({ total, sites }: SitesSurvey): VariableAnswers[] =>
  total.variables.map((all, at) => ({
    all,
    own: sites.map(({ variables }) => {
      const figures = variables[at] as VariableFigures;
      return figures.rows === 0 ? null : figures;
    }),
  }));

/** The columns in which the values are furthest apart, in the order of the table. */
function mostDifferent(columns: readonly SiteValues[]): readonly SiteValues[] {
  const spread = ({ values }: SiteValues) => {
    const known = values.filter((value) => value !== null);
    return known.length === 0 ? 0 : Math.max(...known) - Math.min(...known);
  };
  const chosen = new Set([...columns].sort((a, b) => spread(b) - spread(a)).slice(0, MOST_COLUMNS));
  return columns.filter((column) => chosen.has(column));
}

const isNumber = (figures: VariableFigures): figures is NumberFigures => 'mean' in figures;

const missingOf = (answers: readonly VariableAnswers[]): SiteValues[] =>
  answers
    .filter(({ all }) => all.missing > 0)
    .map(({ all, own }) => ({
      name: all.variable.name,
      values: own.map((figures) => figures && figures.missing / figures.rows),
    }));

const meansOf = (answers: readonly VariableAnswers[]): SiteValues[] =>
  answers.flatMap(({ all, own }) => {
    if (!isNumber(all) || all.variable.source.of === 'targets') return [];
    const { mean, deviation } = all;
    if (mean === undefined || !deviation) return [];
    const away = (figures: VariableFigures | null) =>
      figures && isNumber(figures) && figures.mean !== undefined ? (figures.mean - mean) / deviation : null;
    return [{ name: all.variable.name, values: own.map(away) }];
  });

const targetsOf = (answers: readonly VariableAnswers[]): SiteValues[] =>
  answers.flatMap(({ all, own }) => {
    if (isNumber(all) || all.variable.source.of === 'inputs') return [];
    return all.variable.names.map((name, at) => ({
      name,
      values: own.map((figures) => {
        if (figures === null || isNumber(figures)) return null;
        const known = figures.rows - figures.missing;
        return known === 0 ? null : (figures.counts[at] as number) / known;
      }),
    }));
  });
