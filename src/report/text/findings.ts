/** The findings of a run, in words. */

import type { RecordedRun } from '../../federation/record/read-run.js';
import type { RoundResult } from '../../federation/record/run-result.js';
import {
  bestFirst,
  bestOf,
  gain,
  labelOf,
  type MetricFacts,
  named,
  written,
  writtenDifference,
  writtenOf,
} from '../../metrics/metric.js';
import { hasOwnParts, hasSiteStatistics } from '../../protocol/configuration/own-parts.js';
import { sampleOf } from '../charts/statistics.js';
import { byteSize, count, plural } from '../numbers.js';
import {
  evaluatedStrategies,
  figuresBy,
  hasTestExamples,
  lastDetails,
  mergedRounds,
  trafficOf,
  weightedByExamples,
  wordsOfRun,
} from '../run-figures.js';
import { decisionLines } from './decision-lines.js';
import { heldBack } from './held-back.js';
import { outcome } from './outcome.js';
import { togetherLine } from './together-line.js';
import { undefinedFigures } from './undefined-figures.js';

export interface Finding {
  readonly topic:
    | 'end'
    | 'shared'
    | 'held back'
    | 'strategies'
    | 'collapse'
    | 'best'
    | 'undefined'
    | 'cut-off'
    | 'together'
    | 'pooled'
    | 'decided'
    | 'traffic';
  readonly text: string;
}

/**
 * A merged model has collapsed if it is so much worse than the best own model: for a percentage, in
 * fractions …
 */
const COLLAPSE = 0.1;
/** … and for another figure, relative to the own model's. */
const COLLAPSE_TIMES = 0.5;

export function findings(run: RecordedRun): Finding[] {
  const last = mergedRounds(run).at(-1);
  const about = (topic: Finding['topic'], texts: readonly string[]) =>
    texts.map((text): Finding => ({ topic, text }));
  return [
    ...about('end', [end(run)]),
    ...about('shared', shared(run)),
    ...about('held back', heldBack(run)),
    ...(last === undefined
      ? []
      : hasTestExamples(run)
        ? [
            ...about('strategies', bestStrategy(run, last)),
            ...about('collapse', collapse(run)),
            ...about('pooled', pooledGap(run, last)),
            ...about('decided', decidedExamples(run)),
          ]
        : about('strategies', byParticipants(run, last))),
    ...about('best', best(run)),
    ...about('undefined', undefinedFigures(run)),
    ...about('together', togetherLine(run.result, wordsOfRun(run).examples).map(sentence)),
    ...about('cut-off', decisionLines(run.result, wordsOfRun(run).examples).map(sentence)),
    ...about('traffic', traffic(run)),
  ];
}

function end(run: RecordedRun): string {
  const { finished, result } = run;
  if (finished) return sentence(outcome(result, wordsOfRun(run))[0] ?? '');
  const { reason, round } = result.stopped;
  return reason === 'diverged'
    ? `The run is not finished: training diverged in round ${round}.`
    : `The run is not finished: round ${round} is under way, or was cut off. Rerun the same command to resume it.`;
}

const sentence = (text: string) => `${text.charAt(0).toUpperCase()}${text.slice(1)}.`;

/** What of the model travels, and what figures on test examples are of then. */
function shared(run: RecordedRun): string[] {
  const { share } = run.configuration;
  if (!hasOwnParts(run.configuration)) return [];
  const tested = hasTestExamples(run)
    ? `Figures on test ${wordsOfRun(run).examples} are of the personal models of those who took part in a round, all together.`
    : 'The coordinator has none of these, so it tests no model.';
  const prepared = hasSiteStatistics(run.configuration)
    ? ['Each participant prepares numbers by statistics of its own rows, which its personal model has.']
    : [];
  if (share === undefined) return [`${prepared.join('')} ${tested}`];
  return [
    ...prepared,
    `Of the tensors, ${share.join(', ')} are shared and merged; each participant keeps the others, and its personal model has both. ${tested}`,
  ];
}

function bestStrategy(run: RecordedRun, last: RoundResult): string[] {
  const [metric] = run.result.metrics;
  const { examples } = wordsOfRun(run);
  const order = bestFirst(metric);
  const ranked = evaluatedStrategies(run)
    .flatMap((name) => {
      const figure = figuresBy(metric).mergedTest(last, name);
      return figure === undefined ? [] : [{ name, figure }];
    })
    .sort((a, b) => order(a.figure, b.figure));
  const [best, ...rest] = ranked;
  if (best === undefined) return [];
  const copied = run.configuration.strategy;
  const after = `After round ${last.round}`;
  if (rest.length === 0)
    return [
      `${after} the merged model (${best.name}) has ${named(metric, best.figure)} on the test ${examples}.`,
    ];
  const others = rest.map(({ name, figure }) => `${name} (${written(metric, figure)})`).join(', ');
  const which =
    best.name === copied
      ? ''
      : ` The copied model is that of ${copied}; nothing is chosen by the test ${examples}.`;
  return [
    `${after} ${best.name} is the best of ${ranked.length} strategies on the test ${examples}, with ${named(metric, best.figure)}, before ${others}.${which}`,
  ];
}

/**
 * Where tensors stay with their owners, figures of a merge are means over personal models, and are
 * compared with the mean of the own models.
 */
function collapse(run: RecordedRun): string[] {
  const [metric] = run.result.metrics;
  const names = evaluatedStrategies(run);
  const [ownOf, own] = hasOwnParts(run.configuration)
    ? ([meanOf, 'the mean of the own models'] as const)
    : ([bestOf, 'the best own model'] as const);
  const collapsed = names.flatMap((name) => {
    const falls = mergedRounds(run).flatMap((round) => fallOf(metric, round, name, ownOf) ?? []);
    const worst = falls.toSorted((a, b) => b.loss - a.loss)[0];
    if (worst === undefined) return [];
    const where = falls.length === 1 ? 'with' : `at worst in round ${worst.round}, with`;
    return [
      `${name} collapsed in ${roundsText(falls.map(({ round }) => round))}: it is ${tooFar(metric)} ${own} of the round, ${where} ${written(metric, worst.figure)} against ${written(metric, worst.own)}.`,
    ];
  });
  const max = names.includes('max') && !collapsed.some((text) => text.startsWith('max '));
  return [
    ...collapsed,
    ...(max ? [`max did not collapse: it is never ${tooFar(metric)} ${own} of a round.`] : []),
  ];
}

const meanOf = (_: MetricFacts, figures: readonly number[]) => sampleOf(figures)?.mean;

/** How far a merged model is behind the own models of its round, where it collapsed. */
function fallOf(metric: MetricFacts, round: RoundResult, strategy: string, ownOf: typeof meanOf) {
  const { mergedTest, ownTest } = figuresBy(metric);
  const figure = mergedTest(round, strategy);
  const own = ownOf(
    metric,
    round.participants.flatMap(({ name }) => ownTest(round, name) ?? []),
  );
  if (figure === undefined || own === undefined) return undefined;
  const loss = gain(metric, figure, own);
  const most = metric.format === 'percent' ? COLLAPSE : COLLAPSE_TIMES * Math.abs(own);
  return loss > most ? { round: round.round, own, figure, loss } : undefined;
}

/** "more than 10 points below", "more than 50% above" */
function tooFar(metric: MetricFacts): string {
  const side = metric.better === 'higher' ? 'below' : 'above';
  return metric.format === 'percent'
    ? `more than ${writtenDifference(metric, COLLAPSE, 0)} ${side}`
    : `more than ${100 * COLLAPSE_TIMES}% ${side}`;
}

/** "round 1", "rounds 1, 3 and 4", "17 rounds, first in round 1" */
function roundsText(rounds: readonly number[]): string {
  if (rounds.length > 6) return `${rounds.length} rounds, first in round ${rounds[0]}`;
  const head = rounds.slice(0, -1).join(', ');
  return head === '' ? `round ${rounds[0]}` : `rounds ${head} and ${rounds.at(-1)}`;
}

function pooledGap(run: RecordedRun, last: RoundResult): string[] {
  const { rounds, configuration, result } = run;
  const [metric] = result.metrics;
  const pooled = rounds[last.round - 1]?.pooled?.test?.[metric.name];
  const merged = figuresBy(metric).mergedTest(last, configuration.strategy);
  if (pooled === undefined || merged === undefined) return [];
  const gap = `${writtenDifference(metric, Math.abs(merged - pooled))} ${merged < pooled ? 'below' : 'above'} it`;
  return [
    `Pooled training, on all the data together and with as many ${wordsOfRun(run).examples}, has ${named(metric, pooled)}; the merged model is ${gap}.`,
  ];
}

function decidedExamples(run: RecordedRun): string[] {
  const test = lastDetails(run)?.test;
  if (test?.decided === undefined) return [];
  const { kept, missed } = test.decided;
  return [
    `Of ${plural(test.examples, `test ${wordsOfRun(run).example}`)}, the merged model knows ${number(kept[0])} that no own model knows, and misses ${number(missed.at(-1))} that every own model knows.`,
  ];
}

const number = (examples = 0) => (examples === 0 ? 'none' : count(examples));

function byParticipants(run: RecordedRun, last: RoundResult): string[] {
  const [metric] = run.result.metrics;
  const { examples } = wordsOfRun(run);
  const { ownValidation, copyValidation } = figuresBy(metric);
  const own = weightedByExamples(last, (name) => ownValidation(last, name));
  const copies = weightedByExamples(last, (name) => copyValidation(last, name));
  if (own === undefined || copies === undefined) return [];
  return [
    `The coordinator holds no test ${examples}. On the participants’ own validation ${examples}, weighted by their examples, the own models of round ${last.round} have ${named(metric, own)}, the merged model ${written(metric, copies)}.`,
  ];
}

/** Which round's model is the final one, if the best is. */
function best({ configuration, result }: RecordedRun): string[] {
  if (configuration.finalRound !== 'best' || result.best === undefined) return [];
  const { round, validation } = result.best;
  const [metric] = result.metrics;
  return [
    `The final model is that of round ${round}, the best by validation: ${labelOf(metric)} ${writtenOf(metric, validation)}.`,
  ];
}

function traffic(run: RecordedRun): string[] {
  const found = trafficOf(run);
  if (found === undefined) return [];
  const { updates, copies, modelBytes, bytes } = found;
  return [
    `${plural(mergedRounds(run).length, 'round')}, ${plural(updates, 'update')} and ${count(copies)} copies of ${byteSize(modelBytes)}: ${byteSize(bytes)} in all, where they travel as 32-bit numbers.`,
  ];
}
