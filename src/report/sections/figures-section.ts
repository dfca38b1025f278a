/**
 * The section of all metrics after the last round: the merged model beside what each participant
 * has alone, on the coordinator’s test examples and on the participants’ own.
 */
import type { RecordedRun } from '../../federation/record/read-run.js';
import type { RoundResult } from '../../federation/record/run-result.js';
import type { Interval } from '../../metrics/bootstrap.js';
import { type MetricFacts, titleOf, written, writtenBare } from '../../metrics/metric.js';
import { type Html, html } from '../html.js';
import { count } from '../numbers.js';
import { table } from '../page.js';
import {
  evaluatedStrategies,
  type FigureOf,
  figuresBy,
  hasTestExamples,
  meanOf,
  mergedRounds,
  weightedByExamples,
  wordsOfRun,
} from '../run-figures.js';
import { undefinedFigures } from '../text/undefined-figures.js';

/** The most participants that have columns of their own. */
const MOST_COLUMNS = 6;

/** A column of figures of the last round. */
interface FiguresColumn {
  readonly head: string;
  cell(metric: MetricFacts): string;
}

/** Undefined where there is no other metric than the main one and the loss. */
export function figuresSection(run: RecordedRun): Html | undefined {
  const last = mergedRounds(run).findLast(({ copied }) => copied.length > 0);
  if (last === undefined || run.result.metrics.length <= 2) return undefined;
  const { examples } = wordsOfRun(run);
  const said = undefinedFigures(run);
  return html`<section>
<h2>All figures, round ${last.round}</h2>
<p>The merged model (${run.configuration.strategy}) beside each participant’s own model: the model that this round began with, trained on its own data alone.</p>
${
  hasTestExamples(run)
    ? figuresTable(
        `On the coordinator’s test ${examples}${intervalsText(run, last)}`,
        testColumns(run, last),
        run.result.metrics,
      )
    : undefined
}
${figuresTable(
  `On the participants’ validation ${examples}: own model, and the copied model. “All” weights them by their training ${examples}.${togetherText(last, examples)}`,
  validationColumns(run, last),
  run.result.metrics,
)}
${said.length === 0 ? undefined : html`<ul>${said.map((text) => html`<li>${text}</li>\n`)}</ul>`}
</section>`;
}

function intervalsText(run: RecordedRun, { round }: RoundResult): string {
  const { bootstrap } = run.configuration;
  if (bootstrap === undefined || run.details.get(round)?.test?.intervals === undefined) return '';
  return `. In brackets: 95% intervals of the merged model, of ${count(bootstrap)} bootstrap draws`;
}

const figuresTable = (caption: string, columns: readonly FiguresColumn[], metrics: readonly MetricFacts[]) =>
  table({
    caption,
    head: ['metric', ...columns.map(({ head }) => head)],
    rows: metrics.map((metric) => [titleOf(metric), ...columns.map(({ cell }) => cell(metric))]),
  });

const togetherText = ({ together }: RoundResult, examples: string) =>
  together === undefined
    ? ''
    : ` “Together” is the figure of all validation ${examples} of those participants that share what it needs, in brackets how many do.`;

/** "0.874 (3 of 4)" */
function writtenTogether(
  metric: MetricFacts,
  of: NonNullable<RoundResult['together']>[string] | undefined,
  participants: number,
): string {
  return of === undefined ? '–' : `${cellOf(metric, of.figure)} (${of.participants} of ${participants})`;
}

/** "[0.81 to 0.92]" */
const writtenInterval = (metric: MetricFacts, { low, high }: Interval) =>
  `[${writtenBare(metric, low)} to ${writtenBare(metric, high)}]`;

const cellOf = (metric: MetricFacts, value: number | undefined) =>
  value === undefined ? '–' : written(metric, value);

function testColumns(run: RecordedRun, last: RoundResult): FiguresColumn[] {
  const intervals = run.details.get(last.round)?.test?.intervals;
  const merged = evaluatedStrategies(run).map(
    (name, place): FiguresColumn => ({
      head: `merged (${name})`,
      cell: (metric) => {
        const figure = cellOf(metric, figuresBy(metric).mergedTest(last, name));
        const interval = place === 0 ? intervals?.[metric.name] : undefined;
        return interval === undefined ? figure : `${figure} ${writtenInterval(metric, interval)}`;
      },
    }),
  );
  const { test: pooled } = run.result.pooled ?? {};
  const names = last.participants.map(({ name }) => name);
  const own: FiguresColumn[] =
    names.length <= MOST_COLUMNS
      ? names.map((name) => ({
          head: `${name}, own`,
          cell: (metric) => cellOf(metric, figuresBy(metric).ownTest(last, name)),
        }))
      : [
          {
            head: `mean of ${names.length} own models`,
            cell: (metric) =>
              cellOf(metric, meanOf(names.map((name) => figuresBy(metric).ownTest(last, name)))),
          },
        ];
  return [
    ...merged,
    ...(pooled
      ? [{ head: 'pooled', cell: (metric: MetricFacts) => cellOf(metric, pooled[metric.name]) }]
      : []),
    ...own,
  ];
}

function validationColumns(run: RecordedRun, last: RoundResult): FiguresColumn[] {
  const names = last.copied.map(({ name }) => name);
  const kinds: [string, (metric: MetricFacts) => FigureOf][] = [
    ['own', (metric) => figuresBy(metric).ownValidation],
    ['copy', (metric) => figuresBy(metric).copyValidation],
  ];
  const all = kinds.map(
    ([kind, of]): FiguresColumn => ({
      head: `all, ${kind}`,
      cell: (metric) =>
        cellOf(
          metric,
          weightedByExamples(last, (name) => of(metric)(last, name)),
        ),
    }),
  );
  const { together } = last;
  if (together !== undefined) {
    all.push({
      head: 'together, copy',
      cell: (metric) => writtenTogether(metric, together[metric.name], run.result.participants.length),
    });
  }
  if (names.length > MOST_COLUMNS || run.result.participants.length === 1) return all;
  const each = names.flatMap((name) =>
    kinds.map(
      ([kind, of]): FiguresColumn => ({
        head: `${name}, ${kind}`,
        cell: (metric) => cellOf(metric, of(metric)(last, name)),
      }),
    ),
  );
  return [...all, ...each];
}
