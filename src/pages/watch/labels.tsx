/** Shows how many examples of each class participants hold, for those that share it. */
import { useMemo } from 'preact/hooks';
import type { LabelCountsView, Overview } from '../../protocol/view.js';
import { Figure } from './figures/figure.js';
import { labelsFigure } from './figures/labels-figure.js';

export interface LabelsProps {
  readonly overview: Overview;
  readonly counts: LabelCountsView;
  /** Whether another panel shows the parts of each class, by a survey. */
  readonly surveyed: boolean;
}

export function Labels({ overview, counts, surveyed }: LabelsProps) {
  const figure = useMemo(() => labelsFigure(overview, counts), [overview, counts]);
  return (
    <section aria-labelledby="labels">
      <h2 id="labels">Who holds what</h2>
      {Object.keys(counts).length === 0 ? (
        <p class="quiet">
          No participant shares how many examples of each class it has
          {surveyed
            ? '. What its survey says of the classes is in “Where the sites differ”.'
            : ': that would tell about its data.'}
        </p>
      ) : (
        <Figure figure={figure} />
      )}
    </section>
  );
}
