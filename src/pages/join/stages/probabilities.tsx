/** The probability of each class, or of each label. */
import { percent } from '../../../report/numbers.js';
import { Bar } from './bar.js';

export interface ProbabilitiesProps {
  readonly of: 'class' | 'label';
  readonly names: readonly string[];
  readonly probabilities: readonly number[];
  /** The class that is predicted. */
  readonly best?: number;
}

export function Probabilities({ of, names, probabilities, best }: ProbabilitiesProps) {
  return (
    <table class="bars">
      <caption class="unseen">Probability of each {of}</caption>
      <thead class="unseen">
        <tr>
          <th scope="col">{of}</th>
          <th scope="col">probability</th>
        </tr>
      </thead>
      <tbody>
        {names.map((name, at) => (
          <tr key={name} class={at === best ? 'best' : undefined}>
            <th scope="row">{name}</th>
            <td>
              <Bar part={probabilities[at] ?? 0}>
                <data value={probabilities[at]}>{percent(probabilities[at] ?? 0)}</data>
              </Bar>
            </td>
          </tr>
        ))}
      </tbody>
    </table>
  );
}
