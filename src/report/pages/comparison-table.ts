/** Writes a comparison as a table: as text for the terminal, as cells for a page. */

import { labelOf, type MetricFacts, tableUnit, written } from '../../metrics/metric.js';
import { samples, signedSamples, withSpread } from '../charts/statistics.js';
import { byteSize } from '../numbers.js';
import { textTable, wrapped } from '../text-table.js';
import type { Words } from '../words.js';
import type { Comparison, ComparisonTarget, StrategySummary } from './comparison.js';

interface ComparisonColumn {
  readonly head: string;
  cell(row: StrategySummary): string;
}

/** The head, then a row for each strategy, and one for pooled training if there was any. */
export function comparisonCells(comparison: Comparison): string[][] {
  const columns = columnsOf(comparison);
  const { metric, strategies, pooled } = comparison;
  return [
    columns.map(({ head }) => head),
    ...strategies.map((row) => columns.map(({ cell }) => cell(row))),
    ...(pooled === undefined ? [] : [['pooled', samples(metric, pooled), ...columns.slice(2).map(() => '')]]),
  ];
}

export const comparisonTable = (comparison: Comparison): string =>
  textTable(comparisonCells(comparison)).join('\n');

/** Explains the columns, and says over how many seeds they are. */
export function comparisonLegend(comparison: Comparison, { examples }: Words, width = 100): string {
  const { metric, seeds, target, strategies } = comparison;
  const unit = tableUnit(metric);
  const [first] = strategies;
  const sentences = [
    `test: ${labelOf(metric)} of the final model on the test ${examples}${unit === undefined ? '' : `, in ${unit}`}, over n = ${seeds.length} seeds (${seeds.join(', ')})${seeds.length > 1 ? ', mean ± sample standard deviation' : ''}`,
    ...(strategies.length > 1 ? [`Δ: the difference from ${first?.strategy}, paired by seed`] : []),
    ...(target === undefined
      ? []
      : [
          `rounds and sent: until ${measured(target, metric)} is ${written(metric, target.value)} (states of all participants, up and down), of the seeds that reach it`,
        ]),
    ...(strategies.some(({ diverged }) => diverged > 0)
      ? ['diverged: seeds in which training diverged, whose last merged model counts']
      : []),
  ];
  return wrapped(sentences.join('; '), width);
}

const measured = ({ on }: ComparisonTarget, metric: MetricFacts) =>
  on === 'test'
    ? `the model’s test ${labelOf(metric)}`
    : `the copies’ validation ${labelOf(metric)}, the mean of the honest participants’,`;

function columnsOf({ metric, seeds, target, strategies }: Comparison): ComparisonColumn[] {
  return [
    { head: 'strategy', cell: ({ strategy }) => strategy },
    { head: 'test', cell: ({ test }) => samples(metric, test) },
    ...(strategies.length > 1
      ? [
          {
            head: 'Δ',
            cell: ({ difference }: StrategySummary) => (difference ? signedSamples(metric, difference) : ''),
          },
        ]
      : []),
    ...(target === undefined ? [] : targetColumns(seeds.length)),
    ...(strategies.some(({ diverged }) => diverged > 0)
      ? [{ head: 'diverged', cell: ({ diverged }: StrategySummary) => `${diverged} of ${seeds.length}` }]
      : []),
  ];
}

function targetColumns(seeds: number): ComparisonColumn[] {
  return [
    {
      head: 'rounds',
      cell({ toTarget }) {
        if (toTarget === undefined) return 'not reached';
        const { rounds } = toTarget;
        const part = rounds.n === seeds ? '' : ` (${rounds.n} of ${seeds})`;
        return `${withSpread(rounds, (value) => String(Number(value.toFixed(1))))}${part}`;
      },
    },
    { head: 'sent', cell: ({ toTarget }) => (toTarget ? byteSize(toTarget.bytesSent.mean) : '–') },
  ];
}
