/** The section of the task's main metric by round, for every participant and every strategy. */
import type { RecordedRun } from '../../federation/record/read-run.js';
import { titleOf } from '../../metrics/metric.js';
import { lineChart } from '../charts/line-chart.js';
import { type MetricByRound, testChart, validationChart, weightedChart } from '../charts/metric-charts.js';
import { roundsMatrix } from '../charts/rounds-matrix.js';
import { type Html, html } from '../html.js';
import { plural } from '../numbers.js';
import { table } from '../page.js';
import { evaluatedStrategies, hasTestExamples, referenceOf, wordsOfRun } from '../run-figures.js';

export function metricSection(run: RecordedRun): Html {
  const { head, rows, omitted } = roundsMatrix(run);
  const byRound = metricByRound(run);
  const { metric, words } = byRound;
  const unit = metric.unit === undefined ? '' : ` (${metric.unit})`;
  return html`<section>
<h2>${titleOf(metric)}${unit} by round</h2>
${words.units === words.examples ? undefined : html`<p>Figures are over the ${words.units} of the ${words.examples}.</p>`}
<div class="charts">
${lineChart((hasTestExamples(run) ? testChart : weightedChart)(byRound))}
${lineChart(validationChart(byRound))}
</div>
<details${rows.length <= 12 ? html` open` : undefined}><summary>The figures</summary>
${table({ caption: `${titleOf(metric)} by round: own models on the participants’ validation and on the test ${words.examples}, merged models on the test ${words.examples}, the copied model on the validation ${words.examples}.`, head, rows })}
${omitted === 0 ? undefined : html`<p class="quiet">${plural(omitted, 'round')} between them left out; metrics.csv has all.</p>`}
</details>
</section>`;
}

export function metricByRound(run: RecordedRun): MetricByRound {
  const { result, configuration } = run;
  const [metric] = result.metrics;
  return {
    metric,
    words: wordsOfRun(run),
    rounds: result.rounds,
    participants: result.participants,
    strategies: evaluatedStrategies(run),
    reference: referenceOf(configuration, result.metrics),
    ...(configuration.pooled && {
      pooled: result.rounds.map(({ round }) => run.rounds[round - 1]?.pooled?.test?.[metric.name]),
    }),
  };
}
