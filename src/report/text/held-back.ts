/** Explains which participant is the last below the reference, and why. */
import type { RecordedRun } from '../../federation/record/read-run.js';
import type { RoundResult } from '../../federation/record/run-result.js';
import {
  gain,
  labelOf,
  type MetricFacts,
  type TaskMetrics,
  written,
  writtenDifference,
  writtenOf,
} from '../../metrics/metric.js';
import { fallsShort, shortfall, type Target, writtenTarget } from '../../metrics/target.js';
import { percent, plural } from '../numbers.js';
import {
  classAccuracies,
  classNamesOf,
  figuresBy,
  lastDetails,
  referenceOf,
  wordsOfRun,
} from '../run-figures.js';
import type { Words } from '../words.js';

/** The number of rounds from which a trend is computed. */
const TREND = 4;
const WEAKEST = 3;

export function heldBack(run: RecordedRun): string[] {
  const { metrics } = run.result;
  const reference = referenceOf(run.configuration, metrics);
  const evaluated = run.result.rounds.filter(({ copied }) => copied.length > 0);
  const last = evaluated.at(-1);
  if (last === undefined)
    return ['No copy was evaluated yet, so it is not known which participants are below the reference.'];
  if (reference === undefined) {
    return ['No reference is set: the run goes on to its last round.'];
  }
  const passes: Passing = { reference, written: writtenTarget(reference, metrics) };
  const behind = worstFirst(last.copied, reference);
  const [worst] = behind;
  if (worst === undefined) return lastToPass(evaluated, passes);
  const { name, validation } = worst;
  const { metric } = reference;
  const missing = shortfall(validation, reference);
  const side = sideOf(metric);
  const far =
    missing === undefined ? 'which does not reach' : `${writtenDifference(metric, missing)} ${side}`;
  return [
    `${name} is the last participant ${side} the reference: in round ${last.round} the copied model has ${nameOf(reference, metrics)}${writtenOf(metric, validation)} on its validation ${wordsOfRun(run).examples}, ${far} ${passes.written}. ${theOthers(last, behind.length, metric)}`,
    ...costOfMerge(last, worst, metric, wordsOfRun(run)),
    ...trend(evaluated, name, reference),
    ...weakestClasses(run, name),
  ];
}

/** The side of a target on which figures do not reach it. */
const sideOf = ({ better }: MetricFacts) => (better === 'higher' ? 'below' : 'above');

interface Passing {
  readonly reference: Target;
  readonly written: string;
}

type Copy = RoundResult['copied'][number];

/** "RMSE " before a figure that is not of the main metric. */
const nameOf = ({ metric }: Target, [main]: TaskMetrics) =>
  metric.name === main.name ? '' : `${labelOf(metric)} `;

/**
 * The copies that do not reach the reference, the worst first; those without a figure come before
 * all others.
 */
function worstFirst(copies: readonly Copy[], reference: Target): Copy[] {
  const missing = ({ validation }: Copy) => shortfall(validation, reference) ?? Number.POSITIVE_INFINITY;
  return copies
    .filter(({ validation }) => fallsShort(validation, reference))
    .sort((a, b) => (missing(a) === missing(b) ? 0 : missing(b) - missing(a)));
}

function lastToPass(evaluated: readonly RoundResult[], { reference, written }: Passing): string[] {
  const last = evaluated.at(-1);
  const before = evaluated.at(-2);
  const [worst] = worstFirst(before?.copied ?? [], reference);
  const side = sideOf(reference.metric);
  const passed = `No participant is ${side} the reference: in round ${last?.round} every copy reaches ${written}.`;
  if (worst === undefined || last === undefined || before === undefined) return [passed];
  const now = last.copied.find(({ name }) => name === worst.name)?.validation;
  const { metric } = reference;
  return [
    `${passed} The last one ${side} it was ${worst.name}, with ${writtenOf(metric, worst.validation)} in round ${before.round} and ${writtenOf(metric, now)} in round ${last.round}.`,
  ];
}

function theOthers({ copied }: RoundResult, behind: number, metric: MetricFacts): string {
  if (copied.length === 1) return '';
  if (behind === 1) return 'Every other copy reaches it.';
  return behind === copied.length
    ? 'No other copy reaches it either.'
    : `Of ${copied.length} participants ${behind} are ${sideOf(metric)} it.`;
}

/** The same data before the merge: whether it is the merge, or the training, that falls short. */
function costOfMerge(
  last: RoundResult,
  { name, validation }: Copy,
  metric: MetricFacts,
  { examples }: Words,
): string[] {
  const own = figuresBy(metric).ownValidation(last, name);
  const copy = validation[metric.name];
  if (own === undefined || copy === undefined) return [];
  const difference = `Its own model, before the merge, has ${written(metric, own)} on the same ${examples}`;
  if (own === copy) return [`${difference}: the merge changes nothing for it.`];
  const gained = gain(metric, own, copy);
  return [
    gained < 0
      ? `${difference}: the merge costs it ${writtenDifference(metric, -gained)}.`
      : `${difference}: the merge helps it, by ${writtenDifference(metric, gained)}.`,
  ];
}

function trend(evaluated: readonly RoundResult[], name: string, reference: Target): string[] {
  const { metric } = reference;
  const recent = evaluated.slice(-TREND).flatMap((round) => {
    const figure = figuresBy(metric).copyValidation(round, name);
    return figure === undefined ? [] : [{ round: round.round, figure }];
  });
  const [first, last] = [recent[0], recent.at(-1)];
  if (first === undefined || last === undefined || first === last) return [];
  const pace = gain(metric, first.figure, last.figure) / (last.round - first.round);
  const went = `From round ${first.round} to ${last.round} its copy went from ${written(metric, first.figure)} to ${written(metric, last.figure)}`;
  if (pace <= 0) return [`${went}: it does not approach the reference.`];
  const rounds = Math.ceil(gain(metric, last.figure, reference.value) / pace);
  return [
    `${went}, ${writtenDifference(metric, pace)} per round: at that pace it reaches the reference in ${plural(rounds, 'more round')}.`,
  ];
}

/**
 * By the merged model's accuracy on the coordinator's test examples: a participant's own errors are
 * not recorded.
 */
function weakestClasses(run: RecordedRun, name: string): string[] {
  const confusion = lastDetails(run)?.test?.confusion.merged[run.configuration.strategy];
  if (confusion === undefined) return [];
  const held = run.labelCounts?.participants.find((one) => one.name === name)?.counts;
  const names = classNamesOf(run);
  const weakest = classAccuracies(confusion)
    .map((accuracy, label) => ({ accuracy, label }))
    .filter(({ accuracy, label }) => accuracy !== undefined && (held === undefined || (held[label] ?? 0) > 0))
    .sort((a, b) => (a.accuracy ?? 0) - (b.accuracy ?? 0))
    .slice(0, WEAKEST)
    .map(({ accuracy = 0, label }) => `${spoken(names[label] ?? String(label))} (${percent(accuracy)})`);
  const list = weakest.join(', ');
  const { examples } = wordsOfRun(run);
  return [
    held === undefined
      ? `On the test ${examples} the merged model is weakest on ${list}; which of these ${name} holds is not known, since label counts are not shared.`
      : `Of the classes that ${name} holds, the merged model is weakest on ${list}, by the test ${examples}.`,
  ];
}

/** Writes "class 3" for a class without a name, since a number alone reads like a figure. */
const spoken = (className: string) => (/^\d+$/.test(className) ? `class ${className}` : className);
