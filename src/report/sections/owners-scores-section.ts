/**
 * The section of each participant's curves: how the copied model does on the validation examples of
 * the participants that share the sums behind their figures. Of more than two classes, each has its
 * charts: the class against the rest.
 */
import type { RecordedRun } from '../../federation/record/read-run.js';
import { type ScoreDetails, scoreDetailsOf } from '../../metrics/score-details.js';
import { sumsOfShared } from '../../metrics/shared/shared-sums.js';
import { type LineChartOptions, lineChart } from '../charts/line-chart.js';
import { type ScoredModel, scoreCharts } from '../charts/score-charts.js';
import { type Html, html } from '../html.js';
import { plural } from '../numbers.js';
import { classNamesOf, wordsOfRun } from '../run-figures.js';

/** Of more participants, the lowest, the middle and the highest area are drawn. */
const MOST_CURVES = 7;

interface Owner {
  readonly name: string;
  readonly scores: ScoreDetails;
  /** The mean over the classes that have one. */
  readonly auroc: number;
}

/** Undefined where nobody shares scores, or there are more classes than curves are kept of. */
export function ownersScoresSection(run: RecordedRun): Html | undefined {
  const record = run.rounds.findLast(({ shared }) => shared.size > 0);
  if (record === undefined) return undefined;
  const { participants } = run.result;
  const owners = participants.flatMap((name): Owner[] => {
    const shared = record.shared.get(name);
    const scores = shared && scoreDetailsOf({ sums: sumsOfShared(shared) });
    const drawn = (scores?.scored ?? []).filter(({ roc }) => roc !== undefined);
    const areas = drawn.flatMap(({ auroc }) => (auroc ? [auroc[0]] : []));
    if (scores === undefined || areas.length === 0) return [];
    const auroc = areas.reduce((sum, area) => sum + area, 0) / areas.length;
    return [{ name, scores: { ...scores, scored: drawn }, auroc }];
  });
  if (owners.length === 0) return undefined;
  const { examples } = wordsOfRun(run);
  const names = classNamesOf(run);
  const categories = new Set(owners.flatMap(({ scores }) => categoriesOf(scores)));
  const charts = [...categories]
    .sort((a, b) => a - b)
    .flatMap((category, place) =>
      scoreCharts(modelsFor(category, drawnOf(owners), place === 0), (of) => names[of] ?? String(of)),
    );
  return html`<section>
<h2>Curves of each participant</h2>
<p>The merged model of round ${record.round}, on each participant’s own validation ${examples}.${whoIsThere(owners, participants)}</p>
<div class="charts">
${charts.map(alike).map(lineChart)}
</div>
</section>`;
}

const categoriesOf = ({ scored = [] }: ScoreDetails) => scored.map(({ category }) => category);

/** Of one class. The calibration is of all classes, and drawn once. */
const modelsFor = (wanted: number, owners: readonly Owner[], isFirst: boolean): ScoredModel[] =>
  owners.flatMap(({ name, scores: { scored = [], calibration } }) => {
    const one = scored.find(({ category }) => category === wanted);
    if (one === undefined) return [];
    const area = one.auroc === undefined ? '' : `, area ${one.auroc[0].toFixed(3)}`;
    return [
      { name: `${name}${area}`, scores: { scored: [one], ...(isFirst && calibration && { calibration }) } },
    ];
  });

/** One model everywhere: no line stands out. */
const alike = ({ lines, ...options }: LineChartOptions): LineChartOptions => ({
  ...options,
  lines: lines.map((line) => (line.stroke === 'dashed' ? { ...line, stroke: 'solid' } : line)),
});

function drawnOf(owners: readonly Owner[]): readonly Owner[] {
  if (owners.length <= MOST_CURVES) return owners;
  const sorted = owners.toSorted((a, b) => a.auroc - b.auroc);
  const chosen = new Set([sorted[0], sorted[Math.floor(sorted.length / 2)], sorted.at(-1)]);
  return sorted.filter((owner) => chosen.has(owner));
}

function whoIsThere(owners: readonly Owner[], participants: readonly string[]): string {
  const drawn =
    owners.length > MOST_CURVES
      ? ` Of ${plural(owners.length, 'participant')}, those with the lowest, the middle and the highest area under the ROC curve are drawn.`
      : '';
  const there = new Set(owners.map(({ name }) => name));
  const without = participants.filter((name) => !there.has(name));
  if (without.length === 0) return drawn;
  const who = without.length > 5 ? plural(without.length, 'participant') : without.join(', ');
  return `${drawn} No curve of ${who}: no scores are shared, or the examples are of one class.`;
}
