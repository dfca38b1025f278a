/** A federation over sites beside pooled training and each site alone, for a terminal. */
import type { SplitOutcome } from '../../experiments/compare-sites.js';
import {
  type Figures,
  labelOf,
  type MetricFacts,
  titleOf,
  writtenBare,
  writtenDifference,
} from '../../metrics/metric.js';
import { pairedDifference, sampleDeviation, sampleMean } from '../../metrics/paired-difference.js';
import { textTable } from '../text-table.js';

/** The ways of training that are compared: the name, and the figures in one split. */
type Way = readonly [name: string, figuresOf: (outcome: SplitOutcome) => Figures | undefined];

const POOLED = 'pooled';

/** @param outcomes of one split or more */
export function sitesTable(outcomes: readonly SplitOutcome[]): string {
  const [first] = outcomes;
  if (first === undefined) return '';
  const { metrics, examples } = first;
  const shown = metrics.filter(({ name }) => name !== 'loss').slice(0, 2);
  const ways: Way[] = [
    [first.strategies === undefined ? 'federated' : 'federated, FedAvg', ({ federated }) => federated],
    ...Object.keys(first.strategies ?? {}).map(
      (name): Way => [`federated, ${name}`, ({ strategies }) => strategies?.[name]],
    ),
    [POOLED, ({ pooled }) => pooled],
    ...Object.keys(first.alone).map((site): Way => [`${site} alone`, ({ alone }) => alone[site]]),
  ];
  const [federated, ...others] = ways as [Way, ...Way[]];
  // Where there are several, pooled training is what each of them is to be compared with.
  const bases = [
    [first.strategies === undefined ? 'federated' : 'FedAvg', federated],
    ...others.flatMap((way) => (first.strategies && way[0] === POOLED ? [[POOLED, way] as const] : [])),
  ] as const;
  const main = labelOf(metrics[0]);
  const head = ['', ...shown.map(titleOf), ...bases.map(([base]) => `${main}: ${base} − this`)];
  const rows = ways.map(([name, of]) => [
    name,
    ...shown.map((metric) => figureText(metric, outcomes, of)),
    ...bases.map(([, [base, less]]) => (name === base ? '' : differenceText(metrics[0], outcomes, less, of))),
  ]);
  const splits = outcomes.length === 1 ? 'one split' : `${outcomes.length} random splits, mean ± s.d.`;
  return [
    `on the ${examples.test} test rows of all sites; ${splits}; ${examples.train} rows to train on`,
    ...textTable([head, ...rows]),
  ].join('\n');
}

const valuesOf = ({ name }: MetricFacts, outcomes: readonly SplitOutcome[], of: Way[1]) =>
  outcomes.flatMap((outcome) => of(outcome)?.[name] ?? []);

function figureText(metric: MetricFacts, outcomes: readonly SplitOutcome[], of: Way[1]): string {
  const values = valuesOf(metric, outcomes, of);
  if (values.length === 0) return '–';
  const digits = metric.format === 'percent' ? 1 : 2;
  const mean = writtenBare(metric, sampleMean(values), digits);
  return values.length === 1 ? mean : `${mean} ± ${writtenBare(metric, sampleDeviation(values), digits)}`;
}

/** The mean of the differences from a base, and its 95% interval. */
function differenceText(
  metric: MetricFacts,
  outcomes: readonly SplitOutcome[],
  base: Way[1],
  of: Way[1],
): string {
  const own = valuesOf(metric, outcomes, base);
  const others = valuesOf(metric, outcomes, of);
  if (own.length !== others.length || outcomes[0] === undefined) return '–';
  const differences = own.map((value, at) => value - (others[at] as number));
  const { mean, interval } = pairedDifference(differences, outcomes[0].examples);
  // 0, and not −0.
  const text = writtenDifference(metric, mean, 1).replace(/^-(0\.0+ )/, '$1');
  if (interval === undefined) return text;
  const [low, high] = interval.map((end) => writtenBare(metric, end, 1));
  return `${text} (${low} to ${high})`;
}
