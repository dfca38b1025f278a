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
  const gained = candidates();
  const lost = candidates();
  merged.labels.forEach((label, index) => {
    const answers = own.map(({ predictions }) => predictions[index] as number);
    const knowing = answers.filter((answer) => answer === label).length;
    const answer = merged.predictions[index] as number;
    const knows = answer === label;
    const counts = knows ? kept : missed;
    counts[knowing] = (counts[knowing] as number) + 1;
    const others = knows ? own.length - knowing : knowing;
    if (others > 0 && others >= own.length / 2) {
      (knows ? gained : lost).add({ index, label, own: answers, merged: answer }, others);
    }
  });
  return { kept, missed, gained: gained.chosen(), lost: lost.chosen() };
}

/** Examples of one kind, of which there may be millions. */
function candidates() {
  const kept: { readonly example: Decided; readonly others: number; readonly turn: number }[] = [];
  const seen = new Map<string, number>();
  return {
    add(example: Decided, others: number) {
      const key = `${others} ${example.label}`;
      const turn = seen.get(key) ?? 0;
      seen.set(key, turn + 1);
      // Later ones of the same category come after so many of them.
      if (turn < SHOWN) kept.push({ example, others, turn });
    },
    chosen: (): Decided[] =>
      kept
        .sort((a, b) => b.others - a.others || a.turn - b.turn || a.example.index - b.example.index)
        .slice(0, SHOWN)
        .map(({ example }) => example),
  };
}
