/**
 * The section of predicted probabilities and of each class or label, on the coordinator’s test
 * examples after the last round.
 */
import type { RecordedRun } from '../../federation/record/read-run.js';
import {
  f1Scores,
  type Outcomes,
  outcomesOfConfusion,
  outcomesOfLabels,
  precisions,
  recalls,
  supports,
} from '../../metrics/outcomes.js';
import { resolutionOf, type ScoreDetails } from '../../metrics/score-details.js';
import type { RoundDetails } from '../../protocol/round-details.js';
import { lineChart } from '../charts/line-chart.js';
import { scoreCharts } from '../charts/score-charts.js';
import { type Html, html } from '../html.js';
import { count, percent } from '../numbers.js';
import { table } from '../page.js';
import { classNamesOf, lastDetails, wordsOfRun } from '../run-figures.js';

/** More own models than these are not drawn beside the merged one. */
const MOST_OWN = 6;

/** Undefined where the run has measured no more than the confusion. */
export function scoresSection(run: RecordedRun): Html | undefined {
  const test = lastDetails(run)?.test;
  const { strategy } = run.configuration;
  const merged = test?.scores?.merged[strategy];
  if (test?.scores === undefined || merged === undefined) return undefined;
  const own = Object.entries(test.scores.own);
  const nameOf = (category: number) => namesOf(run)[category] ?? String(category);
  const models = [
    { name: `merged (${strategy})`, scores: merged },
    ...(own.length > MOST_OWN ? [] : own.map(([name, scores]) => ({ name: `${name}, own`, scores }))),
  ];
  const { examples } = wordsOfRun(run);
  return html`<section>
<h2>Predicted probabilities</h2>
<p>On the coordinator’s test ${examples}, after the last round.${resolutionText(merged)}</p>
<div class="charts">
${scoreCharts(models, nameOf).map(lineChart)}
</div>
${eachCategory(test, merged, strategy, nameOf, examples)}
</section>`;
}

/** How exact the areas are. */
function resolutionText(scores: ScoreDetails): string {
  const resolution = resolutionOf(scores);
  if (resolution === undefined) return '';
  return ` Areas under curves are from histograms of 1,000 bins: those of the scores themselves are within ${resolution} of them.`;
}

/** The names of the classes, or of the labels. */
function namesOf(run: RecordedRun): readonly string[] {
  const meaning = run.model?.description?.targets[0]?.meaning;
  return meaning?.kind === 'features' ? meaning.features.map(({ name }) => name) : classNamesOf(run);
}

function eachCategory(
  { confusion }: NonNullable<RoundDetails['test']>,
  { scored = [], outcomes }: ScoreDetails,
  strategy: string,
  nameOf: (category: number) => string,
  examples: string,
): Html | undefined {
  const counted = outcomes ? labelOutcomes(outcomes) : classOutcomes(confusion.merged[strategy]);
  if (counted === undefined) return undefined;
  const [precision, recall, f1, support] = [precisions, recalls, f1Scores, supports].map((of) =>
    of(counted),
  ) as [number[], number[], number[], number[]];
  const areaOf = (area: readonly [number, number] | undefined) =>
    area === undefined ? '–' : area[0].toFixed(3);
  const of = (category: number) => scored.find((one) => one.category === category);
  const areas = scored.length > 0;
  return table({
    caption: `${outcomes ? 'Each label' : 'Each class against the rest'}: merged model (${strategy}). “–”: there is no such figure.`,
    head: ['', examples, 'precision', 'recall', 'F1', ...(areas ? ['AUROC', 'average precision'] : [])],
    rows: support.map((number, category) => [
      nameOf(category),
      count(number),
      shareText(precision[category]),
      shareText(recall[category]),
      Number.isNaN(f1[category]) ? '–' : (f1[category] as number).toFixed(3),
      ...(areas ? [areaOf(of(category)?.auroc), areaOf(of(category)?.averagePrecision)] : []),
    ]),
  });
}

const shareText = (value = Number.NaN) => (Number.isNaN(value) ? '–' : percent(value));

const classOutcomes = (confusion: readonly (readonly number[])[] | undefined): Outcomes | undefined =>
  confusion && outcomesOfConfusion(Float64Array.from(confusion.flat()));

/** Of each label four counts → by count. */
const labelOutcomes = (outcomes: readonly (readonly number[])[]): Outcomes =>
  outcomesOfLabels(Float64Array.from([0, 1, 2, 3].flatMap((row) => outcomes.map((of) => of[row] ?? 0))));
