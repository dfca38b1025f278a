/**
 * The section of confusion and of each class’s accuracy, before and after the merge, on the
 * coordinator’s test examples.
 */
import type { RecordedRun } from '../../federation/record/read-run.js';
import type { RoundDetails } from '../../protocol/round-details.js';
import { barChart } from '../charts/bar-chart.js';
import { type Confusion, commonestMistakes, confusionMap, rowSum, sumOf } from '../charts/confusion.js';
import { heatMap } from '../charts/heat-map.js';
import { type Html, html } from '../html.js';
import { count, percent, wholePercent } from '../numbers.js';
import { table } from '../page.js';
import {
  classAccuracies,
  classNamesOf,
  firstAndLast,
  hasTestExamples,
  meanOf,
  wordsOfRun,
} from '../run-figures.js';
import type { Words } from '../words.js';

/** More participants than these are shown together. */
const MOST_MODELS = 3;
/** More classes than these make no readable matrix; their commonest mistakes are listed. */
const MOST_CLASSES = 30;
const MOST_MISTAKES = 20;

export function confusionSection(run: RecordedRun): Html {
  const shown = firstAndLast(run)
    .filter(({ test }) => test !== undefined)
    .reverse();
  const { examples } = wordsOfRun(run);
  if (shown.length === 0) {
    return html`<section>
<h2>Before and after the merge</h2>
<p class="note">${
      hasTestExamples(run) || run.details.size === 0
        ? 'Not recorded: the run was made by an earlier version, or nothing is merged yet.'
        : `The coordinator holds no test ${examples}, so it is not known which class its models mistake for which.`
    }</p>
</section>`;
  }
  return html`<section>
<h2>Before and after the merge</h2>
<p>On the coordinator’s test ${examples}: the participants’ own models before the merge, and the merged model (${run.configuration.strategy}) after it.</p>
${shown.map((details, index) => {
  const body = ofRound(run, details);
  return index === 0
    ? html`<h3>Round ${details.round}</h3>${body}`
    : html`<details><summary>Round ${details.round}</summary>${body}</details>`;
})}
</section>`;
}

function ofRound(run: RecordedRun, { round, participants, test }: RoundDetails): Html {
  const classNames = classNamesOf(run);
  const words = wordsOfRun(run);
  const { own = {}, merged = {} } = test?.confusion ?? {};
  const models = participants.flatMap((name) => {
    const confusion = own[name];
    return confusion === undefined ? [] : [{ name: `${name}, own model`, confusion }];
  });
  const each = models.length <= MOST_MODELS;
  const [together = []] = each ? [] : [sumOf(models.map(({ confusion }) => confusion))];
  const before =
    each || models.length === 0
      ? models
      : [{ name: `all ${models.length} own models together`, confusion: together }];
  const after = Object.entries(merged).map(([name, confusion]) => ({ name: `merged (${name})`, confusion }));
  const all = [...before, ...after];
  const copied = after.slice(0, 1);
  const few = classNames.length <= MOST_CLASSES;
  return html`<div class="charts">
${[...before, ...copied].map(({ name, confusion }) =>
  few ? heatMap(confusionMap(name, classNames, confusion)) : mistakes(name, classNames, confusion, words),
)}
${
  few
    ? barChart({
        title: 'Accuracy of each class',
        names: classNames,
        format: wholePercent,
        series: [...before, ...copied].map(({ name, confusion }) => ({
          name,
          values: classAccuracies(confusion),
        })),
      })
    : undefined
}
</div>
${table({
  caption: `Accuracy of each class on the test ${words.examples}, round ${round}`,
  head: ['class', words.examples, ...all.map(({ name }) => name)],
  rows: [
    ...classNames.map((className, label) => [
      className,
      count(rowSum(after[0]?.confusion ?? [], label)),
      ...all.map(({ confusion }) => shareOf(classAccuracies(confusion)[label])),
    ]),
    ['mean of the classes', '', ...all.map(({ confusion }) => shareOf(meanOf(classAccuracies(confusion))))],
  ],
})}`;
}

const shareOf = (accuracy: number | undefined) => (accuracy === undefined ? '–' : percent(accuracy));

function mistakes(name: string, classNames: readonly string[], confusion: Confusion, words: Words): Html {
  const nameOf = (label: number) => classNames[label] ?? String(label);
  return html`<div>${table({
    caption: `${name}: the commonest mistakes`,
    head: ['class', 'taken for', words.examples],
    rows: commonestMistakes(confusion, MOST_MISTAKES).map(({ label, taken, examples }) => [
      nameOf(label),
      nameOf(taken),
      count(examples),
    ]),
  })}</div>`;
}
