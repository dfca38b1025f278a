/**
 * Makes the figures of all metrics of the newest round, and of its curves of predicted
 * probabilities.
 */
import { titleOf, written } from '../../../metrics/metric.js';
import type { Overview, RoundView } from '../../../protocol/view.js';
import { scoreCharts } from '../../../report/charts/score-charts.js';
import { figuresBy, weightedByExamples } from '../../../report/run-figures.js';
import { wordsOf } from '../../../report/words.js';
import { type FigureData, numbersOfLines } from './figure-data.js';

/** Each metric of the merged model and of the own models; nothing beside main metric and loss. */
export function allFigures(
  { metrics, participants, ...overview }: Overview,
  rounds: readonly RoundView[],
): FigureData[] {
  const last = rounds.findLast(({ result }) => result.copied.length > 0)?.result;
  if (last === undefined || metrics.length <= 2) return [];
  const { examples } = wordsOf(overview, overview.configuration);
  const { strategy } = overview.configuration;
  const tested = Object.keys(last.merged).length > 0;
  const { together } = last;
  const sharing = Math.max(0, ...Object.values(together ?? {}).map(({ participants }) => participants));
  return [
    {
      title: `All metrics, round ${last.round}`,
      caption: `means over the participants’ validation ${examples}, weighted by their training ${examples}${together ? `; together: of all validation ${examples} of ${sharing} of ${participants.length} participants that share their sums` : ''}`,
      numbers: {
        corner: 'metric',
        columns: [
          ...(tested ? [`merged (${strategy}), test`] : []),
          'own models, validation',
          'copies, validation',
          ...(together ? ['together'] : []),
        ],
        rows: metrics.map((metric) => {
          const { mergedTest, ownValidation, copyValidation } = figuresBy(metric);
          const values = [
            ...(tested ? [mergedTest(last, strategy)] : []),
            weightedByExamples(last, (name) => ownValidation(last, name)),
            weightedByExamples(last, (name) => copyValidation(last, name)),
            ...(together ? [together[metric.name]?.figure] : []),
          ];
          return { name: titleOf(metric), values, format: (value: number) => written(metric, value) };
        }),
      },
      format: String,
    },
  ];
}

/** ROC, precision by recall and calibration, of the newest round that has them. */
export function scoreFigures(overview: Overview, rounds: readonly RoundView[]): FigureData[] {
  const details = rounds.findLast(({ details }) => details?.test?.scores !== undefined)?.details;
  const scores = details?.test?.scores;
  if (details === undefined || scores === undefined) return [];
  const { strategy } = overview.configuration;
  const models = [
    ...Object.entries(scores.merged).map(([name, of]) => ({ name: `merged (${name})`, scores: of })),
    ...Object.entries(scores.own).map(([name, of]) => ({ name: `${name}, own`, scores: of })),
  ].slice(0, MOST_MODELS);
  const first = models.findIndex(({ name }) => name === `merged (${strategy})`);
  const ordered = first <= 0 ? models : [...models.splice(first, 1), ...models];
  const nameOf = (category: number) => overview.categories?.[category] ?? String(category);
  return scoreCharts(ordered, nameOf).map((options) => ({
    title: `${options.title}, round ${details.round}`,
    caption: options.caption,
    chart: { kind: 'line', options },
    numbers: numbersOfLines(options),
    format: options.format,
  }));
}

/** More lines cannot be told apart. */
const MOST_MODELS = 7;
