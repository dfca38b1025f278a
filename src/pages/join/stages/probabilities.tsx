/** The probability of each class or label, or the part of the pixels that a class has. */
import { percent } from '../../../report/numbers.js';
import { Bar } from './bar.js';

export interface ProbabilitiesProps {
  readonly of: 'class' | 'label' | 'class of pixels';
  readonly names: readonly string[];
  readonly probabilities: readonly number[];
  /** The class that is predicted. */
  readonly best?: number | undefined;
}

export function Probabilities({ of, names, probabilities, best }: ProbabilitiesProps) {
  return (
    <table class="bars">
      <caption class="unseen">
        {of === 'class of pixels' ? 'Part of the pixels' : 'Probability'} of each {of}
      </caption>
      <thead class="unseen">
        <tr>
          <th scope="col">{of}</th>
          <th scope="col">{of === 'class of pixels' ? 'part' : 'probability'}</th>
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

/** The labels that are predicted. */
export const namesOfLabels = (names: readonly string[], probabilities: readonly number[]): string =>
  names.filter((_, at) => (probabilities[at] ?? 0) >= 0.5).join(', ') || 'none of them';
