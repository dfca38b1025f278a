/** How a run ended, in words. */
import type { RunResult } from '../federation/run-result.js';
import { percent, plural } from './numbers.js';

/** Why it stopped, and what came of it. */
export function outcome(result: RunResult): string[] {
  const { strategy, rounds, pooled, settings } = result;
  const last = rounds.findLast((round) => Object.keys(round.merged).length > 0);
  const accuracy = last?.merged[strategy]?.testAccuracy;
  return [
    stopReason(result),
    ...(accuracy === undefined || last === undefined
      ? []
      : [`the merged model (${strategy}, round ${last.round}) has ${percent(accuracy)} on the test images`]),
    ...(pooled === undefined
      ? []
      : [
          `pooled: the same ${settings.model.name}, trained on all the data together, has ${percent(pooled.testAccuracy)}`,
        ]),
  ];
}

function stopReason({ stopped, settings, rounds }: RunResult): string {
  const { reference } = settings;
  switch (stopped.reason) {
    case 'every-participant-passed':
      return `finished in round ${stopped.round}: the copied model reaches the reference ${percent(reference ?? 0)} with every participant`;
    case 'max-rounds': {
      const done = `finished: ${plural(stopped.round, 'round')} done`;
      if (reference === undefined) return done;
      const short = (rounds.at(-1)?.copied ?? []).filter(
        ({ validationAccuracy }) => validationAccuracy < reference,
      );
      const who = short
        .slice(0, 3)
        .map(({ name, validationAccuracy }) => `${name} (${percent(validationAccuracy)})`);
      const more = short.length > who.length ? ` and ${short.length - who.length} more` : '';
      return `${done}; the copied model stays below the reference ${percent(reference)} with ${who.join(', ')}${more}`;
    }
    case 'interrupted':
      return `interrupted in round ${stopped.round}`;
    case 'diverged':
      return `training diverged in round ${stopped.round}`;
  }
}
