/**
 * Compares the coordinator's test examples before and after a merge: which of them the
 * participants' own models predict correctly, which the merged model does, and some examples for
 * which the merge made the difference.
 */
import type { Answers } from './metrics.js';

/** One test example. Classes are numbers. */
export interface Decided {
  readonly index: number;
  readonly label: number;
  /** [participants]: the category that each own model predicts. */
  readonly own: number[];
  readonly merged: number;
}

export interface BeforeAndAfter {
  /**
   * [participants + 1]: how many examples that k own models predict correctly the merged model
   * does, too.
   */
  readonly kept: number[];
  /**
   * [participants + 1]: how many examples that k own models predict correctly the merged model does
   * not.
   */
  readonly missed: number[];
  /**
   * Examples that the merged model predicts correctly and at least half of the own models do not.
   */
  readonly gained: Decided[];
  /** The reverse. */
  readonly lost: Decided[];
}

/** The number of examples of each kind. */
const SHOWN = 12;

/**
 * Chooses the examples on which most own models differ from the merged model, from as many
 * categories as possible, in the order of the test set. The same answers give the same examples.
 */
export function beforeAndAfter(own: readonly Answers[], merged: Answers): BeforeAndAfter {
  const kept = new Array<number>(own.length + 1).fill(0);
  const missed = new Array<number>(own.length + 1).fill(0);
  const gained: (Decided & { others: number })[] = [];
  const lost: typeof gained = [];
  merged.labels.forEach((label, index) => {
    const answers = own.map(({ predictions }) => predictions[index] as number);
    const knowing = answers.filter((answer) => answer === label).length;
    const answer = merged.predictions[index] as number;
    const knows = answer === label;
    const counts = knows ? kept : missed;
    counts[knowing] = (counts[knowing] as number) + 1;
    const others = knows ? own.length - knowing : knowing;
    if (others > 0 && others >= own.length / 2) {
      (knows ? gained : lost).push({ index, label, own: answers, merged: answer, others });
    }
  });
  return { kept, missed, gained: chosen(gained), lost: chosen(lost) };
}

function chosen(candidates: readonly (Decided & { others: number })[]): Decided[] {
  const seen = new Map<string, number>();
  const ranked = candidates.map((candidate) => {
    const key = `${candidate.others} ${candidate.label}`;
    const turn = seen.get(key) ?? 0;
    seen.set(key, turn + 1);
    return { ...candidate, turn };
  });
  return ranked
    .sort((a, b) => b.others - a.others || a.turn - b.turn || a.index - b.index)
    .slice(0, SHOWN)
    .map(({ index, label, own, merged }) => ({ index, label, own, merged }));
}
