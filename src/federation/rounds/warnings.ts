/**
 * Warns an operator, in words, of an update that lies far from the others' and of a participant
 * that has nearly all the weight. Neither is refused, since both may be honest. A warning is a
 * function of the facts alone.
 *
 * An update is far if its weights moved more than `FAR` times as far as the median of the others
 * in the round. A median below `LEAST` (relative to the weights) counts as `LEAST`. Among three or
 * more participants, one whose updates are a third as far in several rounds running drifts. Honest
 * runs stayed below 6, however different the data were (docs/security.md has the figures).
 */
import { membersHere } from './membership.js';
import type { RoundRecord, RunState } from './round.js';

export const FAR = 30;
/** As many times, in so many rounds running, is a drift; two participants alone may come to 20. */
export const DRIFTS = 10;
const DRIFTING_ROUNDS = 3;
/** Keeps small updates from being called far when all updates are tiny. */
export const LEAST = 0.01;
/** The share of all examples. */
const NEARLY_ALL = 0.9;

/** The warnings, in the order in which an operator should look at them. */
export function warningsOf(state: RunState): string[] {
  return [...farUpdates(state), ...oneForAll(state)];
}

/** Looks at the last rounds that were closed. */
function farUpdates({ rounds, dropped }: RunState): string[] {
  const closed = rounds.filter((record) => record.closed.train !== undefined);
  const last = closed.at(-1);
  if (last === undefined) return [];
  const running = closed.slice(-DRIFTING_ROUNDS).map((record) => movedIn(record));
  const moved = running.at(-1) ?? new Map<string, number>();
  return [...moved.keys()].flatMap((name) => {
    if (dropped.has(name)) return [];
    const times = running.map((one) => timesAsFar(name, one));
    const now = times.at(-1) ?? 0;
    const drifts = moved.size > 2 && times.length === DRIFTING_ROUNDS && times.every((one) => one > DRIFTS);
    if (now <= FAR && !drifts) return [];
    const since = now > FAR ? '' : `, and more than ${DRIFTS} times in each of ${DRIFTING_ROUNDS} rounds`;
    return [
      `round ${last.round}: the update of ${name} lies ${Math.round(now)} times as far from the model that the round began with as the others' (median)${since}: look at that site; \`commonweight drop\` goes on without it, \`commonweight rollback\` goes back to a round before it`,
    ];
  });
}

/** How many times as far a participant's update moved as the median of the others; 0 if unknown. */
function timesAsFar(name: string, moved: ReadonlyMap<string, number>): number {
  const own = moved.get(name);
  const others = [...moved].filter(([other]) => other !== name).map(([, one]) => one);
  return own === undefined || others.length === 0 ? 0 : own / Math.max(median(others), LEAST);
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
