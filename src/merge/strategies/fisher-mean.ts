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
          if (information < 0) throw negative(tensor, at + i, information);
          sum += information * ((columns[k] as ValueColumn)[i] as number);
          total += information;
        }
        out[i] = total > 0 ? sum / total : meanAt(columns, examples, i);
      }
    },
    summation: (examples) => ({
      sums: 3,
      add(sums, column, k, { tensor, at, auxiliaries }) {
        const [fisher] = auxiliaries.fisher ?? [];
        const [sum, total, plain] = sums as readonly [Float64Array, Float64Array, Float64Array];
        if (k === 0) for (const one of [sum, plain]) one.fill(-0);
        for (let i = 0; i < column.length; i++) {
          const [value, information] = [column[i] as number, (fisher as ValueColumn)[i] as number];
          if (information < 0) throw negative(tensor, at + i, information);
          sum[i] = (sum[i] as number) + information * value;
          total[i] = (total[i] as number) + information;
          plain[i] = (plain[i] as number) + (examples[k] as number) * value;
        }
      },
      finish(out, [sum, total, plain]) {
        const count = examples.reduce((a, b) => a + b, 0);
        for (let i = 0; i < out.length; i++) {
          const information = total?.[i] as number;
          out[i] = information > 0 ? (sum?.[i] as number) / information : (plain?.[i] as number) / count;
        }
      },
    }),
  };
}

const negative = (tensor: string, index: number, information: number) =>
  new MergeError(
    `merge: a Fisher value of "${tensor}" is ${information} at index ${index}, expected none below 0`,
    { hint: 'a Fisher value is a mean of squared gradients' },
  );

function meanAt(columns: readonly ValueColumn[], examples: readonly number[], place: number): number {
  let sum = -0;
  let total = 0;
  for (let k = 0; k < columns.length; k++) {
    sum += (examples[k] as number) * ((columns[k] as ValueColumn)[place] as number);
    total += examples[k] as number;
  }
  return sum / total;
}
