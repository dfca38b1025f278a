/**
 * The picture on top of README.md: accuracy by round of a recorded run, by the report's own chart.
 * commonweight run examples/disjoint-classes.yaml --out runs/disjoint-classes commonweight run
 * examples/disjoint-classes.yaml --rounds 1 --steps N --out runs/alone npx tsx
 * scripts/federation-figure.ts runs/disjoint-classes runs/alone > docs/images/federation.svg N is
 * as many steps as a site takes in all rounds of the first run: what it reaches without merging.
 */
import { readRun } from '../src/federation/record/read-run.js';
import { drawChart } from '../src/pages/watch/figures/charts.js';
import { standaloneSvg } from '../src/pages/watch/figures/standalone-svg.js';
import { testChart } from '../src/report/charts/metric-charts.js';
import { pageStyle } from '../src/report/page-style.js';
import { figuresBy } from '../src/report/run-figures.js';
import { metricByRound } from '../src/report/sections/metric-section.js';

/** Pixels. */
const WIDTH = 720;

const [run, alone] = process.argv.slice(2);
if (run === undefined || alone === undefined) throw new Error('expected two run folders');
const all = metricByRound(await readRun(run));
const apart = metricByRound(await readRun(alone));
const best = Math.max(
  ...apart.rounds.flatMap((round) =>
    apart.participants.map((name) => figuresBy(apart.metric).ownTest(round, name) ?? 0),
  ),
);
const options = testChart({
  ...all,
  rounds: all.rounds.filter(({ merged }) => Object.keys(merged).length > 0),
});
const svg = standaloneSvg({
  title: 'Accuracy on test images of all ten classes',
  caption: 'Each site holds five classes that the other never sees. Own models: before each merge.',
  chart: drawChart(
    {
      kind: 'line',
      options: {
        ...options,
        levels: [{ name: 'the better site alone, with as many steps', value: best }],
        lines: options.lines.map((line) => ({
          ...line,
          name: line.name === 'mean' ? 'merged model' : line.name,
        })),
      },
    },
    WIDTH,
  ),
  colourOf: (variable) => `var(${variable})`,
});
/** The colours of the report, light and dark: the rules before those of its body. */
const colours = pageStyle.slice(0, pageStyle.indexOf('* {'));
process.stdout.write(svg.replace('</title>', `</title>\n<style>${colours}</style>`));
