/**
 * The section of drift: how far the participants moved apart in a round, as norms of their updates
 * and the cosine of every pair.
 */
import type { RecordedRun } from '../../federation/record/read-run.js';
import type { RoundDetails } from '../../protocol/round-details.js';
import { heatMap } from '../charts/heat-map.js';
import { lineChart } from '../charts/line-chart.js';
import { participantLines } from '../charts/metric-charts.js';
import { type Html, html } from '../html.js';
import { firstAndLast, meanOf } from '../run-figures.js';
import { metricByRound } from './metric-section.js';

export function driftSection(run: RecordedRun): Html {
  const { rounds } = run.result;
  if (run.details.size === 0) {
    return html`<section>
<h2>Drift of the updates</h2>
<p class="note">Not recorded: the run was made by an earlier version, or nothing is merged yet. The updates themselves do not stay.</p>
</section>`;
  }
  const x = { name: 'round', values: rounds.map(({ round }) => round), whole: true };
  const several = run.result.participants.length > 1;
  return html`<section>
<h2>Drift of the updates</h2>
<p>Δ is what local training changed in a round: the participant’s weights minus those it began with. Where the cosine of two updates is near 1, they agree, and their mean keeps what they learned; near 0 or below, they cancel each other.</p>
<div class="charts">
${lineChart({
  title: 'Norm ‖Δ‖ of the updates',
  x,
  format: (value) => String(Number(value.toPrecision(3))),
  lines: participantLines(
    metricByRound(run),
    '‖Δ‖',
    ({ round }, name) => normOf(run.details.get(round), name),
    'solid',
  ),
})}
${
  several
    ? lineChart({
        title: 'Cosine of the updates',
        caption: 'mean over all pairs',
        x,
        format: (value) => String(Number(value.toFixed(4))),
        lines: [
          {
            name: 'mean cosine',
            values: rounds.map(({ round }) => meanOf(pairsOf(run.details.get(round)))),
            band: rounds.map(({ round }) => rangeOf(pairsOf(run.details.get(round)))),
          },
        ],
      })
    : undefined
}
${several ? firstAndLast(run).map(cosineMap) : undefined}
</div>
</section>`;
}

function normOf(details: RoundDetails | undefined, name: string): number | undefined {
  return details?.drift?.norms[details.participants.indexOf(name)];
}

const pairsOf = (details: RoundDetails | undefined): number[] =>
  details?.drift?.cosines?.flatMap((row, i) => row.slice(0, i)) ?? [];

const rangeOf = (values: readonly number[]) =>
  values.length < 2 ? undefined : ([Math.min(...values), Math.max(...values)] as const);

const cosineMap = ({ round, participants, drift }: RoundDetails): Html | undefined =>
  drift?.cosines &&
  heatMap({
    title: `Cosine of every pair, round ${round}`,
    rows: participants,
    columns: participants,
    values: drift.cosines,
    // Short, for narrow cells: −.43
    format: (value) => value.toFixed(2).replace('-0.00', '0.00').replace('-', '−').replace('0.', '.'),
    shade: (value) => value,
  });
