/** Writes a run as one page. */
import { stringify } from 'yaml';
import type { RecordedRun } from '../../federation/record/read-run.js';
import { named } from '../../metrics/metric.js';
import { withoutPath } from '../../protocol/configuration/dataset-name.js';
import { type Html, html } from '../html.js';
import { byteSize, count } from '../numbers.js';
import { page } from '../page.js';
import {
  figuresBy,
  mergedRounds,
  targetText,
  trafficOf,
  weightedByExamples,
  wordsOfRun,
} from '../run-figures.js';
import { runTitle } from '../run-title.js';
import { confusionSection } from '../sections/confusion-section.js';
import { driftSection } from '../sections/drift-section.js';
import { figuresSection } from '../sections/figures-section.js';
import { labelsSection } from '../sections/labels-section.js';
import { metricSection } from '../sections/metric-section.js';
import { ownersScoresSection } from '../sections/owners-scores-section.js';
import { picturesSection } from '../sections/pictures-section.js';
import { scoresSection } from '../sections/scores-section.js';
import { surveySection } from '../sections/survey-section.js';
import type { TestPictures } from '../sections/test-pictures.js';
import { findings } from '../text/findings.js';

/**
 * @param pictures the test images that the details of the last round name, or why there are none
 */
export function runPage(run: RecordedRun, pictures: TestPictures | string): string {
  const { configuration, result } = run;
  const title = runTitle(configuration);
  return page(
    title,
    html`<header>
<h1>${title}</h1>
<p class="quiet">Report of the run in ${run.path}</p>
</header>
${figures(run)}
<section>
<h2>In words</h2>
<ul>${findings(run).map(({ text }) => html`<li>${text}</li>\n`)}</ul>
</section>
${metricSection(run)}
${figuresSection(run)}
${scoresSection(run)}
${ownersScoresSection(run)}
${run.hasClasses ? labelsSection(run) : undefined}
${run.survey && surveySection(run.survey)}
${driftSection(run)}
${
  run.hasClasses
    ? html`${confusionSection(run)}
${picturesSection(run, pictures)}`
    : undefined
}
<section>
<h2>Settings of the run</h2>
<details><summary>Configuration and versions</summary>
<pre tabindex="0">${stringify(withoutPath(configuration))}${stringify({ versions: result.versions })}</pre>
</details>
</section>`,
  );
}

/** The most important figures. */
function figures(run: RecordedRun): Html {
  const { strategy, reference } = run.configuration;
  const { metrics } = run.result;
  const { examples } = wordsOfRun(run);
  const [metric] = metrics;
  const { mergedTest, copyValidation } = figuresBy(metric);
  const last = mergedRounds(run).at(-1);
  const test = last && mergedTest(last, strategy);
  const copies = last && weightedByExamples(last, (name) => copyValidation(last, name));
  const pooled = run.result.pooled?.test[metric.name];
  const text = (value: number | undefined) => (value === undefined ? undefined : named(metric, value));
  const bytes = trafficOf(run)?.bytes;
  const tiles: [string, string | undefined][] = [
    [`merged (${strategy}), test ${examples}`, text(test)],
    [`copies, validation ${examples}`, text(copies)],
    ['reference', reference === undefined ? undefined : targetText(reference, metrics)],
    [`pooled, test ${examples}`, text(pooled)],
    ['rounds merged', count(mergedRounds(run).length)],
    ['travelled', bytes === undefined ? undefined : byteSize(bytes)],
  ];
  return html`<dl class="figures">${tiles.map(([name, value]) =>
    value === undefined ? undefined : html`<div><dt>${name}</dt><dd>${value}</dd></div>\n`,
  )}</dl>`;
}
