/**
 * The section that shows where the sites of a run of tables differ, by what they answered to the
 * survey before round 1: in sentences, and as pictures of missing values, of means, and of classes.
 */
import type { NumberFigures, VariableFigures } from '../../data/survey/figures.js';
import type { SitesSurvey } from '../../data/survey/site-survey.js';
import { heatMap } from '../charts/heat-map.js';
import { type Html, html } from '../html.js';
import { differenceSentences } from '../text/survey-report.js';
import { surveyTable, wholeShare } from '../text/survey-table.js';

/** More columns make no readable picture; those that differ most are shown. */
const MOST_COLUMNS = 20;
/** In characters. */
const TABLE_WIDTH = 110;

export function surveySection(survey: SitesSurvey): Html {
  const sentences = differenceSentences(survey);
  const hidden =
    survey.smallestCount === 1 ? '' : ` Counts below ${survey.smallestCount} are hidden in each answer.`;
  return html`<section>
<h2>Where the sites differ</h2>
<p>Before round 1, each participant answered a survey of its training rows by sums.${hidden}</p>
${sentences.length === 0 ? html`<p>No large differences.</p>` : html`<ul>${sentences.map((text) => html`<li>${text}</li>\n`)}</ul>`}
<div class="charts">
${missingMap(survey)}
${meansMap(survey)}
${classesMap(survey)}
</div>
<details><summary>The figures</summary>
<pre tabindex="0">${surveyTable(survey, TABLE_WIDTH, false).join('\n')}</pre></details>
</section>`;
}

interface MapColumn {
  readonly name: string;
  /** By site; undefined stays empty. */
  readonly values: readonly (number | undefined)[];
}

/** The columns in which the values are furthest apart, in the order of the table. */
function mostDifferent(columns: readonly MapColumn[]): readonly MapColumn[] {
  const spread = ({ values }: MapColumn) => {
    const known = values.filter((value) => value !== undefined);
    return Math.max(...known) - Math.min(...known);
  };
  const chosen = new Set([...columns].sort((a, b) => spread(b) - spread(a)).slice(0, MOST_COLUMNS));
  return columns.filter((column) => chosen.has(column));
}

interface MapOptions {
  readonly title: string;
  readonly caption: string;
  readonly format: (value: number) => string;
  readonly shade: (value: number) => number;
}

/** Undefined if there is nothing to compare. */
function siteMap({ sites }: SitesSurvey, columns: readonly MapColumn[], options: MapOptions) {
  const shown = mostDifferent(columns);
  if (shown.length === 0 || sites.length < 2) return undefined;
  return heatMap({
    ...options,
    rows: sites.map(({ name }) => name),
    columns: shown.map(({ name }) => name),
    values: sites.map((_, site) => shown.map(({ values }) => values[site])),
  });
}

/** What a site says of each variable; nothing if it has too few rows. */
const answersTo = ({ total, sites }: SitesSurvey) =>
  total.variables.map((all, at) => ({
    all,
    own: sites.map(({ variables }) => {
      const figures = variables[at] as VariableFigures;
      return figures.rows === 0 ? undefined : figures;
    }),
  }));

const isNumber = (figures: VariableFigures): figures is NumberFigures => 'mean' in figures;

function missingMap(survey: SitesSurvey) {
  const columns = answersTo(survey)
    .filter(({ all }) => all.missing > 0)
    .map(({ all, own }) => ({
      name: all.variable.name,
      values: own.map((figures) => figures && figures.missing / figures.rows),
    }));
  return siteMap(survey, columns, {
    title: 'Missing values',
    caption: 'the part of a site’s rows',
    format: wholeShare,
    shade: (part) => part,
  });
}

function meansMap(survey: SitesSurvey) {
  const columns = answersTo(survey).flatMap(({ all, own }): MapColumn[] => {
    if (!isNumber(all) || all.variable.source.of === 'targets') return [];
    const { mean, deviation } = all;
    if (mean === undefined || !deviation) return [];
    const away = (figures: VariableFigures | undefined) =>
      figures && isNumber(figures) && figures.mean !== undefined
        ? (figures.mean - mean) / deviation
        : undefined;
    return [{ name: all.variable.name, values: own.map(away) }];
  });
  return siteMap(survey, columns, {
    title: 'Means',
    caption: 'how far a site’s mean lies from that of all rows, in standard deviations of all',
    format: (value) => `${value < 0 ? '−' : '+'}${Math.abs(value).toFixed(1)}`,
    shade: (value) => value / 2,
  });
}

function classesMap(survey: SitesSurvey) {
  const columns = answersTo(survey).flatMap(({ all, own }): MapColumn[] => {
    if (isNumber(all) || all.variable.source.of === 'inputs') return [];
    return all.variable.names.map((name, at) => ({
      name,
      values: own.map((figures) => {
        if (figures === undefined || isNumber(figures)) return undefined;
        const known = figures.rows - figures.missing;
        return known === 0 ? undefined : (figures.counts[at] as number) / known;
      }),
    }));
  });
  return siteMap(survey, columns, {
    title: 'Classes',
    caption: 'the part of a site’s rows',
    format: wholeShare,
    shade: (part) => part,
  });
}
