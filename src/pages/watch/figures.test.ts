import { beforeAll, describe, expect, it } from 'vitest';
import { classNames, type ScriptedRun, scriptedRun } from '../../../test/pages/scripted-run.js';
import { drawChart } from './figures/charts.js';
import { classesFigure, confusionFigure, modelsOf } from './figures/confusion-figures.js';
import { csv } from './figures/csv.js';
import { labelsFigure } from './figures/labels-figure.js';
import { metricFigures } from './figures/metric-figures.js';
import { standaloneSvg } from './figures/standalone-svg.js';

describe('a figure of the dashboard', () => {
  let few: ScriptedRun;
  let many: ScriptedRun;
  beforeAll(async () => {
    [few, many] = await Promise.all([scriptedRun(), scriptedRun({ participants: 200 })]);
    for (const run of [few, many]) for (let round = 1; round <= 3; round++) run.finishRound();
  });

  it('has the numbers of the rounds, a line for everybody', () => {
    const { test, validation } = metricFigures(few.view.overview, few.rounds(), []);
    const [, second] = few.rounds().map(({ result }) => result);
    expect(test.numbers.columns).toEqual([
      ...['mean', 'median', 'max'],
      ...few.participants.map((name) => `${name}, own model`),
    ]);
    expect(test.numbers.rows[1]).toEqual({
      name: '2',
      values: [
        ...['mean', 'median', 'max'].map((name) => second!.merged[name]!.test.accuracy),
        ...second!.participants.map(({ test }) => test?.accuracy),
      ],
    });
    expect(validation.numbers.rows[1]?.values).toEqual([
      ...second!.copied.map(({ validation }) => validation.accuracy),
      ...second!.participants.map(({ validation }) => validation?.accuracy),
      0.85,
    ]);
  });

  it('has one line for many, beside those that are chosen; and saves everybody’s', () => {
    const { test } = metricFigures(many.view.overview, many.rounds(), ['site-007']);
    expect(test.numbers.columns.slice(3)).toEqual([
      'own model: mean of 200, least to largest',
      'site-007, own model',
    ]);
    expect(test.all?.columns).toHaveLength(203);
    const last = many.rounds().at(-1)!.result;
    expect(test.all?.rows.at(-1)?.values.at(-1)).toBe(last.participants.at(-1)?.test?.accuracy);
  });

  it('shows the models before and after the merge, and adds up those that are many', () => {
    const details = many.rounds().at(-1)!.details!;
    const models = modelsOf(details);
    expect(models.slice(0, 4).map(({ name }) => name)).toEqual([
      ...['merged (mean)', 'merged (median)', 'merged (max)'],
      'all 200 own models together',
    ]);
    const sum = details.participants.reduce(
      (total, name) => total + details.test!.confusion.own[name]![1]![1]!,
      0,
    );
    expect(confusionFigure(many.view.overview, models[3]!, 3).numbers.rows[1]?.values[1]).toBe(sum);
    expect(classesFigure(many.view.overview, details).numbers.columns).toEqual([
      'all 200 own models together',
      'merged (mean)',
    ]);
    const own = classesFigure(few.view.overview, few.rounds().at(-1)!.details!).numbers.columns;
    expect(own).toEqual([...few.participants.map((name) => `${name}, own model`), 'merged (mean)']);
  });

  it('lists the commonest mistakes where a matrix of all classes could not be read', () => {
    const names = Array.from({ length: 40 }, (_, label) => `class ${label}`);
    const confusion = names.map((_, label) => names.map((_, taken): number => (taken === label ? 5 : 0)));
    confusion[3]![7] = 9;
    const overview = { ...few.view.overview, categories: names };
    const figure = confusionFigure(overview, { name: 'merged (mean)', confusion }, 1);
    expect(figure.chart).toBeUndefined();
    expect(figure.numbers.rows).toEqual([{ name: 'class 3 → class 7', values: [9] }]);
    expect(figure.all?.rows).toHaveLength(40);
  });

  it('says of how many participants it knows who holds what', () => {
    const counts = { 'site-b': classNames.map((_, label) => label) };
    const figure = labelsFigure(few.view.overview, counts);
    expect(figure.caption).toMatch(/^of 1 of 3 participants/);
    expect(figure.numbers.rows).toEqual([{ name: 'site-b', values: counts['site-b'] }]);
  });

  it('is saved with all digits, and with names as they are', () => {
    const numbers = {
      ...{ corner: 'round', columns: ['trimmed-mean(trim=0.2, on=updates)', 'a "b"'] },
      rows: [{ name: '1', values: [0.1 + 0.2, undefined] }],
    };
    expect(csv(numbers)).toBe(
      'round,"trimmed-mean(trim=0.2, on=updates)","a ""b"""\r\n1,0.30000000000000004,\r\n',
    );
  });

  it('stands alone as a file, with its title, its legend and the colours of the page', () => {
    const { test } = metricFigures(few.view.overview, few.rounds(), []);
    const svg = standaloneSvg({
      ...{ title: 'a <b> & c', caption: test.caption },
      chart: drawChart(test.chart!, 600),
      colourOf: (variable) => (variable === '--ground' ? '#0f1318' : '#abcdef'),
    });
    expect(svg).not.toContain('var(');
    expect(svg).toContain('<title>a &lt;b&gt; &amp; c</title>');
    expect(svg).toMatch(/<rect width="632" height="\d+" fill="#0f1318"\/>/);
    for (const name of test.numbers.columns) expect(svg).toContain(`>${name}</text>`);
  });
});
