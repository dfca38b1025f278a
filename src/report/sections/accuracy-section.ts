/** The section of accuracy by round, for every participant and every strategy. */
import type { RecordedRun } from '../../federation/record/read-run.js';
import {
  type AccuracyByRound,
  testAccuracyChart,
  validationAccuracyChart,
  weightedAccuracyChart,
} from '../charts/accuracy-charts.js';
import { lineChart } from '../charts/line-chart.js';
import { roundsMatrix } from '../charts/rounds-matrix.js';
import { type Html, html } from '../html.js';
import { plural } from '../numbers.js';
import { table } from '../page.js';
import { hasTestImages, referenceOf, strategiesOf } from '../run-figures.js';

export function accuracySection(run: RecordedRun): Html {
  const { head, rows, omitted } = roundsMatrix(run);
  const accuracies = accuracyByRound(run);
  return html`<section>
<h2>Accuracy by round</h2>
<div class="charts">
${lineChart((hasTestImages(run) ? testAccuracyChart : weightedAccuracyChart)(accuracies))}
${lineChart(validationAccuracyChart(accuracies))}
</div>
<details${rows.length <= 12 ? html` open` : undefined}><summary>The figures</summary>
${table({ caption: 'Accuracy by round: own models on the participants’ validation and on the test images, merged models on the test images, the copied model on the validation images.', head, rows })}
${omitted === 0 ? undefined : html`<p class="quiet">${plural(omitted, 'round')} between them left out; metrics.csv has all.</p>`}
</details>
</section>`;
}

export function accuracyByRound(run: RecordedRun): AccuracyByRound {
  const { result, configuration } = run;
  return {
    rounds: result.rounds,
    participants: result.participants,
    strategies: strategiesOf(run),
    reference: referenceOf(configuration)?.value,
    ...(configuration.pooled && {
      pooled: result.rounds.map(({ round }) => run.rounds[round - 1]?.pooled?.testAccuracy),
    }),
  };
}
