/**
 * The section that shows where the sites of a run of tables differ, by what they answered to the
 * survey before round 1: in sentences, and as pictures of missing values, of means, and of classes.
 */
import { comparisonOfSites } from '../../data/survey/site-comparison.js';
import type { SitesSurvey } from '../../data/survey/site-survey.js';
import { heatMap } from '../charts/heat-map.js';
import { surveyMaps } from '../charts/survey-maps.js';
import { type Html, html } from '../html.js';
import { comparisonIntroduction, sentenceOf } from '../text/difference-sentences.js';
import { surveyTable } from '../text/survey-table.js';

/** In characters. */
const TABLE_WIDTH = 110;

export function surveySection(survey: SitesSurvey): Html {
  const comparison = comparisonOfSites(survey);
  const sentences = comparison.differences.map(sentenceOf);
  return html`<section>
<h2>Where the sites differ</h2>
<p>${comparisonIntroduction(comparison)}</p>
${sentences.length === 0 ? html`<p>No large differences.</p>` : html`<ul>${sentences.map((text) => html`<li>${text}</li>\n`)}</ul>`}
<div class="charts">
${surveyMaps(comparison).map(heatMap)}
</div>
<details><summary>The figures</summary>
<pre tabindex="0">${surveyTable(survey, TABLE_WIDTH, false).join('\n')}</pre></details>
</section>`;
}
