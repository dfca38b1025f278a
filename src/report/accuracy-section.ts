/** Accuracy by round: of every participant and every strategy. */
import type { RecordedRun } from '../federation/read-run.js';
import type { RoundResult } from '../federation/run-result.js';
import { type Html, html } from './html.js';
import { type Line, lineChart } from './line-chart.js';
import { plural } from './numbers.js';
import { table } from './page.js';
import { roundsMatrix } from './rounds-matrix.js';
import {
  copyValidation,
  hasTestImages,
  meanOf,
  mergedTest,
  ownTest,
  ownValidation,
  strategiesOf,
  weightedByExamples,
} from './run-figures.js';

/** More participants than these share one line, with a band from the lowest to the highest. */
const MOST_LINES = 6;

export function accuracySection(run: RecordedRun): Html {
  const { head, rows, omitted } = roundsMatrix(run);
  return html`<section>
<h2>Accuracy by round</h2>
<div class="charts">
${hasTestImages(run) ? testChart(run) : weightedChart(run)}
${validationChart(run)}
</div>
<details${rows.length <= 12 ? html` open` : undefined}><summary>The figures</summary>
${table({ caption: 'Accuracy by round: own models on the participants’ validation and on the test images, merged models on the test images, the copied model on the validation images.', head, rows })}
${omitted === 0 ? undefined : html`<p class="quiet">${plural(omitted, 'round')} between them left out; metrics.csv has all.</p>`}
</details>
</section>`;
}

const axis = (run: RecordedRun) => ({
  name: 'round',
  values: run.result.rounds.map(({ round }) => round),
  whole: true,
});

export const wholePercent = (value: number) => `${Number((100 * value).toFixed(1))}%`;

function testChart(run: RecordedRun): Html {
  const { rounds } = run.result;
  const strategies = strategiesOf(run);
  const pooled = rounds.map(({ round }) => run.rounds[round - 1]?.pooled?.testAccuracy);
  return lineChart({
    title: 'On the test images',
    caption: 'the coordinator’s own: merged models, and the participants’ models before the merge',
    x: axis(run),
    format: wholePercent,
    lines: [
      ...strategies.map((name) => ({ name, values: rounds.map((round) => mergedTest(round, name)) })),
      ...participantLines(run, 'own model', ownTest, 'dashed'),
      ...(run.configuration.pooled
        ? [{ name: 'pooled', values: pooled, stroke: 'dotted' as const, series: 7 }]
        : []),
    ],
  });
}

function weightedChart(run: RecordedRun): Html {
  const { rounds } = run.result;
  const weighted = (accuracyOf: typeof ownValidation) =>
    rounds.map((round) => weightedByExamples(round, (name) => accuracyOf(round, name)));
  return lineChart({
    title: 'Weighted by examples',
    caption: 'the coordinator holds no test images: the participants’ own validation accuracies, averaged',
    x: axis(run),
    format: wholePercent,
    lines: [
      { name: 'copied model', values: weighted(copyValidation) },
      { name: 'own models', values: weighted(ownValidation), stroke: 'dashed' },
    ],
  });
}

function validationChart(run: RecordedRun): Html {
  const { reference } = run.configuration;
  return lineChart({
    title: 'On the participants’ validation images',
    caption: 'each on its own: its model before the merge, and the copied model',
    x: axis(run),
    format: wholePercent,
    lines: [
      ...participantLines(run, 'copy', copyValidation, 'solid'),
      ...participantLines(run, 'own model', ownValidation, 'dashed'),
    ],
    levels: reference === undefined ? [] : [{ name: 'reference', value: reference }],
  });
}

/** A participant has the same colour in every chart, after those of the strategies. */
export function participantLines(
  run: RecordedRun,
  what: string,
  numberOf: (round: RoundResult, name: string) => number | undefined,
  stroke: 'solid' | 'dashed',
): Line[] {
  const { rounds, participants } = run.result;
  const first = strategiesOf(run).length;
  if (participants.length <= MOST_LINES) {
    return participants.map((name, index) => ({
      name: `${name}, ${what}`,
      values: rounds.map((round) => numberOf(round, name)),
      stroke,
      series: first + index,
    }));
  }
  const numbers = rounds.map((round) => participants.map((name) => numberOf(round, name)));
  return [
    {
      name: `${what}: mean of ${participants.length}, least to largest`,
      values: numbers.map(meanOf),
      band: numbers.map((all) => {
        const known = all.filter((value) => value !== undefined);
        return known.length === 0 ? undefined : ([Math.min(...known), Math.max(...known)] as const);
      }),
      stroke,
      series: first + (stroke === 'solid' ? 0 : 1),
    },
  ];
}
