/**
 * Warns an operator, in words, of an update that lies far from the others' and of a participant
 * that has nearly all the weight. Neither is refused, since both may be honest. A warning is a
 * function of the facts alone.
 *
 * An update is far if its weights moved more than `FAR` times as far as the median of the others in
 * the round. A median below `LEAST` (relative to the weights) counts as `LEAST`. Honest runs stayed
 * below 6, however different the data were (docs/security.md has the figures).
 */
import { membersHere } from './membership.js';
import type { RoundRecord, RunState } from './round.js';

export const FAR = 30;
/** Keeps small updates from being called far when all updates are tiny. */
export const LEAST = 0.01;
/** The share of all examples. */
const NEARLY_ALL = 0.9;

/** The warnings, in the order in which an operator should look at them. */
export function warningsOf(state: RunState): string[] {
  return [...farUpdates(state), ...oneForAll(state)];
}

/** Looks at the last round that was closed. */
function farUpdates({ rounds, dropped }: RunState): string[] {
  const last = rounds.findLast(({ closed }) => closed.train !== undefined);
  if (last === undefined) return [];
  const moved = movedIn(last);
  return [...moved].flatMap(([name, own]) => {
    const others = [...moved].filter(([other]) => other !== name).map(([, one]) => one);
    if (others.length === 0 || dropped.has(name)) return [];
    const times = own / Math.max(median(others), LEAST);
    if (times <= FAR) return [];
    return [
      `round ${last.round}: the update of ${name} lies ${Math.round(times)} times as far from the model that the round began with as the others' (median): look at that site; \`commonweight drop\` goes on without it, \`commonweight rollback\` goes back to a round before it`,
    ];
  });
}

function movedIn({ closed: { train }, updates }: RoundRecord): ReadonlyMap<string, number> {
  return new Map(
    (train?.counted ?? []).flatMap((name): [string, number][] => {
      const moved = updates.get(name)?.moved;
      return moved === undefined ? [] : [[name, moved]];
    }),
  );
}

function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  const [low, high] = [sorted[(sorted.length - 1) >> 1] ?? 0, sorted[sorted.length >> 1] ?? 0];
  return (low + high) / 2;
}

/**
 * Looks at the participants that are there. With two of them, one has most of the weight anyhow.
 */
function oneForAll({ members }: RunState): string[] {
  const here = membersHere(members).map((name) => ({ name, examples: members.get(name)?.examples ?? 0 }));
  if (here.length < 3) return [];
  const all = here.reduce((sum, { examples }) => sum + examples, 0);
  return here.flatMap(({ name, examples }) =>
    examples <= NEARLY_ALL * all
      ? []
      : [
          `${name} says that it has ${((100 * examples) / all).toFixed(1)}% of all examples, and so has nearly all the weight in the mean: nobody can check the number; the strategies \`mean-equal\` and \`median\` do not use it`,
        ],
  );
}
