/**
 * Draws the main metric by round. With many participants, it draws the mean and the chosen ones.
 */
import { useMemo, useState } from 'preact/hooks';
import { titleOf } from '../../metrics/metric.js';
import type { Overview, RoundView } from '../../protocol/view.js';
import { Figure } from './figures/figure.js';
import { metricFigures } from './figures/metric-figures.js';

export interface MetricProps {
  readonly overview: Overview;
  readonly rounds: readonly RoundView[];
}

/** Fewer participants than these have their own lines. */
const FEW = 6;
/** More lines beside the mean cannot be told apart. */
const MOST_CHOSEN = 6;

const nothingTested = ({ result }: RoundView) => Object.keys(result.merged).length === 0;

export function MetricTile({ overview, rounds }: MetricProps) {
  const [chosen, setChosen] = useState<readonly string[]>([]);
  const { participants } = overview;
  const { test, validation } = useMemo(
    () => metricFigures(overview, rounds, chosen),
    [overview, rounds, chosen],
  );
  return (
    <section class="broad" aria-labelledby="metric">
      <h2 id="metric">{titleOf(overview.metrics[0])} by round</h2>
      {participants.length > FEW && (
        <div class="controls">
          <label>
            Beside the mean, show{' '}
            <select
              value=""
              disabled={chosen.length >= MOST_CHOSEN}
              onChange={({ currentTarget }) => setChosen([...chosen, currentTarget.value])}
            >
              <option value="">a participant …</option>
              {participants
                .filter((name) => !chosen.includes(name))
                .map((name) => (
                  <option key={name} value={name}>
                    {name}
                  </option>
                ))}
            </select>
          </label>
          {chosen.map((name) => (
            <button
              key={name}
              type="button"
              aria-label={`Do not show ${name}`}
              onClick={() => setChosen(chosen.filter((other) => other !== name))}
            >
              {name} ×
            </button>
          ))}
        </div>
      )}
      {rounds.length === 0 ? (
        <p class="quiet">No participant has trained yet.</p>
      ) : (
        <div class="charts">
          {overview.testExamples && rounds.every(nothingTested) ? (
            <figure>
              <figcaption>
                <h3>{test.title}</h3>
                <p class="quiet">Nothing is merged yet.</p>
              </figcaption>
            </figure>
          ) : (
            <Figure figure={test} />
          )}
          <Figure figure={validation} />
        </div>
      )}
    </section>
  );
}
