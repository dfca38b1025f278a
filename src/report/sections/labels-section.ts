/**
 * The section that shows how many examples of each class every participant holds, if the run shares
 * that.
 */
import type { RecordedRun } from '../../federation/record/read-run.js';
import { heatMap } from '../charts/heat-map.js';
import { type Html, html } from '../html.js';
import { count, percent } from '../numbers.js';
import { table } from '../page.js';
import { wordsOfRun } from '../run-figures.js';

/** More classes than these make no readable table. */
const MOST_COLUMNS = 30;

export function labelsSection(run: RecordedRun): Html {
  const { labelCounts, configuration } = run;
  const { name, participants, validation } = configuration.partition;
  const intro = html`<p>The partition ${name} dealt the data out among ${participants} participants; each validates on ${percent(validation).replace('.00', '')} of its own ${wordsOfRun(run).examples}.</p>`;
  if (labelCounts === undefined) {
    return html`<section>
<h2>Who holds what</h2>
${intro}
<p class="note">Label counts are not shown: they tell about the participants’ data, and this run did not record them. In a simulation, <code>shareLabelCounts: true</code> in federation.yaml records them.</p>
</section>`;
  }
  const { categories, participants: holders } = labelCounts;
  const largest = Math.max(1, ...holders.flatMap(({ counts }) => counts));
  const figures = table({
    caption: 'Examples of each class, training and validation together',
    head: ['participant', ...categories, 'training', 'validation'],
    rows: holders.map(({ name, counts, train, validation }) => [
      name,
      ...counts.map(count),
      count(train),
      count(validation),
    ]),
  });
  return html`<section>
<h2>Who holds what</h2>
${intro}
${heatMap({
  title: 'Examples by class',
  caption: 'training and validation together; an empty cell is a class that the participant never sees',
  rows: holders.map(({ name }) => name),
  columns: categories,
  values: holders.map(({ counts }) => counts.map((examples) => (examples === 0 ? undefined : examples))),
  format: count,
  shade: (examples) => examples / largest,
})}
${categories.length > MOST_COLUMNS ? undefined : html`<details><summary>The figures</summary>${figures}</details>`}
</section>`;
}
