import { MergeError } from '../error.js';
import type { PlacewiseStrategy, ValueColumn } from '../strategy.js';

/**
 * Fisher-weighted averaging: in each place, an update counts in proportion to how much its loss
 * depends on the value,
 *     Σ Fₖ wₖ / Σ Fₖ,   or the mean by numbers of examples where Σ Fₖ = 0.
 * Fₖ is the diagonal of participant k's Fisher information at its trained weights: the mean, over
 * its examples and over labels drawn from its own predictions, of the squared gradients of their
 * log-probability (`engine/nn/fisher-plan.ts`). It travels with the update as the auxiliary
 * "fisher", with the names and shapes of the state.
 * @see Matena and Raffel 2021, https://arxiv.org/abs/2111.09832, equation 6
 */
export function fisherMean(): PlacewiseStrategy {
  return {
    name: 'fisher-mean',
    needs: 'sum',
    auxiliaries: ['fisher'],
    combine(out, columns, examples, { tensor, at, auxiliaries: { fisher = [] } }) {
      for (let i = 0; i < out.length; i++) {
        // Adding to −0 changes nothing: the mean of −0 and −0 is −0.
        let sum = -0;
        let total = 0;
        for (let k = 0; k < columns.length; k++) {
          const information = (fisher[k] as ValueColumn)[i] as number;
          if (information < 0) {
            throw new MergeError(
              `merge: a Fisher value of "${tensor}" is ${information} at index ${at + i}, expected none below 0`,
              { hint: 'a Fisher value is a mean of squared gradients' },
            );
          }
          sum += information * ((columns[k] as ValueColumn)[i] as number);
          total += information;
        }
        out[i] = total > 0 ? sum / total : meanAt(columns, examples, i);
      }
    },
  };
}

function meanAt(columns: readonly ValueColumn[], examples: readonly number[], place: number): number {
  let sum = -0;
  let total = 0;
  for (let k = 0; k < columns.length; k++) {
    sum += (examples[k] as number) * ((columns[k] as ValueColumn)[place] as number);
    total += examples[k] as number;
  }
  return sum / total;
}
