/**
 * Writes a comparison as a self-contained page: the main metric by round for every strategy, and
 * the table.
 */

import { titleOf, written, writtenTick } from '../../metrics/metric.js';
import { type Line, lineChart } from '../charts/line-chart.js';
import { html } from '../html.js';
import { page, table } from '../page.js';
import type { Words } from '../words.js';
import type { Comparison, StrategySummary } from './comparison.js';
import { comparisonCells, comparisonLegend } from './comparison-table.js';

/** @param about lines of text about what was run */
export function comparisonPage(comparison: Comparison, about: string, words: Words): string {
  const { metric, strategies, seeds, target, pooled } = comparison;
  const evaluated = new Set(strategies.flatMap(({ byRound }) => byRound.map(({ round }) => round)));
  const rounds = [...evaluated].sort((a, b) => a - b);
  const [head = [], ...rows] = comparisonCells(comparison);
  return page(
    'Strategies compared',
    html`<h1>Strategies compared</h1>
${lineChart({
  title: `${titleOf(metric)} on the test ${words.examples}`,
  caption:
    seeds.length > 1
      ? `of the merged model: the mean of ${seeds.length} seeds, in a band of one sample standard deviation each way`
      : 'of the merged model',
  x: { name: 'round', values: rounds, whole: true },
  format: (value) => writtenTick(metric, value),
  lines: strategies.map((strategy) => lineOf(strategy, rounds)),
  levels: [
    ...(target?.on === 'test'
      ? [{ name: `target: ${written(metric, target.value)}`, value: target.value }]
      : []),
    ...(pooled ? [{ name: `pooled: ${written(metric, pooled.mean)}`, value: pooled.mean }] : []),
  ],
})}
<h2>Results</h2>
${table({ caption: 'Strategies compared', head, rows })}
<p class="quiet">${comparisonLegend(comparison, words)}</p>
<h2>Settings</h2>
<div class="scroll"><pre>${about}</pre></div>`,
  );
}

function lineOf({ strategy, byRound }: StrategySummary, rounds: readonly number[]): Line {
  const samples = rounds.map((round) => byRound.find((one) => one.round === round)?.test);
  return {
    name: strategy,
    values: samples.map((sample) => sample?.mean),
    band: samples.map((sample) =>
      sample?.deviation === undefined
        ? undefined
        : [sample.mean - sample.deviation, sample.mean + sample.deviation],
    ),
  };
}
