/**
 * Shows all metrics of the newest evaluated round, and the curves of predicted probabilities, where
 * the run has chosen metrics beside the main one.
 */
import { useMemo } from 'preact/hooks';
import type { Overview, RoundView } from '../../protocol/view.js';
import { Figure } from './figures/figure.js';
import { allFigures, scoreFigures } from './figures/score-figures.js';

export interface ScoresProps {
  readonly overview: Overview;
  readonly rounds: readonly RoundView[];
}

export function ScoresPanel({ overview, rounds }: ScoresProps) {
  const figures = useMemo(
    () => [...allFigures(overview, rounds), ...scoreFigures(overview, rounds)],
    [overview, rounds],
  );
  if (figures.length === 0) return null;
  return (
    <section class="broad" aria-labelledby="scores">
      <h2 id="scores">All figures</h2>
      <div class="charts">
        {figures.map((figure) => (
          <Figure key={figure.title} figure={figure} />
        ))}
      </div>
    </section>
  );
}
