/**
 * Shows the main metric by round, of the participant's own model and of the merged one, on its own
 * validation data.
 */
import { type MetricFacts, titleOf, written, writtenOf } from '../../../metrics/metric.js';
import { count } from '../../../report/numbers.js';
import { Scroll } from '../../common/scroll.js';
import type { RoundFacts } from '../state/messages.js';

export interface RoundsProps {
  readonly rounds: readonly RoundFacts[];
  /** Known before the first round. */
  readonly metric: MetricFacts | undefined;
}

/** A longer table is folded, so that what follows it is found. */
const FEW_ROUNDS = 10;

export function Rounds({ rounds, metric }: RoundsProps) {
  if (rounds.length === 0 || metric === undefined) return null;
  return (
    <section aria-labelledby="rounds">
      <h3 id="rounds">{titleOf(metric)} on your validation data</h3>
      <RoundsLine rounds={rounds} metric={metric} />
      {rounds.length > FEW_ROUNDS ? (
        <details>
          <summary>All {count(rounds.length)} rounds</summary>
          <RoundsTable rounds={rounds} metric={metric} />
        </details>
      ) : (
        <RoundsTable rounds={rounds} metric={metric} />
      )}
    </section>
  );
}

interface KnownRounds {
  readonly rounds: readonly RoundFacts[];
  readonly metric: MetricFacts;
}

function RoundsTable({ rounds, metric }: KnownRounds) {
  return (
    <Scroll label="Rounds">
      <table>
        <thead>
          <tr>
            <th scope="col">Round</th>
            <th scope="col">Your own model</th>
            <th scope="col">The merged model</th>
            <th scope="col">Loss</th>
            <th scope="col">Time</th>
          </tr>
        </thead>
        <tbody>
          {rounds.map(({ round, own, merged, loss, seconds }) => (
            <tr key={round}>
              <th scope="row">{count(round)}</th>
              <td>{writtenOf(metric, own)}</td>
              <td>{writtenOf(metric, merged)}</td>
              <td>{loss === undefined ? '–' : loss.toFixed(3)}</td>
              <td>{seconds === undefined ? '–' : `${seconds.toFixed(1)} s`}</td>
            </tr>
          ))}
        </tbody>
      </table>
    </Scroll>
  );
}

const [WIDTH, HEIGHT, EDGE] = [320, 120, 6];
const lines = [
  { name: 'your own model', of: 'own' },
  { name: 'the merged model', of: 'merged' },
] as const;

/** The table has the same numbers. */
function RoundsLine({ rounds, metric }: KnownRounds) {
  const values = rounds.flatMap((facts) => lines.flatMap(({ of }) => facts[of]?.[metric.name] ?? []));
  if (rounds.length < 2 || values.length < 2) return null;
  const [low, high] = [Math.min(...values), Math.max(...values)];
  const [first, last] = [rounds[0]?.round ?? 1, rounds.at(-1)?.round ?? 1];
  const x = (round: number) => EDGE + ((WIDTH - 2 * EDGE) * (round - first)) / (last - first);
  const y = (value: number) => EDGE + ((HEIGHT - 2 * EDGE) * (high - value)) / Math.max(high - low, 1e-3);
  return (
    <figure class="line">
      <svg viewBox={`0 0 ${WIDTH} ${HEIGHT}`} aria-hidden="true">
        {lines.map(({ of }, series) => {
          const points = rounds.flatMap((facts) => {
            const value = facts[of]?.[metric.name];
            return value === undefined ? [] : [{ x: x(facts.round), y: y(value) }];
          });
          return (
            <g key={of} class={`series-${series + 1}`}>
              <polyline points={points.map((point) => `${point.x},${point.y}`).join(' ')} />
              {points.map((point) => (
                <circle key={point.x} cx={point.x} cy={point.y} r="3" />
              ))}
            </g>
          );
        })}
      </svg>
      <figcaption>
        {lines.map(({ name, of }, series) => (
          <span key={of} class={`series-${series + 1}`}>
            {name}
          </span>
        ))}
        <span class="quiet">
          from {written(metric, low)} to {written(metric, high)}
        </span>
      </figcaption>
    </figure>
  );
}
