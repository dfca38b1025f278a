/** Says in words which participant is the last below the reference, and why. */
import type { RecordedRun } from '../../federation/record/read-run.js';
import type { RoundResult } from '../../federation/record/run-result.js';
import { reached, type Target } from '../../metrics/target.js';
import { percent, plural, points } from '../numbers.js';
import {
  classAccuracies,
  classNamesOf,
  copyValidation,
  lastDetails,
  ownValidation,
  referenceOf,
} from '../run-figures.js';

/** Rounds that a trend is taken from. */
const TREND = 4;
const WEAKEST = 3;

export function heldBack(run: RecordedRun): string[] {
  const reference = referenceOf(run.configuration);
  const evaluated = run.result.rounds.filter(({ copied }) => copied.length > 0);
  const last = evaluated.at(-1);
  if (last === undefined)
    return ['No copy was evaluated yet, so it is not known which participants are below the reference.'];
  if (reference === undefined) {
    return ['No reference is set: the run goes on to its last round.'];
  }
  const behind = [...last.copied]
    .filter(({ validationAccuracy }) => !reached({ accuracy: validationAccuracy }, reference))
    .sort((a, b) => a.validationAccuracy - b.validationAccuracy);
  const [worst] = behind;
  if (worst === undefined) return lastToPass(evaluated, reference);
  const { name, validationAccuracy } = worst;
  return [
    `${name} is the last participant below the reference: in round ${last.round} the copied model has ${percent(validationAccuracy)} on its validation images, ${points(reference.value - validationAccuracy)} below ${percent(reference.value)}. ${theOthers(last, behind.length)}`,
    ...costOfMerge(last, name, validationAccuracy),
    ...trend(evaluated, name, reference),
    ...weakestClasses(run, name),
  ];
}

function lastToPass(evaluated: readonly RoundResult[], reference: Target): string[] {
  const last = evaluated.at(-1);
  const before = evaluated.at(-2);
  const late = (before?.copied ?? []).filter(
    ({ validationAccuracy }) => !reached({ accuracy: validationAccuracy }, reference),
  );
  const lowest = late.toSorted((a, b) => a.validationAccuracy - b.validationAccuracy)[0];
  const passed = `No participant is below the reference: in round ${last?.round} every copy reaches ${percent(reference.value)}.`;
  if (lowest === undefined || last === undefined || before === undefined) return [passed];
  const now = copyValidation(last, lowest.name) ?? 0;
  return [
    `${passed} The last one below it was ${lowest.name}, with ${percent(lowest.validationAccuracy)} in round ${before.round} and ${percent(now)} in round ${last.round}.`,
  ];
}

function theOthers({ copied }: RoundResult, behind: number): string {
  if (copied.length === 1) return '';
  if (behind === 1) return 'Every other copy reaches it.';
  return behind === copied.length
    ? 'No other copy reaches it either.'
    : `Of ${copied.length} participants ${behind} are below it.`;
}

/** The same images before the merge: whether it is the merge, or the training, that falls short. */
function costOfMerge(last: RoundResult, name: string, copy: number): string[] {
  const own = ownValidation(last, name);
  if (own === undefined) return [];
  const difference = `Its own model, before the merge, has ${percent(own)} on the same images`;
  if (own === copy) return [`${difference}: the merge changes nothing for it.`];
  return [
    own > copy
      ? `${difference}: the merge costs it ${points(own - copy)}.`
      : `${difference}: the merge helps it, by ${points(copy - own)}.`,
  ];
}

function trend(evaluated: readonly RoundResult[], name: string, reference: Target): string[] {
  const recent = evaluated.slice(-TREND).flatMap((round) => {
    const accuracy = copyValidation(round, name);
    return accuracy === undefined ? [] : [{ round: round.round, accuracy }];
  });
  const [first, last] = [recent[0], recent.at(-1)];
  if (first === undefined || last === undefined || first === last) return [];
  const pace = (last.accuracy - first.accuracy) / (last.round - first.round);
  const went = `From round ${first.round} to ${last.round} its copy went from ${percent(first.accuracy)} to ${percent(last.accuracy)}`;
  if (pace <= 0) return [`${went}: it does not approach the reference.`];
  const rounds = Math.ceil((reference.value - last.accuracy) / pace);
  return [
    `${went}, ${points(pace)} per round: at that pace it reaches the reference in ${plural(rounds, 'more round')}.`,
  ];
}

/**
 * By the merged model's accuracy on the coordinator's test images: a participant's own errors are
 * not recorded.
 */
function weakestClasses(run: RecordedRun, name: string): string[] {
  const confusion = lastDetails(run)?.test?.confusion.merged[run.configuration.strategy];
  if (confusion === undefined) return [];
  const held = run.labelCounts?.participants.find((one) => one.name === name)?.classes;
  const names = classNamesOf(run);
  const weakest = classAccuracies(confusion)
    .map((accuracy, label) => ({ accuracy, label }))
    .filter(({ accuracy, label }) => accuracy !== undefined && (held === undefined || (held[label] ?? 0) > 0))
    .sort((a, b) => (a.accuracy ?? 0) - (b.accuracy ?? 0))
    .slice(0, WEAKEST)
    .map(({ accuracy = 0, label }) => `${spoken(names[label] ?? String(label))} (${percent(accuracy)})`);
  const list = weakest.join(', ');
  return [
    held === undefined
      ? `On the test images the merged model is weakest on ${list}; which of these ${name} holds is not known, since label counts are not shared.`
      : `Of the classes that ${name} holds, the merged model is weakest on ${list}, by the test images.`,
  ];
}

/** A class that is called by its number would read like a figure. */
const spoken = (className: string) => (/^\d+$/.test(className) ? `class ${className}` : className);
