/** Says in words how a run ended. */
import {
  FEW_VALIDATION_EXAMPLES,
  type RoundResult,
  type RunResult,
} from '../../federation/record/run-result.js';
import { averageOf } from '../../merge/average/model-average.js';
import { reached } from '../../metrics/target.js';
import { percent, plural } from '../numbers.js';
import { referenceOf } from '../run-figures.js';

/** Why it stopped, and its result. */
export function outcome(result: RunResult): string[] {
  const { strategy, rounds, pooled, settings } = result;
  const last = rounds.findLast((round) => Object.keys(round.merged).length > 0);
  const accuracy = last?.merged[strategy]?.testAccuracy;
  return [
    stopReason(result),
    ...(accuracy === undefined || last === undefined
      ? []
      : [`the merged model (${strategy}, round ${last.round}) has ${percent(accuracy)} on the test images`]),
    ...averaged(result, last),
    ...refitted(last),
    ...(pooled === undefined
      ? []
      : [
          `pooled: the same ${settings.model.name}, trained on all the data together, has ${percent(pooled.testAccuracy)}`,
        ]),
  ];
}

/** The average of the rounds, where it is the final model, or would be. */
function averaged({ settings: { average } }: RunResult, last: RoundResult | undefined): string[] {
  if (!average?.final || last === undefined) return [];
  const { name, from } = averageOf(average);
  const accuracy = last.merged[name]?.testAccuracy;
  return accuracy === undefined
    ? [`it is the final model: ${name} would have begun in round ${from}`]
    : [`the final model is the average of the rounds, ${name}: ${percent(accuracy)} on the test images`];
}

function refitted(last: RoundResult | undefined): string[] {
  const accuracy = last?.merged.refit?.testAccuracy;
  if (accuracy === undefined) return [];
  return [`with its last layer refitted, the final model has ${percent(accuracy)} on the test images`];
}

/** An accuracy of 100% on one picture is reached by chance. */
function ofFew(few: RunResult['fewValidationExamples'] = []): string {
  if (few.length === 0) return '';
  const who = few.slice(0, 3).map(({ name, examples }) => `${name} on ${plural(examples, 'image')}`);
  const more =
    few.length > who.length
      ? ` and ${few.length - who.length} more on fewer than ${FEW_VALIDATION_EXAMPLES}`
      : '';
  return `, but these accuracies say little: ${few.length === 1 ? 'one participant validates' : `${few.length} participants validate`} on few images (${who.join(', ')}${more})`;
}

function stopReason({ stopped, settings, rounds, attackers, fewValidationExamples }: RunResult): string {
  const reference = referenceOf(settings);
  switch (stopped.reason) {
    case 'every-participant-passed':
      return `finished in round ${stopped.round}: the copied model reaches the reference ${percent(reference?.value ?? 0)} with every ${attackers === undefined ? '' : 'honest '}participant${ofFew(fewValidationExamples)}`;
    case 'max-rounds': {
      const done = `finished: ${plural(stopped.round, 'round')} done`;
      if (reference === undefined) return done;
      const short = (rounds.at(-1)?.copied ?? []).filter(
        ({ validationAccuracy }) => !reached({ accuracy: validationAccuracy }, reference),
      );
      const who = short
        .slice(0, 3)
        .map(({ name, validationAccuracy }) => `${name} (${percent(validationAccuracy)})`);
      const more = short.length > who.length ? ` and ${short.length - who.length} more` : '';
      return `${done}; the copied model stays below the reference ${percent(reference.value)} with ${who.join(', ')}${more}`;
    }
    case 'stopped':
      return `stopped by an operator in round ${stopped.round}`;
    case 'interrupted':
      return `interrupted in round ${stopped.round}`;
    case 'diverged':
      return `training diverged in round ${stopped.round}`;
  }
}
