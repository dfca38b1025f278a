/** Says in words how a run ended. */

import { listed } from '../../base/excerpt.js';
import {
  FEW_VALIDATION_EXAMPLES,
  type RoundResult,
  type RunResult,
} from '../../federation/record/run-result.js';
import { averageOf } from '../../merge/average/model-average.js';
import { type MetricFacts, named, writtenOf } from '../../metrics/metric.js';
import { fallsShort, writtenTarget } from '../../metrics/target.js';
import { hasOwnParts } from '../../protocol/configuration/own-parts.js';
import { plural } from '../numbers.js';
import { referenceOf } from '../run-figures.js';
import type { Words } from '../words.js';
import { decisionLines } from './decision-lines.js';
import { togetherLine } from './together-line.js';

/** Why the run stopped, and its result. */
export function outcome(result: RunResult, words: Words): string[] {
  const { strategy, rounds, pooled, settings, metrics } = result;
  const [metric] = metrics;
  const last = rounds.findLast((round) => Object.keys(round.merged).length > 0);
  const figures = last?.merged[strategy]?.test;
  const figure = figures?.[metric.name];
  const text = figure === undefined ? writtenOf(metric, figures) : named(metric, figure);
  return [
    stopReason(result, words),
    ...(figures === undefined || last === undefined
      ? []
      : [
          !hasOwnParts(settings)
            ? `the merged model (${strategy}, round ${last.round}) has ${text} on the test ${words.examples}`
            : `the personal models of round ${last.round} (${strategy} of the shared tensors, each with its own${settings.share === undefined ? ' statistics' : ''}) have ${text} on the test ${words.examples}, all together`,
        ]),
    ...averaged(result, last, words),
    ...refitted(last, metric, words),
    ...(pooled === undefined
      ? []
      : [
          `pooled: the same ${settings.model.name}, trained on all the data together, has ${writtenOf(metric, pooled.test)}`,
        ]),
    ...togetherLine(result, words.examples),
    ...decisionLines(result, words.examples),
  ];
}

/** The figure of the average over rounds, if it is or would be the final model. */
function averaged(
  { settings: { average }, metrics }: RunResult,
  last: RoundResult | undefined,
  { examples }: Words,
): string[] {
  if (!average?.final || last === undefined) return [];
  const { name, from } = averageOf(average);
  const figures = last.merged[name]?.test;
  return figures === undefined
    ? [`it is the final model: ${name} would have begun in round ${from}`]
    : [
        `the final model is the average of the rounds, ${name}: ${writtenOf(metrics[0], figures)} on the test ${examples}`,
      ];
}

function refitted(last: RoundResult | undefined, metric: MetricFacts, { examples }: Words): string[] {
  const figures = last?.merged.refit?.test;
  if (figures === undefined) return [];
  return [
    `with its last layer refitted, the final model has ${writtenOf(metric, figures)} on the test ${examples}`,
  ];
}

/** An accuracy of 100% on one example is reached by chance. */
function ofFew(few: RunResult['fewValidationExamples'] = [], words: Words): string {
  if (few.length === 0) return '';
  const who = few.slice(0, 3).map(({ name, examples }) => `${name} on ${plural(examples, words.example)}`);
  const more =
    few.length > who.length
      ? ` and ${few.length - who.length} more on fewer than ${FEW_VALIDATION_EXAMPLES}`
      : '';
  return `, but these figures say little: ${few.length === 1 ? 'one participant validates' : `${few.length} participants validate`} on few ${words.examples} (${who.join(', ')}${more})`;
}

function stopReason(result: RunResult, words: Words): string {
  const { stopped, settings, metrics, rounds, attackers, fewValidationExamples } = result;
  const reference = referenceOf(settings, metrics);
  const target = reference && writtenTarget(reference, metrics);
  switch (stopped.reason) {
    case 'every-participant-passed':
      return `finished in round ${stopped.round}: the copied model reaches the reference ${target} with every ${attackers === undefined ? '' : 'honest '}participant${ofFew(fewValidationExamples, words)}`;
    case 'max-rounds': {
      const done = `finished: ${plural(stopped.round, 'round')} done`;
      if (reference === undefined) return done;
      const short = (rounds.at(-1)?.copied ?? []).filter(({ validation }) =>
        fallsShort(validation, reference),
      );
      const who = short.map(({ name, validation }) => `${name} (${writtenOf(reference.metric, validation)})`);
      return `${done}; the copied model ${reference.metric.better === 'higher' ? 'stays below' : 'stays above'} the reference ${target} with ${listed(who, 3)}`;
    }
    case 'stopped':
      return `stopped by an operator in round ${stopped.round}`;
    case 'interrupted':
      return `interrupted in round ${stopped.round}`;
    case 'diverged':
      return `training diverged in round ${stopped.round}`;
  }
}
